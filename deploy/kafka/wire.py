# SPDX-License-Identifier: MIT
"""As much of Kafka's protocol as it takes to ask a broker whom it knows, and to make a topic: the tools that come with
Kafka need seconds of CPU for it."""
import dataclasses
import socket
import struct

METADATA, CREATE_TOPICS = (3, 1), (19, 2)  # key and version: old ones, without tagged fields
TOPIC_ALREADY_EXISTS = 36


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


def call(address, api, body, timeout):
    """One request and the answer to it; OSError when the broker does not answer in time."""
    request = struct.pack(">hhi", *api, 1) + text("cluster") + body
    with socket.create_connection(address, timeout) as link:
        link.settimeout(timeout)
        link.sendall(struct.pack(">i", len(request)) + request)
        with link.makefile("rb") as stream:
            length = stream.read(4)
            data = stream.read(struct.unpack(">i", length)[0]) if len(length) == 4 else b""
    if len(data) < 4:
        raise ConnectionError("the broker hung up")
    reader = Reader(data)
    reader.take("i")
    return reader


def picture(address, timeout=5.0):
    """What the broker at (host, port) believes, all topics included."""
    reader = call(address, METADATA, struct.pack(">i", -1), timeout)

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


def create_topic(address, name, partitions, replication, settings, timeout=30.0):
    """Refused when the broker will not, as when the topic is there already."""
    body = struct.pack(">i", 1) + text(name) + struct.pack(">ihii", partitions, replication, 0, len(settings))
    body += b"".join(text(key) + text(str(value)) for key, value in settings.items())
    reader = call(address, CREATE_TOPICS, body + struct.pack(">i?", int(timeout * 1000), False), timeout + 5)
    reader.take("ii")
    reader.text()
    code, said = reader.take("h"), reader.text()
    if code:
        raise Refused("topic %s: error %d%s" % (name, code, ": " + said if said else ""))
