"""What every test of the repository may ask for. A package's own fixtures stand in its own tests/conftest.py."""

import fcntl
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

    Every database is four hundred files: on a disk, copying them took a fifth of the run.
    """
    if "TMPDIR" in os.environ or not IN_MEMORY.is_dir():
        return
    for left in IN_MEMORY.glob("handrail-tests-*"):
        if (lock := _locked(left)) is not None:  # Of a run that was killed: its lock went with it.
            shutil.rmtree(left, ignore_errors=True)
            os.close(lock)
    if not _has_room():
        return
    folder = Path(tempfile.mkdtemp(prefix="handrail-tests-", dir=IN_MEMORY))
    folder.chmod(0o711)  # PostgreSQL's own user passes through it.
    _locked(folder)  # For as long as this process runs.
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)  # The second: this process has asked already.


def _locked(folder: Path) -> int | None:
    """The folder's lock, held until it is closed or the process ends; ``None`` where another run holds it."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _has_room() -> bool:
    """Of this machine and of the share of it that this process may use; and programs can be run from there."""
    memory = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    rooms = [shutil.disk_usage(IN_MEMORY).free, int(memory["MemAvailable"].split()[0]) << 10]
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and limit.read_text().strip() != "max":
        rooms.append(int(limit.read_text()))
    return min(rooms) > ROOM_BYTES and not os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real Chromium, for Playwright's ``executable_path``."""
    found = os.environ.get("HANDRAIL_CHROMIUM") or shutil.which("chromium")
    if found is None:
        from runtime.testing_pytest_kafka import lacking

        lacking("browser", "chromium is not installed")
    return found
