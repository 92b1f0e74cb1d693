# SPDX-License-Identifier: MIT
"""A process that serves HTTP, started by itself: its brokers refuse every connection, and it goes on trying."""
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import time

PATIENCE = 120  # s, for a machine that is busy with something else
BIN = pathlib.Path(os.environ.get("ULE_BIN", "build/bin")).resolve()
NAME = "ule-institution"


def raise_limit(files=8192):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), hard))


def write_config(folder, settings, name="ule.conf"):
    path = folder / name
    settings = {"kafka.bootstrap.servers": "127.0.0.1:1", "instance.id": "1", **settings}
    path.write_text("".join("%s = %s\n" % pair for pair in settings.items()))
    return path


def once(folder, settings, *arguments):
    """Runs to its end: exit status and what it said."""
    done = subprocess.run([BIN / NAME, "--config", write_config(folder, settings, "once.conf"), *arguments],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout + done.stderr


class Served:
    def __init__(self, folder, settings, host="127.0.0.1"):
        self.log, self.host = folder / "served.log", host
        with self.log.open("w") as log:
            self.popen = subprocess.Popen(
                [BIN / NAME, "--config", write_config(folder, settings)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
        self.port = int(self.await_log(r"event=http .*port=(\d+)").group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()

    def await_log(self, pattern, path=None):
        until = time.monotonic() + PATIENCE
        while True:
            path = path or self.log
            text = path.read_text(errors="replace") if path.exists() else ""
            found = re.search(pattern, text, re.M)
            if found:
                return found
            if time.monotonic() > until or self.popen.poll() is not None:
                raise AssertionError("not logged: %s in %s" % (pattern, text[-800:]))
            time.sleep(0.05)

    def hang_up(self):
        self.popen.send_signal(signal.SIGHUP)

    def alive(self):
        return self.popen.poll() is None

    def status(self, name):
        """A number of /proc/PID/status, in KiB where it has a unit."""
        text = pathlib.Path("/proc/%d/status" % self.popen.pid).read_text()
        return int(re.search(r"^%s:\s+(\d+)" % name, text, re.M).group(1))

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.popen.pid))

    def seconds(self):
        """Of a processor, used so far."""
        fields = pathlib.Path("/proc/%d/stat" % self.popen.pid).read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def connect(self, tls=None):
        connection = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        return tls.wrap_socket(connection, server_hostname="localhost") if tls else connection

    def send(self, request, tls=None):
        """Bytes there, and all that comes back until the other end closes; b"" when it is cut off."""
        try:
            with self.connect(tls) as connection:
                try:
                    connection.sendall(request)
                except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                    pass
                return read_all(connection)
        except (ConnectionResetError, ssl.SSLError):
            return b""

    def ask(self, path, method="GET", tls=None):
        """Status, head and body."""
        answer = self.send(("%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (method, path)).encode(), tls)
        return split(answer)


def split(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
    return int(found.group(1)) if found else 0, head.decode("latin-1"), body.decode("latin-1")


def read_all(connection):
    answer = b""
    while True:
        try:
            piece = connection.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return answer
        if not piece:
            return answer
        answer += piece
