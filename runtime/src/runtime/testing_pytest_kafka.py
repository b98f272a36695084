"""The pytest side of `runtime.testing_kafka`: fixtures that yield a real broker, or say loudly that there was none.

Loaded by the root conftest.py. What a machine lacks is skipped and listed at the end of the run; with ``CI=true`` or
``REQUIRE_KAFKA=1`` it is a failure, so that a green run never means "not tried".
"""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from runtime.testing_kafka import GivenBroker, KafkaBroker, KafkaUnavailable, broker_or_reason

_LACKED: dict[str, int] = {}


def lacking(what: str, reason: str) -> NoReturn:
    """End the running test because the machine lacks ``what``: loudly skipped, or failed where that is required."""
    if os.environ.get("CI") == "true" or os.environ.get(f"REQUIRE_{what.upper()}") == "1":
        pytest.fail(f"{what} is required here: {reason}", pytrace=False)
    line = f"{what}: {reason}"
    _LACKED[line] = _LACKED.get(line, 0) + 1
    pytest.skip(line)


@pytest.fixture(scope="session")
def _kafka_or_reason() -> Iterator[KafkaBroker | GivenBroker | str]:
    # Kept as an answer, not raised: pytest would remember a session fixture's skip and not count its tests.
    broker = broker_or_reason()
    if isinstance(broker, str):
        yield broker
        return
    try:
        broker.start()
        yield broker
    except KafkaUnavailable as error:
        yield str(error)
    finally:
        broker.close()


@pytest.fixture
def kafka(_kafka_or_reason: KafkaBroker | GivenBroker | str) -> KafkaBroker | GivenBroker:
    """A running Kafka broker, one for the whole run: make topics with names of your own."""
    if isinstance(_kafka_or_reason, str):
        lacking("kafka", _kafka_or_reason)
    _kafka_or_reason.start()
    return _kafka_or_reason


@pytest.fixture
def breakable_kafka(kafka: KafkaBroker | GivenBroker) -> Iterator[KafkaBroker]:
    """The same broker for tests that stop or kill it; it is running again for the next test."""
    if not isinstance(kafka, KafkaBroker):
        lacking("kafka", "the broker of KAFKA_BOOTSTRAP_SERVERS is not ours to kill")
    yield kafka
    kafka.start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for what the machine may lack carries the marker by itself."""
    for item in items:
        for fixture, marker in (("kafka", "kafka"), ("chromium", "browser")):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _LACKED:
        return
    terminalreporter.section("NOT TESTED on this machine", red=True, bold=True)
    for line, count in sorted(_LACKED.items()):
        terminalreporter.write_line(f"{count} tests need {line}", red=True)
    terminalreporter.write_line(
        "`make test` installs what is missing where it may; CI=true makes it a failure."
    )
