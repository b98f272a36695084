"""requirements.lock: every version with hashes, no addresses; and the part of it that the container image takes."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text()
PACKAGES = [ROOT / "contracts", ROOT / "runtime", *sorted((ROOT / "services").iterdir()), ROOT / "handrail"]


def canonical(requirement: str) -> str:
    """The bare name of a requirement, as the lock spells it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def subset(*arguments: str) -> set[str]:
    command = [sys.executable, ROOT / "scripts" / "lock-subset", *arguments]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {canonical(name) for name in re.findall(r"(?m)^[a-z]\S*(?===)", lines)}


def test_every_line_is_a_version_with_hashes_and_no_address():
    entries = re.split(r"(?m)^(?=[a-z])", LOCK)[1:]

    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+( ; .*?)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert not re.search(r"https?:|--index-url|--find-links|--extra-index-url| @ ", LOCK)


def test_the_lock_is_not_older_than_what_it_was_made_from():
    for source in ("requirements.in", "requirements-dev.in"):
        for line in (ROOT / source).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.search(rf"(?m)^{re.escape(canonical(line))}==", LOCK), f"{line}: run `make lock`"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_image_has_all_that_our_packages_ask_for(package: Path):
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    asked_for = {canonical(one) for one in project.get("dependencies", [])}

    others = {name for name in asked_for if not name.startswith("handrail")}

    assert others <= subset("-r", "requirements.in")


def test_the_image_has_none_of_the_tools_of_development():
    assert not subset("-r", "requirements.in") & {"pytest", "mypy", "ruff", "hatchling", "uv", "playwright"}


def test_a_subset_follows_what_a_package_stands_on():
    assert subset("hatchling") >= {"hatchling", "pathspec", "packaging"}
    assert subset("uv") == {"uv"}


def test_a_name_that_is_not_in_the_lock_is_said():
    command = [sys.executable, ROOT / "scripts" / "lock-subset", "no-such-package"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "nothing for no-such-package" in done.stderr
