"""A real Apache Kafka for tests: fetched once through Maven, run as one process on free loopback ports.

There is no imitation to fall back on: those we tried differ from Kafka exactly where correctness is decided.
So a test either gets a real broker or is told, in words, what is missing.
"""

import asyncio
import base64
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from runtime.testing_maven import Jars, JarsUnavailable

KAFKA_VERSION = "4.3.1"
OLDEST_JAVA = 17

JARS = Jars("kafka", "org.apache.kafka", "kafka_2.13", KAFKA_VERSION)
"""44 MB."""

_JVM = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dorg.apache.logging.log4j.level=WARN"]

# One node that must do alone what is shared by three in a cluster; few internal partitions, so that it starts quickly.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes=1048588
offsets.topic.num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A killed broker is given up after this long; until then it may not come back under its own number.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


class KafkaUnavailable(RuntimeError):
    """No broker could be fetched, started or reached; the message says why."""


class GivenBroker:
    """A broker that somebody else runs (``KAFKA_BOOTSTRAP_SERVERS``). Tests may use it, never stop it."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers

    def start(self) -> None:
        """Make sure that it answers."""
        if not _answers(self.bootstrap_servers):
            raise KafkaUnavailable(f"KAFKA_BOOTSTRAP_SERVERS={self.bootstrap_servers} does not answer")

    def close(self) -> None:
        """Nothing: it is not ours."""


class KafkaBroker:
    """A broker of our own on one port and one folder of data, which outlive `stop`, `kill` and `restart`.

    What a producer was told is kept survives `kill`. The broker ends with the process that started it, however
    that process ends. Not safe to share between threads.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="handrail-kafka-"))
        self._data = self._folder / "data"
        self._log = self._folder / "broker.log"
        self._properties = self._folder / "server.properties"
        self._port, self._controller_port = _free_port(), _free_port()
        self._classpath = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The broker's process, while there is one."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = 60) -> None:
        """Start the broker, the first time with empty data. On return it answers clients."""
        if self.running:
            return
        if not self._classpath:
            self._classpath = f"{_jars()}/*"
            self._format()
        self._process = self._spawn(["kafka.Kafka", str(self._properties)])
        deadline = time.monotonic() + timeout
        while not _answers(self.bootstrap_servers):
            if not self.running:
                raise KafkaUnavailable(f"Kafka ended before it answered:\n{self._last_words()}")
            if time.monotonic() > deadline:
                self.kill()
                raise KafkaUnavailable(f"Kafka did not answer within {timeout:g} s:\n{self._last_words()}")
            time.sleep(0.1)

    def stop(self, timeout: float = 30) -> None:
        """Ask the broker to end in good order, and wait for it."""
        self._end(signal.SIGTERM, timeout)

    def kill(self) -> None:
        """kill -9, as by a crash. On return the process is gone; its port and data are kept."""
        self._end(signal.SIGKILL, 10)

    def restart(self) -> None:
        """Start again on the same port and data, after `stop`, after `kill` or while running."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End the broker and remove its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> "KafkaBroker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _format(self) -> None:
        self._properties.write_text(
            _PROPERTIES.format(port=self._port, controller_port=self._controller_port, data=self._data)
        )
        # Kafka's own spelling of an id. One that begins with a dash would be taken for an option.
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        command = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties)]
        done = subprocess.run(self._java(command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise KafkaUnavailable(f"Kafka could not prepare its folder:\n{done.stdout}{done.stderr}")

    def _java(self, command: list[str]) -> list[str]:
        return ["java", *_JVM, "-cp", self._classpath, *command]

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a Java process that ends when this one does, even by kill -9."""
        # Linux ends the child when the *thread* that started it ends. So the thread stays as long as the child.
        guard = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        started: list[subprocess.Popen[bytes]] = []
        is_started = threading.Event()

        def start_and_stay() -> None:
            with self._log.open("ab") as log:
                try:
                    # A session of its own: ctrl-C is for the tests, which then end the broker in order.
                    started.append(
                        subprocess.Popen(
                            [*guard, *self._java(command)], stdout=log, stderr=log, start_new_session=True
                        )
                    )
                finally:
                    is_started.set()
            started[0].wait()

        threading.Thread(target=start_and_stay, name="kafka-guard", daemon=True).start()
        is_started.wait()
        if not started:
            raise KafkaUnavailable("java could not be started")
        return started[0]

    def _end(self, how: signal.Signals, timeout: float) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])


def broker_or_reason() -> KafkaBroker | GivenBroker | str:
    """A broker to `start`, or in words why this machine has none. Nothing is fetched or started yet."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return GivenBroker(given)
    if (java := _java_version()) < OLDEST_JAVA:
        found = f"version {java}" if java else "none"
        return f"Kafka {KAFKA_VERSION} needs Java {OLDEST_JAVA} or newer, found {found}"
    if not JARS.can_be_had:
        return "Maven (mvn) is not there to fetch Kafka"
    return KafkaBroker()


def _jars() -> Path:
    try:
        return JARS.fetched()
    except JarsUnavailable as error:
        raise KafkaUnavailable(str(error)) from error


def _java_version() -> int:
    """The major version of the ``java`` on the path; 0 when there is none."""
    try:
        said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    except FileNotFoundError:
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _free_port() -> int:
    """A loopback port that nobody listens on and no outgoing connection is given.

    Ports the system hands out by itself (32768 and up) could be gone when a killed broker comes back.
    """
    for port in random.sample(range(20_000, 32_000), k=100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise KafkaUnavailable("no free port between 20000 and 32000")


def _answers(bootstrap_servers: str) -> bool:
    """Whether a client gets the cluster's metadata: an open port alone is not yet a broker."""
    host, _, port = bootstrap_servers.split(",")[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    # In a thread of its own: the caller may be inside an event loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_has_brokers(bootstrap_servers))).result()


async def _has_brokers(bootstrap_servers: str) -> bool:
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=3000)
    try:
        async with asyncio.timeout(5):
            await client.bootstrap()
            return bool(client.cluster.brokers())
    except (KafkaError, TimeoutError, OSError):
        return False
    finally:
        await client.close()
