# SPDX-License-Identifier: MIT
"""A Kafka cluster of one machine in one folder: every broker is controller too, and listens on loopback only.

A broker has a keeper, a small process that dies with it, and that kills it when its owner is no more: whoever kills a
test leaves no broker behind. Everything about a cluster is in its folder, so that any process can work on it:

  cluster.json        what it was made with: id, owner, listeners, brokers and their ports
  env                 KAFKA_BOOTSTRAP (and KAFKA_BOOTSTRAP_<LISTENER>) for a shell
  security/           of a secure one: certificates and passwords (certificates.py)
  broker-N/           server.properties, broker.log, pid (broker and keeper, each with its start time), log/"""
import base64
import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

import certificates
import fetch
import wire
from fetch import Failed

HOST = "127.0.0.1"
HERE = pathlib.Path(__file__).resolve().parent
ARCHIVE = fetch.CACHE / "classes.jsa"
HEAP = 256  # MB; what a broker takes beside it: about 100
PROGRESS = 0.05  # s between two looks at what is waited for
STOPPING = 30.0  # s that a broker may take to stop by itself; with an archive of classes to write it needs 10
# C1 only: a broker that lives for a minute spends more on C2 than it gets back. What measures speed passes
# -XX:TieredStopAtLevel=4.
JAVA = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError", "-Xss512k",
        "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true"]

# What is not said here is as Kafka ships it: timestamps more than an hour ahead are refused, for one.
SETTINGS = {
    "auto.create.topics.enable": "false",
    "delete.topic.enable": "true",
    "offsets.retention.minutes": "43200",  # longer than any retention of ours
    # Partitions by the handful: fifty make start and fail-over slow.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # Tests wait for these.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "broker.heartbeat.interval.ms": "1000",
    "broker.session.timeout.ms": "5000",
    "replica.fetch.backoff.ms": "200",
    # A small process: the cleaner's buffer alone is 128 MB by default.
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
    "group.coordinator.threads": "1",
}


# With security: nobody without a certificate of ours or a password, and nobody has a right that was not granted. The
# brokers talk to each other, and to the controllers among them, with a certificate, too.
PLAIN = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
SECURE = {"SSL": "SSL", "CONTROLLER": "SSL", "SASL_SSL": "SASL_SSL"}
BROKER, ADMIN = "broker", "admin"  # common names; both may do everything
SECURITY = {
    "ssl.keystore.type": "PEM",
    "ssl.truststore.type": "PEM",
    "ssl.client.auth": "required",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config":
        "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": "User:CN=%s;User:CN=%s" % (BROKER, ADMIN),
}


def new_id():
    """A Kafka UUID; none begins with a dash, which tools would take for an option."""
    while True:
        made = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        if not made.startswith("-"):
            return made


# --- Processes -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Process:
    """A process that is never mistaken for a later one with its id."""
    pid: int
    start: int

    @staticmethod
    def of(pid):
        fields = stat_of(pid)
        return Process(pid, int(fields[19])) if fields else None

    def state(self):
        """R, S, T (stopped) or the like; None when it is gone, reaped or not."""
        fields = stat_of(self.pid)
        if not fields or int(fields[19]) != self.start or fields[0] in "ZX":
            return None
        return fields[0]

    def signal(self, number):
        """False when it is gone."""
        if self.state() is None:
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True


def stat_of(pid):
    """/proc/PID/stat from the state on."""
    try:
        return pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def keep(folder, command, owner):
    """The keeper: starts a broker, and ends with it or it with the owner. Its own death is the broker's, too."""
    folder = pathlib.Path(folder)
    libc = ctypes.CDLL(None)
    me = Process.of(os.getpid())

    def die_with_keeper():
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != me.pid:
            os.kill(os.getpid(), signal.SIGKILL)

    watched = select.poll()
    if owner:
        try:
            fd = os.pidfd_open(owner.pid)
        except ProcessLookupError:
            return
        if owner.state() is None:
            return
        watched.register(fd, select.POLLIN)
    with (folder / "broker.log").open("ab") as log:
        broker = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  preexec_fn=die_with_keeper)
    watched.register(os.pidfd_open(broker.pid), select.POLLIN)
    write_whole(folder / "pid", "%d %d %d %d\n" % (*dataclasses.astuple(Process.of(broker.pid)),
                                                   *dataclasses.astuple(me)))
    watched.poll()
    broker.kill()
    broker.wait()


