"""Without a broker the Kafka tests are skipped loudly; where one is required, they fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = "def test_one(kafka): ...\ndef test_two(kafka): ...\ndef test_three(): ...\n"
BARE = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def run_without_a_broker(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    kafka: needs a broker\n")
    inherited = {k: v for k, v in os.environ.items() if k not in {"CI", "REQUIRE_KAFKA", "PYTEST_ADDOPTS"}}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "runtime.testing_pytest_kafka",
            "-c",
            folder / "pytest.ini",
            ".",
        ],
        cwd=folder,
        env=inherited | BARE | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_broker_is_said_at_the_end_of_the_run(tmp_path: Path):
    run = run_without_a_broker(tmp_path)

    assert run.returncode == 0, run.stdout
    assert "NOT TESTED on this machine" in run.stdout
    assert "2 tests need kafka: KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1 does not answer" in run.stdout
    assert "1 passed, 2 skipped" in run.stdout


@pytest.mark.parametrize("required", [{"CI": "true"}, {"REQUIRE_KAFKA": "1"}])
def test_a_missing_broker_fails_where_it_is_required(tmp_path: Path, required: dict[str, str]):
    run = run_without_a_broker(tmp_path, **required)

    assert run.returncode == 1, run.stdout
    assert "kafka is required here" in run.stdout
    assert "1 passed, 2 errors" in run.stdout
