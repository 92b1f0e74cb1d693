# SPDX-License-Identifier: MIT
"""A schema registry on this machine: Apicurio Registry, which speaks Confluent's interface, all it knows in memory.

Everything about one is in its folder: about.json, broker.log (its own), pid (it and its keeper; see
deploy/kafka/brokers.py: whoever kills a test leaves no registry behind)."""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "kafka"))
import brokers  # noqa: E402
import fetch as kafka  # noqa: E402

Failed = kafka.Failed
CACHE = HERE.parents[1] / "build" / "registry"
APP = CACHE / "app"
ARCHIVE = CACHE / "classes.jsa"
POM = HERE / "pom.xml"
API = "/apis/ccompat/v7"
PROGRESS = 0.05
HEAP = 192  # MB
JAVA = [*kafka.QUICK, "-Xss512k", "-Djava.awt.headless=true"]


def runner():
    return next(APP.glob("*-runner.jar"))


def complete():
    kept = APP / "pom.xml"
    return kept.exists() and kept.read_bytes() == POM.read_bytes() and ARCHIVE.exists()


def unpack(folder):
    """Maven keeps notes beside its pom.xml, of what it has unpacked already: so it works on a copy."""
    pom = folder / "maven" / "pom.xml"
    pom.parent.mkdir()
    shutil.copyfile(POM, pom)
    command = [kafka.program("mvn"), "-B", "-q", "-Dstyle.color=never", "-f", str(pom),
               "dependency:unpack-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=%s" % folder]
    for _ in range(kafka.ATTEMPTS):
        done, said = kafka.run(command)
        if done:
            shutil.rmtree(pom.parent)
            return
    raise Failed("Maven could not fetch Apicurio Registry, %d times; it said at last:\n%s" % (kafka.ATTEMPTS, said))


def fetch():
    """Apicurio Registry from Maven Central into build/registry/app, once, and an archive of the classes that it loads:
    it halves each start. Does nothing when all is there."""
    if complete():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with kafka.alone("registry"):
        if complete():
            return
        kafka.say("Fetching Apicurio Registry through Maven")
        kafka.program("java")
        for rest in (*CACHE.glob("app*"), *CACHE.glob("trial*")):
            shutil.rmtree(rest)
        ARCHIVE.unlink(missing_ok=True)
        folder = CACHE / ("app-%d" % os.getpid())
        folder.mkdir()
        unpack(folder)
        folder.rename(APP)
        trial = Registry(CACHE / "trial")
        trial.launch(None, os.getpid(), java=["-XX:ArchiveClassesAtExit=%s" % ARCHIVE])
        trial.stop()
        shutil.rmtree(trial.folder)
        if not ARCHIVE.exists():
            raise Failed("java wrote no archive of classes")
        shutil.copyfile(POM, APP / "pom.xml")


class Registry:
    """The registry in a folder, made by start() or opened as it is."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.about = None
        with contextlib.suppress(FileNotFoundError):
            self.about = json.loads((self.folder / "about.json").read_text())

    @property
    def url(self):
        if self.about is None:
            raise Failed("no registry in %s" % self.folder)
        return self.about["url"] + API

    def start(self, port=None, owner=None, tls=None, timeout=180.0):
        """Returns when it answers. It dies with the process `owner`, or lives until stopped when that is None. `tls`:
        (certificate, key), PEM files."""
        fetch()
        self.launch(port, owner, tls=tls, timeout=timeout)

    def launch(self, port, owner, tls=None, java=(), timeout=180.0):
        if self.process():
            raise Failed("the registry in %s runs" % self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        port = port or (self.about or {}).get("port") or brokers.free_ports(1)[0]
        self.about = {"port": port, "tls": [str(path) for path in tls or ()],
                      "url": "%s://%s:%d" % ("https" if tls else "http", brokers.HOST, port)}
        brokers.write_whole(self.folder / "about.json", json.dumps(self.about) + "\n")
        (self.folder / "pid").unlink(missing_ok=True)
        command = [kafka.program("java"), "-Xmx%dm" % HEAP, *JAVA, *java,
                   *(["-XX:SharedArchiveFile=%s" % ARCHIVE] if ARCHIVE.exists() else []),
                   *("-D%s=%s" % setting for setting in self.settings().items()), "-jar", str(runner())]
        told = {"command": command, "owner": dataclasses.astuple(brokers.Process.of(owner)) if owner else None}
        keeper = subprocess.Popen([sys.executable, str(HERE.parent / "kafka" / "brokers.py"), str(self.folder),
                                   json.dumps(told)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            self.wait(keeper, timeout)
        except BaseException:
            self.stop(now=True)
            raise

    def settings(self):
        settings = {"quarkus.http.host": brokers.HOST, "quarkus.log.level": "WARN",
                    "quarkus.http.port": self.about["port"]}
        if self.about["tls"]:
            certificate, key = self.about["tls"]
            settings.update({"quarkus.http.ssl-port": self.about["port"], "quarkus.http.port": 0,
                             "quarkus.http.insecure-requests": "disabled",
                             "quarkus.http.ssl.certificate.files": certificate,
                             "quarkus.http.ssl.certificate.key-files": key})
        return settings

    def wait(self, keeper, timeout):
        deadline = time.monotonic() + timeout
        while not self.answers():
            if keeper.poll() is not None:
                raise Failed("the registry ended; its log ends\n%s" % self.last_words())
            if time.monotonic() > deadline:
                raise Failed("the registry is not ready after %.0f s; its log ends\n%s" % (timeout, self.last_words()))
            time.sleep(PROGRESS)

    def answers(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with urllib.request.urlopen(self.url + "/subjects", timeout=5, context=context):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def last_words(self):
        with contextlib.suppress(FileNotFoundError):
            return "\n".join((self.folder / "broker.log").read_text(errors="replace").splitlines()[-30:])
        return ""

    def processes(self):
        try:
            fields = list(map(int, (self.folder / "pid").read_text().split()))
        except FileNotFoundError:
            return []
        both = brokers.Process(*fields[:2]), brokers.Process(*fields[2:])
        return [process for process in both if process.state()]

    def process(self):
        return next(iter(self.processes()), None)

    def stop(self, now=False):
        found = self.processes()
        if found:
            found[0].signal(signal.SIGKILL if now else signal.SIGTERM)
        deadline = time.monotonic() + brokers.STOPPING
        while self.processes():
            if time.monotonic() > deadline:
                for process in self.processes():
                    process.signal(signal.SIGKILL)
            time.sleep(PROGRESS / 2)

    # --- What it holds

    def ask(self, path, body=None, method=None):
        """The answer, as JSON; Failed with the status and what it said, when that is not 200."""
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Failed("%s: HTTP status %d: %s" % (path, error.code, error.read(500).decode(errors="replace"))) \
                from error

    def register(self, subject, schema):
        """A schema as text; its id."""
        return self.ask("/subjects/%s/versions" % subject, {"schema": schema})["id"]
