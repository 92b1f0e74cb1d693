# SPDX-License-Identifier: MIT
"""How far the partitions of a topic go, as a broker says: with what open transactions wrote, and without."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kafka"))
import wire  # noqa: E402

LIST_OFFSETS = (2, 2)
LATEST = -1


def ends(cluster, topic, partitions, committed, broker=1, led=False):
    """Partition -> the offset after its last record; with `committed`, before the first that may be aborted still. With
    `led` of those that the broker leads."""
    body = struct.pack(">ibi", -1, committed, 1) + wire.text(topic) + struct.pack(">i", len(partitions))
    body += b"".join(struct.pack(">iq", partition, LATEST) for partition in partitions)
    reader = wire.call(cluster.door(broker), LIST_OFFSETS, body, 5.0)
    reader.take("i")

    def partition():
        number, code, _, offset = reader.take("i"), reader.take("h"), reader.take("q"), reader.take("q")
        if code and led:
            return number, None
        if code:
            raise wire.Refused("%s partition %d: error %d" % (topic, number, code))
        return number, offset

    def named():
        reader.text()
        return reader.list(partition)

    return {number: offset for pairs in reader.list(named) for number, offset in pairs if offset is not None}


def open_at(cluster, topic, partitions):
    """Partition -> the first record of a transaction that is open there."""
    written = ends(cluster, topic, partitions, False)
    stable = ends(cluster, topic, partitions, True)
    return {partition: stable[partition] for partition in partitions if stable[partition] < written[partition]}


def open_anywhere(cluster, topic, partitions, brokers):
    """Likewise the partitions alone, on several brokers, some of which may be away."""
    found = set()
    for broker in brokers:
        try:
            written = ends(cluster, topic, partitions, False, broker, True)
            stable = ends(cluster, topic, partitions, True, broker, True)
        except (OSError, wire.Refused):
            continue
        found |= {number for number in written if stable.get(number, written[number]) < written[number]}
    return found
