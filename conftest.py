"""What every test of the repository may ask for. A package's own fixtures stand in its own tests/conftest.py."""

import gc
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

gc.set_threshold(50_000, 20, 50)  # As the command `handrail` sets it.
# contracts/ is also tested alone, without the runtime installed.
pytest_plugins = ["runtime.testing_pytest_kafka", "runtime.testing"] if find_spec("runtime") else []

IN_MEMORY = Path("/dev/shm")
ROOM_BYTES = 10 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Temporary files are kept in memory where there is room for them, unless TMPDIR is set.

    Every database is four hundred files: on a disk, copying them took a quarter of the run.
    """
    if "TMPDIR" in os.environ or not _has_room():
        return
    for left in IN_MEMORY.glob("handrail-tests-*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = IN_MEMORY / f"handrail-tests-{os.getpid()}"
    folder.mkdir(mode=0o711)  # PostgreSQL's own user passes through it.
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)  # The second: this process has asked already.


def _has_room() -> bool:
    if not IN_MEMORY.is_dir() or shutil.disk_usage(IN_MEMORY).free < ROOM_BYTES:
        return False
    memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(memory["MemAvailable"].split()[0]) << 10 > ROOM_BYTES


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real Chromium, for Playwright's ``executable_path``."""
    found = os.environ.get("HANDRAIL_CHROMIUM") or shutil.which("chromium")
    if found is None:
        from runtime.testing_pytest_kafka import lacking

        lacking("browser", "chromium is not installed")
    return found
