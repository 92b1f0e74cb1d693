# SPDX-License-Identifier: MIT
"""The five processes on a cluster, for as long as a test needs them:

    with Cluster() as cluster, Live(cluster) as live:
        live.apply()
        live.start_all(families=2)
        live.publish(recording)
        live.record(folder)

Each process is started again when it ends, as a supervisor would, unless it was stopped or exits with 78 (another has
its ids). What they log is kept. They die with the test."""
import concurrent.futures
import ctypes
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time

SOURCES = ("ule-cpr-change", "ule-residence-permit", "ule-nemid-issuance", "ule-institution")
FAMILY = "ule-family"
FENCED = 78
PR_SET_PDEATHSIG = 1
PATIENCE = 300  # s, for a machine that is busy with something else
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    pass


def die_with_the_test():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Member:
    """One process under supervision: `name` of the program, `instance` among its kind. `label` names its files where
    two processes have one instance; `settings` are its own; it is started once only unless `again`."""

    def __init__(self, live, name, instance, arguments=(), environment=None, settings=None, label=None, again=True):
        self.live, self.name, self.instance = live, name, instance
        self.arguments, self.environment, self.again = list(arguments), environment or {}, again
        self.label = label or instance
        self.config = live.write_config(name, instance, self.label, settings)
        self.wanted, self.popen, self.exits = True, None, []
        self.log = live.folder / ("%s-%s.log" % (name, self.label))
        self.lock = threading.Lock()
        self.launch()
        self.keeper = threading.Thread(target=self.keep, daemon=True)
        self.keeper.start()

    def launch(self):
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                [self.live.bin / self.name, "--config", self.config, "--verbose", *self.arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_the_test,
                env={**os.environ, **self.environment})

    def keep(self):
        while True:
            code = self.popen.wait()
            with self.lock:
                self.exits.append(code)
                if not self.wanted or not self.again or code in (0, FENCED):
                    return
                time.sleep(0.2)
                if not self.wanted:
                    return
                self.launch()

    def signal(self, number):
        with self.lock:
            if self.popen.poll() is None:
                self.popen.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)

    def stop(self, timeout=60):
        """SIGTERM, and what it exits with."""
        with self.lock:
            self.wanted = False
            if self.popen.poll() is None:
                self.popen.terminate()
        self.keeper.join(timeout)
        if self.keeper.is_alive():
            self.popen.kill()
            raise Failed("%s %s did not stop within %d s" % (self.name, self.instance, timeout))
        return self.exits[-1]

    def alive(self):
        return self.popen.poll() is None

    def partitions(self):
        """Of ule-family: those that it restored since they were given out last."""
        text = self.text()
        return sorted({int(number) for number in re.findall(r"event=restored process=\S+ partition=(\d+)",
                                                            text[max(text.rfind("event=assigned"), 0):])})

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def await_log(self, pattern, since=0, patience=PATIENCE):
        """Until it has logged what matches, after the first `since` characters of its log."""
        until = time.monotonic() + patience
        while True:
            found = re.search(pattern, self.text()[since:], re.M)
            if found:
                return found
            if time.monotonic() > until:
                raise Failed("%s %s has not logged %s: %s" % (self.name, self.label, pattern, self.text()[-1500:]))
            time.sleep(0.02)

    def await_exits(self, count, patience=PATIENCE):
        """Until it has ended so many times."""
        until = time.monotonic() + patience
        while len(self.exits) < count:
            if time.monotonic() > until:
                raise Failed("%s %s has ended %d times, not %d: %s" % (
                    self.name, self.label, len(self.exits), count, self.text()[-1500:]))
            time.sleep(0.02)
        return self.exits[:count]


class Live:
    def __init__(self, cluster, settings=None, clock="publish", folder=None):
        self.cluster, self.settings = cluster, dict(settings or {})
        self.settings.setdefault("clock", clock)
        self.bin = pathlib.Path(os.environ.get("ULE_BIN", "build/bin")).resolve()
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="live-"))
        self.members = []
        self.secret = self.folder / "secret"
        self.secret.write_text(secrets.token_hex(32))
        self.config = self.write_config("tools", 1)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for member in self.members:
            with member.lock:
                member.wanted = False
                if member.popen.poll() is None:
                    member.popen.kill()
        for member in self.members:
            member.keeper.join(10)
        if os.environ.get("ULE_LOGS"):
            kept = pathlib.Path(os.environ["ULE_LOGS"])
            kept.mkdir(parents=True, exist_ok=True)
            for log in self.folder.glob("*.log"):
                shutil.copyfile(log, kept / ("%s-%s" % (self.folder.name, log.name)))
        if os.environ.get("KAFKA_KEEP"):
            print("note: kept %s" % self.folder, flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def state_dir(self, label):
        return self.folder / ("state-%s" % label)

    def write_config(self, name, instance, label=None, own=None):
        label = label or instance
        settings = {"kafka.bootstrap.servers": self.cluster.bootstrap, "instance.id": instance,
                    "secret.file": self.secret, "state.dir": self.state_dir(label), **self.settings, **(own or {})}
        path = self.folder / ("%s-%s.conf" % (name, label))
        path.write_text("".join("%s = %s\n" % pair for pair in settings.items()))
        return path

    def ule(self, *arguments, code=0, timeout=900):
        done = subprocess.run([self.bin / "ule", *map(str, arguments)], capture_output=True, text=True,
                              timeout=timeout, check=False)
        if code is not None and done.returncode != code:
            raise Failed("ule %s: exit %d, not %d: %s" % (arguments[0], done.returncode, code, done.stderr[-2000:]))
        return done

    def apply(self, replication=1):
        self.ule("topics", "apply", "--config", self.config, "--replication", replication, "--keep-for-ever")

    def start(self, name, instance=1, **options):
        member = Member(self, name, instance, **options)
        self.members.append(member)
        return member

    def start_all(self, families=1):
        return [self.start(name) for name in SOURCES] + [self.start(FAMILY, i + 1) for i in range(families)]

    def stop_all(self):
        """All told to stop; they must do so in good order."""
        for member in self.members:
            if member.wanted and member.stop() != 0:
                raise Failed("%s %s: exit %d when told to stop: %s" % (
                    member.name, member.instance, member.exits[-1], member.text()[-1500:]))

    def publish(self, recording, *arguments, timeout=900):
        return self.ule("publish", "--from", recording, "--config", self.config, *arguments, timeout=timeout)

    def publish_beside(self, recording, *arguments):
        """Likewise, while the test goes on: a future."""
        pool = concurrent.futures.ThreadPoolExecutor(1)
        future = pool.submit(self.publish, recording, *arguments)
        pool.shutdown(wait=False)
        return future

    def record(self, to, *arguments):
        self.ule("record", "--to", to, "--config", self.config, *arguments)
        return to

    def replay(self, recording, to, *arguments):
        """With our secret and otherwise no setting of ours that decides."""
        path = self.folder / "replay.conf"
        path.write_text("secret.file = %s\n" % self.secret)
        self.ule("replay", "--from", recording, "--to", to, "--config", path, *arguments)
        return to
