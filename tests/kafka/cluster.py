# SPDX-License-Identifier: MIT
"""A Kafka cluster for as long as a test needs it:

    with Cluster(brokers=3) as cluster:
        cluster.create_topic("t", partitions=4, cleanup_policy="compact")
        ... cluster.bootstrap ... cluster.kill(2) ... cluster.restart(2) ... cluster.await_in_sync()

All that deploy/kafka/brokers.py can do, in a folder of its own below TMPDIR; killed and cleared away at the end, and
dead with the test when that is killed. With KAFKA_KEEP set the folder stays, for a look at broker-N/broker.log."""
import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kafka"))
import brokers as local  # noqa: E402

Failed = local.Failed


class Cluster(local.Cluster):
    """`options` are those of brokers.Cluster.begin: port_base, listeners, properties, heap, java, timeout."""

    def __init__(self, brokers=1, **options):
        super().__init__(tempfile.mkdtemp(prefix="kafka-"))
        self.options = {"brokers": brokers, "owner": os.getpid(), **options}

    def start(self):
        """Again after stop(), too, as at the first time."""
        super().start(**self.options)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.clear()
            raise
        return self

    def __exit__(self, *_):
        self.stop(now=True)
        self.clear()

    def clear(self):
        if os.environ.get("KAFKA_KEEP"):
            print("note: kept %s" % self.folder, flush=True)
        else:
            shutil.rmtree(self.folder)
