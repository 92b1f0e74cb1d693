# SPDX-License-Identifier: MIT
"""How far the partitions of a topic go, as a broker says: with what open transactions wrote, and without."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kafka"))
import wire  # noqa: E402

LIST_OFFSETS = (2, 2)
LATEST = -1


def ends(cluster, topic, partitions, committed):
    """Partition -> the offset after its last record; with `committed`, before the first that may be aborted still."""
    body = struct.pack(">ibi", -1, committed, 1) + wire.text(topic) + struct.pack(">i", len(partitions))
    body += b"".join(struct.pack(">iq", partition, LATEST) for partition in partitions)
    reader = wire.call(cluster.door(1), LIST_OFFSETS, body, 5.0)
    reader.take("i")

    def partition():
        number, code, _, offset = reader.take("i"), reader.take("h"), reader.take("q"), reader.take("q")
        if code:
            raise wire.Refused("%s partition %d: error %d" % (topic, number, code))
        return number, offset

    def named():
        reader.text()
        return reader.list(partition)

    return dict(pair for pairs in reader.list(named) for pair in pairs)


def open_at(cluster, topic, partitions):
    """Partition -> the first record of a transaction that is open there."""
    written = ends(cluster, topic, partitions, False)
    stable = ends(cluster, topic, partitions, True)
    return {partition: stable[partition] for partition in partitions if stable[partition] < written[partition]}
