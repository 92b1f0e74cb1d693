# SPDX-License-Identifier: MIT
"""An authority of one folder, and certificates that it signs: for clusters on this machine. A deployment has its own.

  ca.pem, ca.key          the authority
  NAME.pem, NAME.key      the certificate of CN=NAME and its key
  NAME.password           of the SCRAM user NAME

Keys and passwords are 0600, and the folder 0700."""
import base64
import os
import pathlib
import subprocess

import fetch

DAYS = "825"
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
EXTENSIONS = {  # a broker is both ends of a connection to its controller
    "server": "extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n",
    "client": "extendedKeyUsage=clientAuth\n",
}


def openssl(*arguments, put=""):
    done = subprocess.run([fetch.program("openssl"), *map(str, arguments)], input=put, capture_output=True, text=True,
                          umask=0o077, check=False)
    if done.returncode:
        raise fetch.Failed("openssl %s failed: %s" % (arguments[0], done.stderr.strip()))


class Authority:
    """What stands in the folder, made where it is missing."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.certificate = self.folder / "ca.pem"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not self.certificate.exists():
            openssl("req", "-x509", *CURVE, "-keyout", self.folder / "ca.key", "-out", self.certificate, "-days", DAYS,
                    "-subj", "/CN=local authority", "-addext", "basicConstraints=critical,CA:TRUE")

    def issue(self, name, kind="client", days=DAYS):
        """NAME.pem and NAME.key; nothing where they are."""
        certificate, key = self.folder / (name + ".pem"), self.folder / (name + ".key")
        if not certificate.exists():
            request = self.folder / (name + ".request")
            openssl("req", "-new", *CURVE, "-keyout", key, "-out", request, "-subj", "/CN=%s" % name)
            openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
                    "-out", certificate, "-days", days, "-extfile", "/dev/stdin", put=EXTENSIONS[kind])
            request.unlink()
        return certificate, key

    def issue_store(self, name, kind):
        """Key and certificate in one file, as a broker reads them."""
        store = self.folder / (name + ".store.pem")
        if not store.exists():
            certificate, key = self.issue(name, kind)
            self.write(store, key.read_text() + certificate.read_text())
        return store

    def password(self, name):
        """The password of a user; made where there is none."""
        path = self.folder / (name + ".password")
        if not path.exists():
            self.write(path, base64.b64encode(os.urandom(24)).decode() + "\n")
        return path

    @staticmethod
    def write(path, content):
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
