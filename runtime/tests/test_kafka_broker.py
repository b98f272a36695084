"""The broker that the other Kafka tests stand on: real, and what it acknowledged outlives kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from runtime import testing_kafka
from runtime.testing_kafka import GivenBroker, KafkaBroker, KafkaUnavailable, broker_or_reason

MIB = 1024 * 1024


async def make_topic(bootstrap_servers: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        limit = {"max.message.bytes": str(MIB)}
        await admin.create_topics(
            [NewTopic(name, num_partitions=1, replication_factor=1, topic_configs=limit)]
        )
    finally:
        await admin.close()


async def produce(bootstrap_servers: str, topic: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, enable_idempotence=True, acks="all", max_request_size=MIB
    )
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value, key=b"tenant/subject", partition=0)
    finally:
        await producer.stop()


async def consume(bootstrap_servers: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_what_was_acknowledged_outlives_a_kill_on_the_same_port(breakable_kafka: KafkaBroker):
    kafka, where = breakable_kafka, breakable_kafka.bootstrap_servers
    await make_topic(where, "outlives-a-kill")
    await produce(where, "outlives-a-kill", b"one", b"two")
    assert await consume(where, "outlives-a-kill", 2) == [b"one", b"two"]

    kafka.kill()
    assert not kafka.running
    kafka.restart()

    assert kafka.bootstrap_servers == where
    await produce(where, "outlives-a-kill", b"three")
    assert await consume(where, "outlives-a-kill", 3) == [b"one", b"two", b"three"]


async def test_a_stop_in_good_order_keeps_the_data_too(breakable_kafka: KafkaBroker):
    where = breakable_kafka.bootstrap_servers
    await make_topic(where, "outlives-a-stop")
    await produce(where, "outlives-a-stop", b"one")

    breakable_kafka.stop()
    breakable_kafka.start()

    assert await consume(where, "outlives-a-stop", 1) == [b"one"]


async def test_a_record_of_almost_one_mebibyte_passes(kafka: KafkaBroker):
    await make_topic(kafka.bootstrap_servers, "large")
    largest = bytes(MIB - 512)

    await produce(kafka.bootstrap_servers, "large", largest)

    assert await consume(kafka.bootstrap_servers, "large", 1) == [largest]


async def test_a_topic_is_never_made_by_writing_to_it(kafka: KafkaBroker):
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, request_timeout_ms=2000)
    await producer.start()
    try:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.send_and_wait("nobody-made-this", b"one")
    finally:
        await producer.stop()


@pytest.mark.slow
def test_the_broker_ends_with_the_process_that_started_it(kafka: KafkaBroker, tmp_path: Path):
    script = tmp_path / "starts_a_broker.py"
    script.write_text(
        "import time\n"
        "from runtime.testing_kafka import KafkaBroker\n"
        "broker = KafkaBroker()\n"
        "broker.start()\n"
        "print(broker.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    own_folder = {**os.environ, "TMPDIR": str(tmp_path)}
    starter = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=own_folder)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    os.kill(pid, 0)

    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()

    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_given_broker_is_preferred(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")

    broker = broker_or_reason()

    assert isinstance(broker, GivenBroker)
    with pytest.raises(KafkaUnavailable, match=r"127\.0\.0\.1:1 does not answer"):
        broker.start()


def test_without_java_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert broker_or_reason() == "Kafka 4.3.1 needs Java 17 or newer, found none"


def test_without_maven_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("HANDRAIL_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(testing_kafka, "_java_version", lambda: 17)

    assert broker_or_reason() == "Maven (mvn) is not there to fetch Kafka"
