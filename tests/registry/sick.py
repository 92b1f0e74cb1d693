# SPDX-License-Identifier: MIT
"""A schema registry that falls ill and gets well: https in front of a real one, with a password and for clients with a
certificate only, on a port that stays the same.

    with Sick(url, folder) as sick:
        sick.mode = "garbage" ... sick.mode = None
"""
import base64
import http.client
import pathlib
import socket
import ssl
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kafka"))
import brokers  # noqa: E402
import certificates  # noqa: E402

USER, PASSWORD = "ule", "open sesame"
TELLTALE = "nobody-may-log-this"  # in whatever a sick server says
HOLD = 20.0  # s that a slow one takes

# What each sickness answers with: status line and body.
ANSWERS = {
    "500": ("500 Internal Server Error", '{"error_code": 50001, "message": "%s"}' % TELLTALE),
    "503": ("503 Service Unavailable", "%s" % TELLTALE),
    "401": ("401 Unauthorized", '{"error_code": 40101, "message": "%s"}' % TELLTALE),
    "403": ("403 Forbidden", '{"error_code": 40301, "message": "%s"}' % TELLTALE),
    "404 of another server": ("404 Not Found", "<html>%s</html>" % TELLTALE),
    "garbage": ("200 OK", "<html>%s</html>" % TELLTALE),
    "another answer": ("200 OK", '{"%s": 1}' % TELLTALE),
    "cut off": ("200 OK", ""),
    "redirect": ("302 Found", TELLTALE),
    "slow": ("200 OK", ""),
}


class Sick:
    def __init__(self, url, folder):
        self.target = urllib.parse.urlsplit(url)
        self.mode = None
        self.asked, self.strayed = [], []  # modes of the questions; paths that a redirect led to
        self.wake = threading.Event()
        ours, other = certificates.Authority(folder / "ours"), certificates.Authority(folder / "other")
        self.authority = ours.certificate
        self.client, self.client_key = ours.issue("client")
        self.contexts = {
            None: self.context(ours.issue("registry", "server"), ours.certificate),
            "expired certificate": self.context(ours.issue("old", "server", days="0"), ours.certificate),
            "certificate of a stranger": self.context(other.issue("stranger", "server"), ours.certificate),
            "client refused": self.context(ours.issue("registry", "server"), other.certificate),
        }
        self.port = brokers.free_ports(1)[0]
        self.url = "https://%s:%d%s" % (brokers.HOST, self.port, self.target.path)
        self.listener = None
        self.ended = False

    @staticmethod
    def context(pair, clients):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def __enter__(self):
        self.listen()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.close()

    def listen(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((brokers.HOST, self.port))
        self.listener.listen(50)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        self.wake.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def fall_ill(self, mode):
        """`down`: nobody listens."""
        self.wake.clear()
        self.asked.clear()
        self.mode = mode
        if mode == "down":
            self.close()

    def get_well(self):
        was, self.mode = self.mode, None
        self.wake.set()
        if was == "down":
            self.listen()

    def accept(self, listener):
        while not self.ended:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        mode = self.mode
        try:
            with link, self.contexts.get(mode, self.contexts[None]).wrap_socket(link, server_side=True) as secure:
                self.asked.append(mode)
                secure.sendall(self.answer(mode, *self.question(secure)))
        except (OSError, ValueError, http.client.HTTPException):
            if mode in self.contexts:
                self.asked.append(mode)

    @staticmethod
    def question(secure):
        with secure.makefile("rb") as stream:
            method, path, _ = stream.readline().decode().split()
            headers = http.client.parse_headers(stream)
            body = stream.read(int(headers.get("Content-Length", 0)))
        return method, path, headers, body

    def answer(self, mode, method, path, headers, body):
        if "strayed" in path:
            self.strayed.append(path)
        told = "Basic " + base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        if headers.get("Authorization") != told:
            mode = "401"
        if mode == "slow":
            self.wake.wait(HOLD)
        if mode not in ANSWERS:
            return self.forward(method, path, body)
        status, text = ANSWERS[mode]
        lines = ["HTTP/1.1 " + status, "Content-Type: application/json", "Connection: close",
                 "Content-Length: %d" % (len(text) + 1000 * (mode == "cut off"))]
        if mode == "redirect":
            lines.append("Location: %s/strayed/%s" % (self.url, TELLTALE))
        return ("\r\n".join(lines) + "\r\n\r\n" + text).encode()

    def forward(self, method, path, body):
        link = http.client.HTTPConnection(self.target.netloc, timeout=30)
        link.request(method, path, body or None, {"Content-Type": "application/vnd.schemaregistry.v1+json"})
        answer = link.getresponse()
        text = answer.read()
        link.close()
        head = "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        return (head % (answer.status, answer.reason, len(text))).encode() + text
