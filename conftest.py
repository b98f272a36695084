"""What every test of the repository may ask for. A package's own fixtures stand in its own tests/conftest.py."""

import gc
import os
import shutil
from importlib.util import find_spec

import pytest

gc.set_threshold(50_000, 20, 50)  # As the command `handrail` sets it.
# contracts/ is also tested alone, without the runtime installed.
pytest_plugins = ["runtime.testing_pytest_kafka", "runtime.testing"] if find_spec("runtime") else []


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real Chromium, for Playwright's ``executable_path``."""
    found = os.environ.get("HANDRAIL_CHROMIUM") or shutil.which("chromium")
    if found is None:
        from runtime.testing_pytest_kafka import lacking

        lacking("browser", "chromium is not installed")
    return found
