# SPDX-License-Identifier: MIT
"""What stands in a recording of outputs, for the tests on Kafka."""
import collections
import json

OUTPUTS = ("unilogin.provisioning.v1", "unilogin.reregistration.v1", "unilogin.contact-relation.v1",
           "unilogin.case.v1", "optagelse.pupil.v1", "cpr.subscription-wanted.v1")
INPUTS = ("cpr.person-changed.v1", "udlst.residence-permit.v1", "nemid.credential.v1",
          "institution.person-changed.v1", "institution.request.v1")


def values(folder):
    """Topic -> key -> payloads in order."""
    found = {}
    for topic in OUTPUTS:
        keys = found[topic] = collections.defaultdict(list)
        path = folder / (topic + ".jsonl")
        for line in path.open() if path.exists() else ():
            record = json.loads(line)
            keys[record["key"]].append(json.dumps(record["payload"], sort_keys=True))
    return found


def same_key_by_key(checks, one, other, what):
    """The same values in the same order: nothing missing, nothing twice."""
    left, right = values(one), values(other)
    for topic in OUTPUTS:
        keys = set(left[topic]) | set(right[topic])
        differ = sum(left[topic].get(key) != right[topic].get(key) for key in keys)
        checks.expect(differ == 0 and keys, "%s: %s: %d of %d keys differ" % (what, topic, differ, len(keys)))


def versions_rise(checks, folder):
    """Every output version once, rising per key; every event once."""
    for topic, keys in values(folder).items():
        wrong, events = 0, collections.Counter()
        for payloads in keys.values():
            records = [json.loads(payload) for payload in payloads if payload != "null"]
            events.update(record["event_id"] for record in records)
            versions = [record["version"] for record in records]
            wrong += any(b <= a for a, b in zip(versions, versions[1:]))
        twice = sum(count > 1 for count in events.values())
        checks.expect(wrong == 0, "%s: versions do not rise for %d keys" % (topic, wrong))
        checks.expect(twice == 0, "%s: %d events stand there twice" % (topic, twice))


def split_days(folder, parts):
    """The input lines of a .jsonl recording as `parts` recordings, one after another in time, none within a day."""
    lines = []
    for topic in INPUTS:
        path = folder / (topic + ".jsonl")
        for line in path.open() if path.exists() else ():
            lines.append((json.loads(line)["ts"], topic, line))
    days = sorted({ts // 86400000 for ts, _, _ in lines})
    bounds = [days[len(days) * i // parts] for i in range(1, parts)]
    made = []
    for number in range(parts):
        into = folder.parent / ("%s-%d" % (folder.name, number))
        into.mkdir()
        for ts, topic, line in lines:
            if sum(ts // 86400000 >= bound for bound in bounds) == number:
                with (into / (topic + ".jsonl")).open("a") as file:
                    file.write(line)
        made.append(into)
    return made


class Checks:
    def __init__(self):
        self.results = []

    def expect(self, truth, text):
        self.results.append(bool(truth))
        if not truth:
            print("FAIL %s" % text, flush=True)

    def finish(self):
        failed = len(self.results) - sum(self.results)
        print("%d passed, %d failed" % (sum(self.results), failed), flush=True)
        return 1 if failed or not self.results else 0
