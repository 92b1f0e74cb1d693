# SPDX-License-Identifier: MIT
"""A transaction of a single record, as long open as a test wants it, against one broker:

    transaction = Transaction(cluster, "topic", 3, b"key")
    ... transaction.offset ...
    transaction.commit()

What is not committed the broker aborts after a minute."""
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kafka"))
import wire  # noqa: E402

PRODUCE, INIT_PRODUCER_ID, ADD_PARTITIONS, END_TXN = (0, 3), (22, 0), (24, 0), (26, 0)
COMES = (14, 15, 16, 51)  # the coordinator is being found, or busy with the transaction before
TRANSACTIONAL, TIMEOUT_MS = 0x10, 60000


def crc32c(data):
    """Castagnoli's, bit by bit: a record is short."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def varint(value):
    value = value << 1 ^ value >> 63
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes(made) + bytes([value])


def batch(producer, epoch, key):
    """One tombstone as Kafka stores it (format 2)."""
    now = int(time.time() * 1000)
    record = b"\0" + varint(0) + varint(0) + varint(len(key)) + key + varint(-1) + varint(0)
    record = varint(len(record)) + record
    body = struct.pack(">hiqqqhii", TRANSACTIONAL, 0, now, now, producer, epoch, 0, 1) + record
    rest = struct.pack(">ibI", -1, 2, crc32c(body)) + body
    return struct.pack(">qi", 0, len(rest)) + rest


class Transaction:
    def __init__(self, cluster, topic, partition, key, name="left-open"):
        """The record is a tombstone."""
        self.door, self.name = cluster.door(1), name
        self.producer, self.epoch = self.begin()
        at = struct.pack(">i", 1) + wire.text(topic) + struct.pack(">ii", 1, partition)
        reader = wire.call(self.door, ADD_PARTITIONS, self.head() + at, 10.0)
        reader.take("ii")
        reader.text()
        reader.take("ii")
        self.check(reader, "the partition is not added")
        records = batch(self.producer, self.epoch, key)
        body = wire.text(name) + struct.pack(">hi", -1, 10000) + at + struct.pack(">i", len(records)) + records
        reader = wire.call(self.door, PRODUCE, body, 15.0)
        reader.take("i")
        reader.text()
        reader.take("ii")
        self.check(reader, "the record is not taken")
        self.offset = reader.take("q")

    def begin(self):
        until = time.monotonic() + 60
        while True:
            reader = wire.call(self.door, INIT_PRODUCER_ID, wire.text(self.name) + struct.pack(">i", TIMEOUT_MS), 10.0)
            reader.take("i")
            code = reader.take("h")
            if not code:
                return reader.take("q"), reader.take("h")
            if code not in COMES or time.monotonic() > until:
                raise wire.Refused("no producer id: error %d" % code)
            time.sleep(0.1)

    def head(self):
        return wire.text(self.name) + struct.pack(">qh", self.producer, self.epoch)

    @staticmethod
    def check(reader, what):
        code = reader.take("h")
        if code:
            raise wire.Refused("%s: error %d" % (what, code))

    def commit(self):
        reader = wire.call(self.door, END_TXN, self.head() + struct.pack(">b", 1), 10.0)
        reader.take("i")
        self.check(reader, "not committed")
