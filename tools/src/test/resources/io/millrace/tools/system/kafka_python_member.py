"""A group member on kafka-python. Arguments: bootstrap, group, topic, assignor, name. Tells events as MemberEvent reads them."""

import signal
import sys
import threading
import time

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.errors import KafkaError

bootstrap, group, topic, assignor, name = sys.argv[1:6]
ASSIGNORS = {"range": RangePartitionAssignor, "roundrobin": RoundRobinPartitionAssignor}
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
uncommitted = {}
held = set()


def tell(kind, offsets=None, ends=None, began=None, detail=""):
    now = time.monotonic_ns()
    text = [",".join("%s:%d:%d" % (topic, p, o) for p, o in sorted((m or {}).items())) for m in (offsets, ends)]
    print("event|%s|%s|%d|%d|-1|%s|%s|%s" % (kind, name, began or now, now, *text, detail), flush=True)


def commit():
    if not uncommitted:
        return
    offsets = dict(uncommitted)
    uncommitted.clear()
    began = time.monotonic_ns()
    try:
        consumer.commit({TopicPartition(topic, p): OffsetAndMetadata(o, "") for p, o in offsets.items()})
        tell("COMMITTED", offsets, began=began)
    except KafkaError as e:
        tell("REFUSED", offsets, began=began, detail=str(e).replace("|", "/").replace("\n", " "))


class Listener(ConsumerRebalanceListener):
    def on_partitions_assigned(self, partitions):
        held.update(p.partition for p in partitions)
        tell("ASSIGNED", dict.fromkeys(held, 0))

    def on_partitions_revoked(self, partitions):
        commit()
        held.clear()
        tell("REVOKED", {p.partition: 0 for p in partitions})


consumer = KafkaConsumer(
    bootstrap_servers=bootstrap.split(","),
    group_id=group,
    auto_offset_reset="earliest",
    enable_auto_commit=False,
    session_timeout_ms=3000,
    heartbeat_interval_ms=300,
    metadata_max_age_ms=2000,
    partition_assignment_strategy=[ASSIGNORS[assignor]],
)
consumer.subscribe([topic], listener=Listener())
while not stopped.is_set():
    first, ends = {}, {}
    for partition, records in consumer.poll(timeout_ms=100).items():
        first[partition.partition] = records[0].offset
        ends[partition.partition] = records[-1].offset + 1
    if ends:
        tell("READ", first, ends)
        uncommitted.update(ends)
        commit()
tell("REVOKED", dict.fromkeys(held, 0))  # this client does not say so when it closes
consumer.close(autocommit=False)
tell("CLOSED")
