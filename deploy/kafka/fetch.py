# SPDX-License-Identifier: MIT
"""Apache Kafka from Maven Central into build/kafka/libs, once, and another version beside it where one is asked for.
What is there is whole: the folder gets its name last.

Where Maven is to look instead (a mirror, a proxy) is for the machine's own ~/.m2/settings.xml to say."""
import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "kafka"
LIBS = CACHE / "libs"
POM = HERE / "pom.xml"
CHECKPOINT = "bootstrap.checkpoint"
QUICK = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
QUIET = ["-Dlevel=warn", "-Dlog4j2.configurationFile=%s" % (HERE / "log4j2.properties")]
ATTEMPTS = 3  # a download breaks now and then
MISSING = "%s is missing; on Debian 12: apt-get install --no-install-recommends openjdk-17-jre-headless maven openssl"


class Failed(Exception):
    """Said in one line to who started the program."""


def say(line):
    print(line, file=sys.stderr, flush=True)


def program(name):
    found = shutil.which(name)
    if not found:
        raise Failed(MISSING % name)
    return found


@contextlib.contextmanager
def alone(name):
    """One process at a time, for as long as it holds this."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / (name + ".lock")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def libraries(version=None):
    """Where those of a version are; None is the one that pom.xml names."""
    return CACHE / ("version-%s" % version) if version else LIBS


def checkpoint(version=None):
    return libraries(version) / CHECKPOINT


def class_path(version=None):
    """Always in the same order: an archive of classes fits one class path only."""
    return ":".join(str(path) for path in sorted(libraries(version).glob("*.jar")))


def complete(version):
    """pom.xml lies among the libraries that it asked for."""
    kept = libraries(version) / "pom.xml"
    return kept.exists() and kept.read_bytes() == POM.read_bytes() and checkpoint(version).exists()


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    return done.returncode == 0, done.stdout[-4000:]


def copy_libraries(folder, version):
    command = [program("mvn"), "-B", "-q", "-Dstyle.color=never", "-f", str(POM), "dependency:copy-dependencies",
               "-DincludeScope=runtime", "-DoutputDirectory=%s" % folder,
               *(["-Dkafka.version=%s" % version] if version else [])]
    for attempt in range(ATTEMPTS):
        done, said = run(command)
        if done:
            return
    raise Failed("Maven could not fetch Apache Kafka, %d times; it said at last:\n%s" % (ATTEMPTS, said))


def write_checkpoint(folder):
    """The first records of a new cluster's metadata log, the same for every cluster: Kafka's formatter writes them, and
    a start then takes no JVM of its own for it."""
    work = folder / "format"
    work.mkdir()
    (work / "properties").write_text(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:1\nlog.dirs=%s\n"
        "listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1\ncontroller.listener.names=CONTROLLER\n"
        % (work / "log"))
    done, said = run([program("java"), *QUICK, *QUIET, "-cp", "%s/*" % folder, "kafka.tools.StorageTool", "format",
                      "-t", "bG9jYWwta2Fma2EtMDAwMQ", "-c", str(work / "properties")])
    made = work / "log" / CHECKPOINT
    if not done or not made.exists():
        raise Failed("Kafka's formatter failed:\n%s" % said)
    made.rename(folder / CHECKPOINT)
    shutil.rmtree(work)


def fetch(version=None):
    """Does nothing when all is there."""
    if complete(version):
        return
    with alone("fetch"):
        if complete(version):
            return
        say("Fetching Apache Kafka %sthrough Maven" % (version + " " if version else ""))
        program("java")
        for rest in CACHE.glob("libs-*"):
            shutil.rmtree(rest)
        folder = CACHE / ("libs-%d" % os.getpid())
        folder.mkdir()
        try:
            copy_libraries(folder, version)
            write_checkpoint(folder)
            shutil.copyfile(POM, folder / "pom.xml")
            wanted = libraries(version)
            if wanted.exists():
                wanted.rename(CACHE / ("libs-old-%d" % os.getpid()))
            folder.rename(wanted)
        finally:
            for rest in CACHE.glob("libs-*"):
                shutil.rmtree(rest)
