"""A group member on confluent-kafka (librdkafka). Arguments: bootstrap, group, topic, assignor, name. Tells events as MemberEvent reads them."""

import signal
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

bootstrap, group, topic, assignor, name = sys.argv[1:6]
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
uncommitted = {}


def tell(kind, offsets=None, ends=None, began=None, detail=""):
    now = time.monotonic_ns()
    text = [",".join("%s:%d:%d" % (topic, p, o) for p, o in sorted((m or {}).items())) for m in (offsets, ends)]
    print("event|%s|%s|%d|%d|-1|%s|%s|%s" % (kind, name, began or now, now, *text, detail), flush=True)


def commit(partitions=None):
    offsets = {p: o for p, o in uncommitted.items() if partitions is None or p in partitions}
    if not offsets:
        return
    began = time.monotonic_ns()
    try:
        for answer in consumer.commit(offsets=[TopicPartition(topic, p, o) for p, o in offsets.items()], asynchronous=False):
            if answer.error:
                raise KafkaException(answer.error)
        tell("COMMITTED", offsets, began=began)
    except KafkaException as e:
        tell("REFUSED", offsets, began=began, detail=str(e).replace("|", "/"))
    for p in offsets:
        del uncommitted[p]


def assigned(_, partitions):
    tell("ASSIGNED", {p.partition: 0 for p in partitions})


def revoked(_, partitions):
    numbers = {p.partition for p in partitions}
    commit(numbers)
    tell("REVOKED", {p: 0 for p in numbers})


def lost(_, partitions):
    uncommitted.clear()
    tell("LOST", {p.partition: 0 for p in partitions})


consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "session.timeout.ms": 3000,
        "heartbeat.interval.ms": 300,
        "partition.assignment.strategy": assignor,
        "topic.metadata.refresh.interval.ms": 2000,
    }
)
consumer.subscribe([topic], on_assign=assigned, on_revoke=revoked, on_lost=lost)
while not stopped.is_set():
    records = [r for r in consumer.consume(500, 0.1) if not r.error()]
    first, ends = {}, {}
    for record in records:
        first.setdefault(record.partition(), record.offset())
        ends[record.partition()] = record.offset() + 1
    if records:
        tell("READ", first, ends)
        uncommitted.update(ends)
        commit()
consumer.close()
tell("CLOSED")
