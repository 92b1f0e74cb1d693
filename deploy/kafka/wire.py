# SPDX-License-Identifier: MIT
"""As much of Kafka's protocol as it takes to ask a broker whom it knows, to make a topic, a user and rights: the tools
that come with Kafka need seconds of CPU for it."""
import dataclasses
import hashlib
import os
import socket
import ssl
import struct

# Key and version: old ones, without tagged fields, where there are any.
METADATA, CREATE_TOPICS = (3, 1), (19, 2)
DESCRIBE_ACLS, CREATE_ACLS, DELETE_ACLS, ALTER_SCRAM = (29, 1), (30, 1), (31, 1), (51, 0)
TOPIC_ALREADY_EXISTS = 36
RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
PATTERNS = {"literal": 3, "prefixed": 4}
OPERATIONS = {"READ": 3, "WRITE": 4, "CREATE": 5, "DELETE": 6, "ALTER": 7, "DESCRIBE": 8, "DESCRIBE_CONFIGS": 10,
              "ALTER_CONFIGS": 11, "IDEMPOTENT_WRITE": 12}
ALLOW, SCRAM_SHA_512, ITERATIONS = 3, 2, 4096


class Refused(Exception):
    """A broker's error code, as the protocol numbers them."""


@dataclasses.dataclass
class Partition:
    topic: str
    number: int
    error: int
    leader: int
    replicas: list
    in_sync: list


@dataclasses.dataclass
class Picture:
    """What one broker believes of the cluster: brokers is id -> (host, port), of those that are not fenced."""
    brokers: dict
    controller: int
    partitions: list


@dataclasses.dataclass(frozen=True)
class Door:
    """Where a broker listens, and how one gets in: without a context in plain text."""
    address: tuple
    context: ssl.SSLContext | None = None

    def open(self, timeout):
        link = socket.create_connection(self.address, timeout)
        link.settimeout(timeout)
        try:
            return self.context.wrap_socket(link, server_hostname=self.address[0]) if self.context else link
        except BaseException:
            link.close()
            raise


@dataclasses.dataclass(frozen=True)
class Right:
    """One entry of a broker's access control list."""
    principal: str
    operation: str
    resource: str
    name: str
    pattern: str = "literal"


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0]

    def text(self):
        length = self.take("h")
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def list(self, item):
        return [item() for _ in range(self.take("i"))]


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def call(door, api, body, timeout):
    """One request and the answer to it; OSError when the broker does not answer in time."""
    request = struct.pack(">hhi", *api, 1) + text("cluster") + body
    with door.open(timeout) as link:
        link.sendall(struct.pack(">i", len(request)) + request)
        with link.makefile("rb") as stream:
            length = stream.read(4)
            data = stream.read(struct.unpack(">i", length)[0]) if len(length) == 4 else b""
    if len(data) < 4:
        raise ConnectionError("the broker hung up")
    reader = Reader(data)
    reader.take("i")
    return reader


def picture(door, timeout=5.0):
    """What the broker behind the door believes, all topics included."""
    reader = call(door, METADATA, struct.pack(">i", -1), timeout)

    def broker():
        found = (reader.take("i"), (reader.text(), reader.take("i")))
        reader.text()
        return found

    def topic():
        reader.take("h")
        name = reader.text()
        reader.take("?")

        def partition():
            error, number, leader = reader.take("h"), reader.take("i"), reader.take("i")
            replicas = reader.list(lambda: reader.take("i"))
            return Partition(name, number, error, leader, replicas, reader.list(lambda: reader.take("i")))

        return reader.list(partition)

    brokers = dict(reader.list(broker))
    controller = reader.take("i")
    return Picture(brokers, controller, [part for parts in reader.list(topic) for part in parts])


def create_topic(door, name, partitions, replication, settings, timeout=30.0):
    """Refused when the broker will not, as when the topic is there already."""
    body = struct.pack(">i", 1) + text(name) + struct.pack(">ihii", partitions, replication, 0, len(settings))
    body += b"".join(text(key) + text(str(value)) for key, value in settings.items())
    reader = call(door, CREATE_TOPICS, body + struct.pack(">i?", int(timeout * 1000), False), timeout + 5)
    reader.take("ii")
    reader.text()
    code, said = reader.take("h"), reader.text()
    if code:
        raise Refused("topic %s: error %d%s" % (name, code, ": " + said if said else ""))


def bits(right):
    """What CreateAcls and DeleteAcls (a filter that fits one entry) both say, up to the operation."""
    return (struct.pack(">b", RESOURCES[right.resource]) + text(right.name) +
            struct.pack(">b", PATTERNS[right.pattern]) + text(right.principal) + text("*") +
            struct.pack(">bb", OPERATIONS[right.operation], ALLOW))


def change_rights(door, api, changed, timeout):
    changed = list(changed)
    reader = call(door, api, struct.pack(">i", len(changed)) + b"".join(map(bits, changed)), timeout)
    reader.take("ii")
    for right in changed:
        code, said = reader.take("h"), reader.text()
        if code:
            raise Refused("%s: error %d%s" % (right, code, ": " + said if said else ""))
        if api is DELETE_ACLS:
            found = reader.take("i")
            if found != 1:
                raise Refused("%s: there are %d of it" % (right, found))
            skip_matching(reader)


def skip_matching(reader):
    reader.take("h")
    reader.text()
    reader.take("b")
    reader.text()
    reader.take("b")
    reader.text()
    reader.text()
    reader.take("h")


def rights(door, timeout=30.0):
    """All that are granted to somebody of any host."""
    def name(names, number):
        return next((name for name, known in names.items() if known == number), str(number))

    reader = call(door, DESCRIBE_ACLS, struct.pack(">bhbhhbb", 1, -1, 1, -1, -1, 1, 1), timeout)
    reader.take("i")
    code, said = reader.take("h"), reader.text()
    if code:
        raise Refused("the rights: error %d%s" % (code, ": " + said if said else ""))
    found = []
    for _ in range(reader.take("i")):
        resource, named, pattern = reader.take("b"), reader.text(), reader.take("b")
        for _ in range(reader.take("i")):
            principal, host, operation, permission = reader.text(), reader.text(), reader.take("b"), reader.take("b")
            if host == "*" and permission == ALLOW:
                found.append(Right(principal, name(OPERATIONS, operation), name(RESOURCES, resource), named,
                                   name(PATTERNS, pattern)))
    return found


def grant(door, granted, timeout=30.0):
    """One that is there already is no mistake."""
    change_rights(door, CREATE_ACLS, granted, timeout)


def revoke(door, revoked, timeout=30.0):
    """Refused when one of them is not there."""
    change_rights(door, DELETE_ACLS, revoked, timeout)


def make_user(door, name, password, timeout=30.0):
    """A SCRAM-SHA-512 user, or a new password for it. This request has the newer form: lengths are one more than they
    are, and tagged fields, of which there are none, end everything."""
    salt = os.urandom(32)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)

    def short(data):
        if len(data) > 126:
            raise Refused("%s: longer than 126 bytes" % name)
        return bytes([len(data) + 1]) + data

    body = (b"\0" + b"\x01" + b"\x02" + short(name.encode()) + struct.pack(">bi", SCRAM_SHA_512, ITERATIONS) +
            short(salt) + short(salted) + b"\0" + b"\0")
    reader = call(door, ALTER_SCRAM, body, timeout)
    reader.take("b")
    reader.take("i")
    if reader.take("b") != 2:
        raise Refused("user %s: no answer" % name)
    reader.at += reader.data[reader.at]
    code = reader.take("h")
    if code:
        raise Refused("user %s: error %d" % (name, code))
