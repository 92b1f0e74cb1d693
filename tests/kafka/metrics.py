# SPDX-License-Identifier: MIT
"""What a process tells over HTTP: metrics as {name: {labels: value}}, labels as a tuple of (name, value)."""
import re
import time
import urllib.error
import urllib.request

LINE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? ([-+0-9.eE]+)$')
LABEL = re.compile(r'([a-z_]+)="([^"\\]*)"')


def get(port, path):
    """Status and text."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def parse(text):
    metrics = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = LINE.match(line).groups()
        metrics.setdefault(name, {})[tuple(LABEL.findall(labels or ""))] = float(value)
    return metrics


def scrape(port):
    return parse(get(port, "/metrics")[1])


def by_label(pages, name):
    """The sum over the processes, by the value of the metric's one label; without what is 0."""
    total = {}
    for page in pages:
        for labels, value in page.get(name, {}).items():
            key = labels[0][1] if labels else ""
            total[key] = total.get(key, 0) + int(value)
    return {key: value for key, value in total.items() if value}


def await_page(port, wanted, patience=300):
    """The first page for which `wanted` is true; or the last one there was."""
    until = time.monotonic() + patience
    while True:
        page = scrape(port)
        if wanted(page) or time.monotonic() > until:
            return page
        time.sleep(0.3)