def write_whole(path, content):
    part = path.with_name(path.name + ".part")
    part.write_text(content)
    part.rename(path)


# --- Ports ---------------------------------------------------------------------------------------------------------


def free_ports(count):
    """Ports outside the range from which the system serves who asks for none: while a broker is dead, a client that
    tries to reach it could be given the broker's own port, and connect to itself."""
    low, high = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    candidates = [port for port in range(15000, 65536) if not low <= port <= high]
    random.SystemRandom().shuffle(candidates)
    found = []
    for port in candidates:
        if len(found) == count:
            break
        with socket.socket() as trial:
            try:
                trial.bind((HOST, port))
                found.append(port)
            except OSError:
                pass
    if len(found) < count:
        raise Failed("no free ports on %s" % HOST)
    return found


# --- The cluster ---------------------------------------------------------------------------------------------------


class Cluster:
    """The cluster in a folder, made by start() or opened as it is. Brokers are numbered from 1."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.about = None
        with contextlib.suppress(FileNotFoundError):
            self.about = json.loads((self.folder / "cluster.json").read_text())

    @property
    def numbers(self):
        return [broker["number"] for broker in self.known()["brokers"]]

    @property
    def main(self):
        """The listener of the brokers themselves, and of clients that ask for none."""
        return next(iter(self.known()["listeners"]))

    @property
    def bootstrap(self):
        return self.known()["bootstrap"][self.main]

    def bootstrap_of(self, listener):
        return self.known()["bootstrap"][listener]

    def known(self):
        if self.about is None:
            raise Failed("no cluster in %s" % self.folder)
        return self.about

    def place(self, number):
        if number not in self.numbers:
            raise Failed("there is no broker %s; there are %s" % (number, ", ".join(map(str, self.numbers))))
        return self.folder / ("broker-%d" % number)

    def address(self, number):
        return HOST, self.known()["brokers"][number - 1]["ports"][self.main]

    def door(self, number):
        """With all rights."""
        if not self.secure:
            return wire.Door(self.address(number))
        certificate, key = self.authority.issue(ADMIN)
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.load_cert_chain(certificate, key)
        return wire.Door(self.address(number), context)

    # --- Who may

    @property
    def secure(self):
        return self.known().get("secure", False)

    @property
    def authority(self):
        if not self.secure:
            raise Failed("the cluster in %s is not secure" % self.folder)
        return certificates.Authority(self.folder / "security")

    def identity(self, name, serves=False):
        """librdkafka's settings for CN=NAME on the listener SSL; the certificate is made where there is none."""
        certificate, key = self.authority.issue(name, "server" if serves else "client")
        return {"bootstrap.servers": self.bootstrap, "security.protocol": "ssl",
                "ssl.ca.location": self.authority.certificate, "ssl.certificate.location": certificate,
                "ssl.key.location": key}

    def java_properties(self, name):
        """Likewise as Kafka's Java clients read them."""
        return ("bootstrap.servers=%s\nsecurity.protocol=SSL\nssl.keystore.type=PEM\nssl.keystore.location=%s\n"
                "ssl.truststore.type=PEM\nssl.truststore.location=%s\n" % (
                    self.bootstrap, self.authority.issue_store(name, "client"), self.authority.certificate))

    def admin_properties(self):
        """For ADMIN and for Kafka's own tools, in a file."""
        path = self.authority.folder / (ADMIN + ".properties")
        write_whole(path, self.java_properties(ADMIN))
        return path

    def user(self, name):
        """librdkafka's settings for NAME on SASL_SSL, by a password, which stands in NAME.password. librdkafka before
        2.6.1 says its nonce twice, which Kafka before 4.0 lets pass."""
        path = self.authority.password(name)
        wire.make_user(self.any_door(), name, path.read_text().strip())
        return {"bootstrap.servers": self.bootstrap_of("SASL_SSL"), "security.protocol": "sasl_ssl",
                "ssl.ca.location": self.authority.certificate, "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": name, "sasl.password-file": path}

    # --- Starting

    def start(self, *arguments, **options):
        """begin(), when the libraries are there."""
        if options.get("version"):
            fetch.fetch(options["version"])
        else:
            prepare()
        self.begin(*arguments, **options)

    def begin(self, brokers=None, port_base=None, listeners=(), properties="", heap=HEAP, java=(), owner=None,
              timeout=180.0, secure=None, version=None):
        """Makes the cluster, or starts again the one that was stopped, and returns when all brokers answer. `listeners`
        are NAME:PROTOCOL beside PLAINTEXT; `properties` is text that goes last into each server.properties; the brokers
        die with the process `owner`, or live until stopped when that is None. `secure` and `version` (of Kafka)
        are for good; the one is SSL and SASL_SSL instead of PLAINTEXT, and no right that was not granted."""
        if any(self.processes(number)[0] for number in (self.numbers if self.about else ())):
            raise Failed("the cluster in %s runs" % self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.about is None:
            self.about = {"cluster_id": new_id(), "brokers": [{"number": number, "directory_id": new_id()}
                                                              for number in range(1, (brokers or 1) + 1)]}
            self.about.update(secure=bool(secure), version=version)
        elif brokers not in (None, len(self.numbers)) or secure not in (None, self.secure):
            raise Failed("the cluster in %s has %d brokers%s" % (self.folder, len(self.numbers),
                                                                 " and is secure" if self.secure else ""))
        names = {**(SECURE if self.secure else PLAIN), **dict(name.split(":") for name in listeners)}
        self.about.update(listeners=names, properties=properties, heap=heap, java=list(java),
                          owner=dataclasses.astuple(Process.of(owner) or Process(owner, 0)) if owner else None)
        self.assign_ports(port_base)
        write_whole(self.folder / "cluster.json", json.dumps(self.about, indent=1) + "\n")
        write_whole(self.folder / "env", "".join(
            "KAFKA_BOOTSTRAP%s=%s\n" % ("" if name == self.main else "_" + name, servers)
            for name, servers in self.about["bootstrap"].items()))
        try:
            keepers = {number: self.launch(number) for number in self.numbers}
            self.wait(keepers, timeout)
        except BaseException:
            self.stop(now=True)
            raise

    def assign_ports(self, base):
        """Those of the last time, unless a base is given: base + number - 1 for clients, 10 higher for controllers,
        and another 10 higher for each listener more."""
        names = list(self.about["listeners"])
        brokers = self.about["brokers"]
        free = free_ports(len(names) * len(brokers))
        for broker in brokers:
            ports = broker.get("ports", {})
            broker["ports"] = {name: base + broker["number"] - 1 + 10 * place if base else ports.get(name) or free.pop()
                               for place, name in enumerate(names)}
        self.about["bootstrap"] = {name: ",".join("%s:%d" % (HOST, broker["ports"][name]) for broker in brokers)
                                   for name in names if name != "CONTROLLER"}

    def server_properties(self, number):
        about = self.about
        names, brokers = about["listeners"], about["brokers"]
        listeners = ["%s://%s:%d" % (name, HOST, brokers[number - 1]["ports"][name]) for name in names]
        voters = ["%d@%s:%d" % (broker["number"], HOST, broker["ports"]["CONTROLLER"]) for broker in brokers]
        in_sync = 2 if len(brokers) >= 3 else 1
        return {
            "process.roles": "broker,controller",
            "node.id": number,
            "controller.quorum.voters": ",".join(voters),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": self.main,
            "listeners": ",".join(listeners),
            "listener.security.protocol.map": ",".join("%s:%s" % pair for pair in names.items()),
            "log.dirs": self.place(number) / "log",
            "default.replication.factor": len(brokers),
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": len(brokers),
            "transaction.state.log.replication.factor": len(brokers),
            "transaction.state.log.min.isr": in_sync,
            **SETTINGS,
            **(self.security_properties() if self.secure else {}),
        }

    def security_properties(self):
        return {**SECURITY, "ssl.keystore.location": self.authority.issue_store(BROKER, "server"),
                "ssl.truststore.location": self.authority.certificate}

    def launch(self, number):
        """Starts the keeper of a broker; the process that wait() is to watch."""
        about, place = self.about, self.place(number)
        log = place / "log"
        if not (log / "meta.properties").exists():
            log.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fetch.checkpoint(about.get("version")), log / fetch.CHECKPOINT)
            write_whole(log / "meta.properties", "version=1\ncluster.id=%s\nnode.id=%d\ndirectory.id=%s\n"
                        % (about["cluster_id"], number, about["brokers"][number - 1]["directory_id"]))
        settings = ["%s=%s\n" % pair for pair in self.server_properties(number).items()]
        write_whole(place / "server.properties", "".join(settings) + about["properties"])
        (place / "pid").unlink(missing_ok=True)
        command = [fetch.program("java"), "-Xmx%dm" % about["heap"], *JAVA,
                   "-Dlog4j2.configurationFile=%s" % (HERE / "log4j2.properties"),
                   *(["-XX:SharedArchiveFile=%s" % ARCHIVE] if ARCHIVE.exists() and not about.get("version") else []),
                   *about["java"], "-cp", fetch.class_path(about.get("version")), "kafka.Kafka",
                   str(place / "server.properties")]
        return subprocess.Popen([sys.executable, str(HERE / "brokers.py"), str(place),
                                 json.dumps({"command": command, "owner": about["owner"]})],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                start_new_session=True)

    def wait(self, keepers, timeout):
        """Until each broker of keepers knows itself and the others of keepers to serve."""
        deadline = time.monotonic() + timeout
        waiting = dict(keepers)
        while waiting:
            for number, keeper in list(waiting.items()):
                if keeper.poll() is not None:
                    raise Failed("broker %d ended; its log ends\n%s" % (number, self.last_words(number)))
                if set(keepers) <= self.answers(number):
                    del waiting[number]
            if waiting and time.monotonic() > deadline:
                number = min(waiting)
                raise Failed("broker %d is not ready after %.0f s; its log ends\n%s"
                             % (number, timeout, self.last_words(number)))
            time.sleep(PROGRESS)

    def answers(self, number):
        """The brokers that this one knows to serve; none when it does not answer."""
        try:
            picture = wire.picture(self.door(number))
        except OSError:
            return set()
        return set(picture.brokers) if picture.controller >= 0 else set()

    def last_words(self, number):
        with contextlib.suppress(FileNotFoundError):
            lines = (self.place(number) / "broker.log").read_text(errors="replace").splitlines()
            return "\n".join(lines[-30:])
        return ""

    # --- What a cluster goes through

    def processes(self, number):
        """Broker and keeper, None for what is gone."""
        try:
            fields = list(map(int, (self.place(number) / "pid").read_text().split()))
        except FileNotFoundError:
            return None, None
        both = Process(*fields[:2]), Process(*fields[2:])
        return tuple(process if process.state() else None for process in both)

    def running(self):
        return [number for number in self.numbers if self.processes(number)[0]]

    def signal(self, number, which):
        broker, _ = self.processes(number)
        if not broker or not broker.signal(which):
            raise Failed("broker %d does not run" % number)

    def kill(self, number):
        """SIGKILL; returns when it is gone."""
        self.signal(number, signal.SIGKILL)
        self.await_end([number], None)

    def pause(self, number):
        self.signal(number, signal.SIGSTOP)

    def resume(self, number):
        self.signal(number, signal.SIGCONT)

    def restart(self, number, timeout=180.0):
        """Starts a broker that is gone, as it was, and returns when it serves. Its replicas may lag still."""
        if self.processes(number)[0]:
            raise Failed("broker %d runs" % number)
        self.wait({number: self.launch(number)}, timeout)

    def stop(self, now=False):
        """All brokers, the paused too; by SIGKILL when `now` or when they do not end by themselves."""
        for number in self.numbers:
            broker, _ = self.processes(number)
            if broker and not now:
                broker.signal(signal.SIGTERM)
                broker.signal(signal.SIGCONT)
        if now or not self.await_end(self.numbers, STOPPING):
            for number in self.numbers:
                for process in self.processes(number):
                    if process:
                        process.signal(signal.SIGKILL)
            self.await_end(self.numbers, None)

    def await_end(self, numbers, timeout):
        """Keepers included; False when the time is up."""
        deadline = time.monotonic() + timeout if timeout else None
        while any(any(self.processes(number)) for number in numbers):
            if deadline and time.monotonic() > deadline:
                return False
            time.sleep(PROGRESS / 2)
        return True

    def status(self):
        """number -> running, paused or gone, and the id of the process"""
        found = {}
        for number in self.numbers:
            broker, _ = self.processes(number)
            state = broker.state() if broker else None
            found[number] = ("gone", None) if not state else ("paused" if state in "Tt" else "running", broker.pid)
        return found

    # --- What it holds

    def picture(self):
        """Of the first broker that answers; with a broker of each number that is not paused."""
        for number, (state, _) in self.status().items():
            if state == "running":
                with contextlib.suppress(OSError):
                    return wire.picture(self.door(number))
        raise Failed("no broker answers")

    def await_in_sync(self, timeout=120.0):
        """Until every partition has a leader and all of its replicas. After this a broker can be killed without one
        more being missing."""
        deadline = time.monotonic() + timeout
        while True:
            picture = self.picture()
            behind = {part.topic for part in picture.partitions
                      if part.leader < 0 or len(part.in_sync) < len(part.replicas)}
            if not behind and len(picture.brokers) == len(self.numbers):
                return
            if time.monotonic() > deadline:
                raise Failed("after %.0f s not in sync: %s" % (timeout, ", ".join(sorted(behind)) or "a broker"))
            time.sleep(PROGRESS)

    def any_door(self):
        number = next(iter(self.running()), None)
        if number is None:
            raise Failed("no broker runs")
        return self.door(number)

    def create_topic(self, name, partitions=1, **settings):
        """Returns when its partitions have leaders. A dot in a setting's name is written as _ here."""
        settings = {key.replace("_", "."): value for key, value in settings.items()}
        wire.create_topic(self.any_door(), name, partitions, -1, settings)
        while sum(part.topic == name and part.leader >= 0 for part in self.picture().partitions) < partitions:
            time.sleep(PROGRESS)


def prepare():
    """The libraries, and an archive of the classes that a broker loads: made once, it saves a third of each start."""
    fetch.fetch()
    if newer(ARCHIVE, fetch.checkpoint()):
        return
    with fetch.alone("archive"):
        if newer(ARCHIVE, fetch.checkpoint()):
            return
        folder, part = fetch.CACHE / "archive", ARCHIVE.with_suffix(".part")
        ARCHIVE.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        part.unlink(missing_ok=True)
        trial = Cluster(folder)
        try:
            trial.begin(java=["-XX:ArchiveClassesAtExit=%s" % part], owner=os.getpid())
            trial.create_topic("trial")
            trial.stop()
        finally:
            if trial.about:
                trial.stop(now=True)
        if not part.exists():
            raise Failed("java wrote no archive of classes; the log ends\n%s" % trial.last_words(1))
        part.rename(ARCHIVE)
        os.utime(ARCHIVE)
        shutil.rmtree(folder)


def newer(path, than):
    return path.exists() and path.stat().st_mtime >= than.stat().st_mtime


if __name__ == "__main__":
    told = json.loads(sys.argv[2])
    keep(sys.argv[1], told["command"], Process(*told["owner"]) if told["owner"] else None)
