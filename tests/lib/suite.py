# SPDX-License-Identifier: MIT
"""The test suite: three builds, and then one pool of jobs that keeps every core busy until all are done.

  gcc       the programs, in build/bin/          -Werror
  asan      build/asan/bin/: clang with the address, leak and undefined behaviour sanitizers, -Werror
  coverage  build/coverage/bin/
  tests     every tests/**/test_*.c (Check), one program each
  scripts   every executable tests/**/check-*; its last line says "N passed, N failed"
  lines     which lines of common/core/ the tests and scripts ran (tests/coverage)
  private   no number, birth date or name of a test person in any log of all these (tests/lib/private.py)
  tidy, cppcheck, format, shellcheck, house    what they are called

A test runs in the asan and the coverage build, a script in the asan build, unless its first 20 lines say otherwise, as
in `builds: gcc` (for what is long or random) or `builds: asan coverage`. It is counted once. Its environment:

  ULE            the ule command of its build
  ULE_BIN        the folder of that build's programs
  TMPDIR         a folder of its own, empty
  ULE_THOROUGH   1 with --thorough, else not set
  ULE_LOGS       where logs of processes are kept, a folder of its own; it need not use it
  CK_FORK        no: a sanitizer's report then comes from the process that is tested

What it writes is kept in build/log/ and shown when it fails. Lines that begin with "note:", "seed" or "skipped" are
always shown.
"""

import argparse
import dataclasses
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDS = {"gcc": ROOT / "build", "asan": ROOT / "build/asan", "coverage": ROOT / "build/coverage"}
SOURCES = ("common", "consumers", "producers", "tests", "deploy")
STEPS = ("gcc", "asan", "coverage", "tests", "scripts", "lines", "private", "tidy", "cppcheck", "format", "shellcheck",
         "house")
CORES = len(os.sched_getaffinity(0))
LOGS = ROOT / "build/log"
SHOWN_LINES = 300
# Taste; sees no use of a table's member in a Check test; gcc and clang both shift the sign in.
CPPCHECK_OFF = ("variableScope", "unusedStructMember", "shiftTooManyBitsSigned")
FORMAT = """clang-format-14 --dry-run -Werror "$@" 2>&1 | sed -n 's/:.*-Wclang-format-violations.$//p' | uniq -c |
    awk '{print $2 ": " $1 " places; clang-format-14 -i mends them"} END {exit NR > 0}'"""

CHECK_SUMMARY = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
SCRIPT_SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed", re.M)
TOLD = re.compile(r"^(?:note:|seed\b|skipped\b).*", re.M | re.I)


@dataclasses.dataclass
class Job:
    step: str
    name: str
    command: list
    build: str = ""  # whose programs it runs
    needs: tuple = ()  # builds that must have gone well
    summary: re.Pattern | None = None  # where the number of cases stands; without one the job is one case
    counted: bool = True
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    blocked: bool = False  # not run, because its build failed
    output: str = ""


class Suite:
    def __init__(self, thorough):
        self.thorough = thorough
        self.broken = set()
        self.running = set()
        self.lock = threading.Lock()
        self.passed = self.failed = 0
        shutil.rmtree(LOGS, ignore_errors=True)
        LOGS.mkdir(parents=True)

    @staticmethod
    def kept(job):
        return LOGS / "processes" / f"{job.step}-{job.build or 'all'}-{job.name.replace('/', '-')}"

    def keep_logs(self, job, scratch):
        """Those that a test has left where it worked. A broker's segments are called so, too, and hold its records."""
        for log in scratch.rglob("*.log"):
            if log.is_file() and not log.stem.isdigit():
                self.kept(job).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(log, self.kept(job) / "-".join(log.relative_to(scratch).parts))

    def environment(self, job, scratch):
        env = dict(os.environ, LC_ALL="C.UTF-8", CK_FORK="no", TMPDIR=str(scratch), PYTHONDONTWRITEBYTECODE="1")
        env["ULE_LOGS"] = str(self.kept(job))
        if job.build:
            env["ULE_BIN"] = str(BUILDS[job.build] / "bin")
            env["ULE"] = str(BUILDS[job.build] / "bin/ule")
        env["ASAN_OPTIONS"] = "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
        env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1"
        env["ASAN_SYMBOLIZER_PATH"] = "/usr/bin/llvm-symbolizer-14"
        if self.thorough:
            env["ULE_THOROUGH"] = "1"
        else:
            env.pop("ULE_THOROUGH", None)
        return env

    def run(self, job):
        """Runs one job and fills in how it went."""
        broken = self.broken.intersection(job.needs)
        if broken:
            job.failed, job.blocked = 1, True
            return job
        scratch = ROOT / "build/tmp" / f"{job.step}-{job.build}-{job.name.replace('/', '-')}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        limit = 6 * 3600 if self.thorough else 900
        start = time.monotonic()
        try:
            process = subprocess.Popen(job.command, cwd=ROOT, env=self.environment(job, scratch),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       start_new_session=True)
        except OSError as error:
            job.failed, job.output = 1, f"{error}\n"
            return job
        with self.lock:
            self.running.add(process)
        late = ""
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            late = f"stopped after {limit} s\n"
        with self.lock:
            self.running.discard(process)
        job.seconds = time.monotonic() - start
        job.output = output.decode(errors="replace") + late
        self.count(job, process.returncode)
        self.keep_logs(job, scratch)
        shutil.rmtree(scratch, ignore_errors=True)
        log = LOGS / f"{job.step}-{job.build or 'all'}-{job.name.replace('/', '-')}.log"
        log.write_text(job.output)
        return job

    @staticmethod
    def count(job, status):
        found = job.summary.findall(job.output) if job.summary else []
        if job.summary is CHECK_SUMMARY:
            job.failed = sum(int(failures) + int(errors) for _, failures, errors in found)
            job.passed = sum(int(checks) for checks, _, _ in found) - job.failed
        elif found:
            job.passed, job.failed = map(int, found[-1])
        if status != 0 and job.failed == 0:
            job.failed = 1
            if status < 0:
                job.output += f"killed by {signal.Signals(-status).name}\n"
        if status == 0 and not found:
            job.passed = 1
        if status == 0 and job.failed:
            job.output += "failures, and yet exit status 0\n"

    def build(self, name):
        """One build after the other: each keeps all cores busy by itself."""
        # What cmake finds on its way is of no interest unless it finds too little.
        work = (f"said=$(cmake --preset {name} 2>&1) || {{ echo \"$said\"; exit 1; }}\n"
                f"exec cmake --build --preset {name} -- --quiet -k 0")
        job = Job(name, "build", ["sh", "-c", work])
        self.progress(f"building {name}")
        self.run(job)
        if job.failed:
            self.broken.add(name)
        self.report([job])

    def pool(self, jobs):
        left = {}
        for job in jobs:
            left.setdefault(job.step, []).append(job)
        done = {step: 0 for step in left}
        with ThreadPoolExecutor(CORES) as threads:
            waiting = [threads.submit(self.run, job) for job in jobs]
            try:
                for count, future in enumerate(as_completed(waiting), 1):
                    job = future.result()
                    self.show(job)
                    done[job.step] += 1
                    if done[job.step] == len(left[job.step]):
                        self.report(left[job.step], shown=True)
                    self.progress(f"{count} of {len(jobs)} done")
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self.stop()
                raise

    def stop(self):
        with self.lock:
            for process in self.running:
                try:
                    os.killpg(process.pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass

    @staticmethod
    def progress(text):
        if sys.stdout.isatty():
            print(f"\r\033[K{text}", end="", flush=True)

    def show(self, job):
        if not job.failed or job.blocked:
            return
        self.progress("")
        lines = job.output.splitlines()
        print(f"--- {job.step} {job.name}{f' ({job.build})' if job.build else ''} failed:")
        if len(lines) > SHOWN_LINES:
            print(f"({len(lines) - SHOWN_LINES} lines more in build/log/)")
        print("\n".join(lines[-SHOWN_LINES:]))
        print("---", flush=True)

    def report(self, jobs, shown=False):
        """A line for a step; before it what failed, after it what its jobs want to be known."""
        if not shown:
            for job in jobs:
                self.show(job)
        # What runs in a second build is counted there only when it fails.
        failed = sum(job.failed for job in jobs)
        passed = sum(job.passed for job in jobs if job.counted)
        if jobs[0].step in ("tidy",):
            passed = 0 if failed else 1
        self.passed += passed
        self.failed += failed
        self.progress("")
        seconds = sum(job.seconds for job in jobs)
        verdict = f"{passed} passed" + (f", {failed} FAILED" if failed else "")
        print(f"{jobs[0].step:<12}{verdict:<28}{seconds:6.1f} s", flush=True)
        blocked = sum(job.blocked for job in jobs)
        if blocked:
            print(f"  not run, because a build failed: {blocked} of {len(jobs)}", flush=True)
        for job in jobs:
            if job.counted:
                for line in dict.fromkeys(TOLD.findall(job.output)):
                    print(f"  {job.name}: {line}", flush=True)


def builds_of(path, default):
    with path.open(errors="replace") as file:
        for line, _ in zip(file, range(20)):
            found = re.search(r"\bbuilds: ([a-z ]+)", line)
            if found:
                return [name for name in found.group(1).split() if name in BUILDS]
    return default


def files(*patterns):
    found = {path for folder in SOURCES for pattern in patterns for path in (ROOT / folder).rglob(pattern)}
    return sorted(str(path.relative_to(ROOT)) for path in found if path.is_file())


def shell_scripts():
    found = [".ci/run", "deploy/lib/install"]
    for name in files("*"):
        path = ROOT / name
        if os.access(path, os.X_OK):
            with path.open("rb") as file:
                if re.match(rb"#!.*\b(?:ba|da)?sh\b", file.readline(200)):
                    found.append(name)
    return sorted(set(found) | set(files("*.sh")))


def collect(wanted):
    """The jobs, longest first as far as that is known, so that no core idles at the end."""
    jobs = []
    code = files("*.c", "*.h")
    units = [name for name in code if name.endswith(".c")]
    if "cppcheck" in wanted and units:
        jobs.append(Job("cppcheck", "all", [
            "cppcheck", "--quiet", "--std=c11", "--enable=warning,style,performance,portability",
            "--inline-suppr", "--error-exitcode=1", "--template=gcc", "--suppress=missingIncludeSystem",
            *(f"--suppress={name}" for name in CPPCHECK_OFF), "-D_GNU_SOURCE",
            '-DULE_VERSION="0"', "-Icommon", "-Iconsumers", "-Iproducers", "-Itests", "-Ibuild/generated", *units]))
    for step, found, summary, default in (
            ("scripts", files("check-*"), SCRIPT_SUMMARY, ["asan"]),
            ("tests", files("test_*.c"), CHECK_SUMMARY, ["asan", "coverage"])):
        runs = []
        for name in found:
            path = ROOT / name
            if step == "scripts" and not os.access(path, os.X_OK):
                continue
            for count, build in enumerate(builds_of(path, default)):
                if build == "coverage" and "lines" not in wanted:
                    continue
                command = [str(path)] if step == "scripts" else [str(BUILDS[build] / "bin" / path.stem)]
                runs.append(Job(step, name, command, build, (build,), summary, count == 0))
        if step in wanted or "lines" in wanted:
            runs = [job for job in runs if step in wanted or job.build == "coverage"]
            jobs += sorted(runs, key=lambda job: job.build != "gcc")
    if "tidy" in wanted:
        jobs += [Job("tidy", name, ["clang-tidy-14", "--quiet", "-p", "build/asan", name]) for name in units]
    if "format" in wanted and code:
        jobs.append(Job("format", "all", ["bash", "-o", "pipefail", "-c", FORMAT, "bash", *code]))
    if "shellcheck" in wanted:
        jobs.append(Job("shellcheck", "all", ["shellcheck", "-x", *shell_scripts()]))
    if "house" in wanted:
        jobs.append(Job("house", "all", [sys.executable, "tests/house"]))
    return jobs


def main():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thorough", action="store_true", help="the long forms: hours instead of minutes")
    parser.add_argument("step", nargs="*", help="only these (default: all)")
    arguments = parser.parse_args()
    unknown = set(arguments.step) - set(STEPS)
    if unknown:
        parser.error(f"no such step: {' '.join(sorted(unknown))}; there are {' '.join(STEPS)}")
    wanted = set(arguments.step or STEPS)
    if wanted & {"tests", "scripts"}:
        wanted |= {"private"}
        wanted |= {"gcc", "asan"}
    if "tidy" in wanted:
        wanted.add("asan")
    if "lines" in wanted:
        wanted.add("coverage")

    (ROOT / "build").mkdir(exist_ok=True)
    alone = (ROOT / "build/tests-run.lock").open("w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("waiting for another tests/run in this folder", flush=True)
        fcntl.flock(alone, fcntl.LOCK_EX)
    start = time.monotonic()
    suite = Suite(arguments.thorough)
    try:
        for name in BUILDS:
            if name in wanted:
                suite.build(name)
        for counts in BUILDS["coverage"].rglob("*.gcda"):
            counts.unlink()
        suite.pool(collect(wanted))
        if "lines" in wanted:
            suite.progress("counting lines")
            suite.report([suite.run(Job("lines", "common/core", [sys.executable, "tests/coverage"],
                                        needs=("coverage",)))])
        if "private" in wanted:
            suite.progress("searching logs")
            suite.report([suite.run(Job("private", "all", [sys.executable, "tests/lib/private.py", str(LOGS)]))])
    except KeyboardInterrupt:
        print("\nstopped")
        os._exit(130)
    print(f"in {time.monotonic() - start:.0f} s")
    print(f"{suite.passed} passed, {suite.failed} failed")
    return 1 if suite.failed else 0


if __name__ == "__main__":
    sys.exit(main())
