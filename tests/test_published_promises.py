"""No change breaks what has landed: events, topics and the HTTP surface, against the revision before by git.

The committed files are compared, not only what the classes render: an event and its schema edited together, or an OpenAPI
document rendered anew, would otherwise pass. A break that is meant has its line in contracts/breaks.toml::

    [[break]]
    place = "openapi/plan.json: GET /plan/v1/plans: the method is removed"
    why = "Not released yet; nobody calls it."

It excuses that one break, and has to go when the change has landed.
"""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from landed import contracts_of, landed_before

from contracts import publish

ROOT = Path(__file__).parents[1]
SCHEMA = "schemas/progress.benchmark_measured.v1.json"
API = "openapi/plan.json"
TEXAS = "src/contracts/profiles/tx-2025-2.toml"
GONE = f"{API}: GET /plan/v1/plans: the method is removed"


def broken(repository: Path, into: Path) -> list[str] | None:
    """What the working tree breaks of what landed before it; ``None`` with nothing to compare.

    Whether an entry has to go is asked only where git knows what has landed: several commits may land as one, and the last
    of them does not show what the first has broken.
    """
    landed = landed_before(repository)
    if landed is None:
        return None
    found = publish.broken_since(contracts_of(repository, landed.revision, into), repository / "contracts")
    return [each for each in found if landed.certain or not each.endswith(publish.TAKE_IT_OUT)]


def test_nothing_that_has_landed_is_broken(tmp_path: Path) -> None:
    found = broken(ROOT, tmp_path / "before")
    if found is None:
        pytest.skip(
            "nothing to compare with: no revision before this one is known here (a first or shallow checkout)"
        )
    assert found == [], "a break that is meant has its line in contracts/breaks.toml: see this test's module"


class Repository:
    """A repository of its own with our contracts/ in it, and git."""

    def __init__(self, at: Path) -> None:
        self.at = at
        at.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        for folder in ("schemas", "topics", "openapi", "src/contracts/profiles"):
            shutil.copytree(ROOT / "contracts" / folder, at / "contracts" / folder)

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@handrail.invalid", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=self.at, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "a change")

    def edit(self, path: str, change: Callable[[Any], object]) -> None:
        file = self.at / "contracts" / path
        found = json.loads(file.read_text())
        change(found)
        file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")

    def land_more(self) -> None:
        """As if an event had had one field more, and the plans could not be listed now."""
        rendered = (self.at / "contracts" / SCHEMA).read_text()
        self.edit(SCHEMA, lambda schema: schema["properties"].update(mood={"type": "string"}))
        self.commit()
        (self.at / "contracts" / SCHEMA).write_text(rendered)
        self.edit(API, lambda api: api["paths"]["/plan/v1/plans"].pop("get"))

    def excuse(self, *entries: tuple[str, str]) -> None:
        text = "".join(f"[[break]]\nplace = {json.dumps(p)}\nwhy = {json.dumps(w)}\n" for p, w in entries)
        (self.at / "contracts" / "breaks.toml").write_text(text)


MOOD = f"{SCHEMA}: /mood: the field is removed"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def found(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Ask what is broken now, as often as wanted."""
    return lambda: broken(repository.at, tmp_path_factory.mktemp("before") / "it")


def test_without_a_revision_before_there_is_nothing_to_compare(repository: Repository, found: Any) -> None:
    assert found() is None
    repository.commit()
    assert found() is None


def test_a_checkout_without_history_has_nothing_to_compare(repository: Repository, tmp_path: Path) -> None:
    repository.commit()
    repository.commit()
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.at}", str(shallow))
    assert broken(shallow, tmp_path / "before") is None


def test_a_break_is_named_before_its_commit_and_after_it(repository: Repository, found: Any) -> None:
    repository.commit()
    repository.land_more()
    assert found() == [GONE, MOOD]
    repository.commit()
    assert found() == [GONE, MOOD]
    repository.commit()
    assert found() == []


def test_a_branch_is_compared_with_where_it_left_main_however_many_commits_it_has(
    repository: Repository, found: Any
) -> None:
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "change")
    repository.edit(API, lambda api: api["paths"]["/plan/v1/plans"].pop("get"))
    repository.commit()
    repository.commit()
    assert found() == [GONE]


def test_what_is_on_the_server_counts_and_not_a_main_that_is_ahead_of_it(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit()
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", str(repository.at), str(clone))
    mine = object.__new__(Repository)
    mine.at = clone
    mine.edit(API, lambda api: api["paths"]["/plan/v1/plans"].pop("get"))
    mine.commit()
    mine.commit()
    assert broken(clone, tmp_path / "before") == [GONE]


def test_what_breaks_those_who_read_a_topic_is_named_too(repository: Repository, found: Any) -> None:
    topic = "topics/handrail.plan.v1.json"
    repository.commit()
    repository.edit(topic, lambda page: page["events"].pop(0))
    assert found() == [f"{topic}: /events/access.recorded: it leaves the topic"]
    (repository.at / "contracts" / topic).unlink()
    assert found() == [f"{topic}: the topic is removed"]


def test_the_numbers_of_a_rule_profile_stay_as_they_have_landed(repository: Repository, found: Any) -> None:
    repository.commit()
    file = repository.at / "contracts" / TEXAS
    text = file.read_text()
    file.write_text(text.replace("count = -5", "count = -3").replace("verified = false", "verified = true"))
    assert found() == [f"{TEXAS}: idea.pwn-before.due: changed; make a new version instead"]
    file.unlink()
    assert found() == [
        f"{TEXAS}: the profile is removed; what was decided under it could not be judged any more"
    ]


def test_a_profiles_last_day_may_still_come_and_a_new_version_may_stand_beside_it(
    repository: Repository, found: Any
) -> None:
    repository.commit()
    file = repository.at / "contracts" / TEXAS
    text = file.read_text()
    file.write_text(text.replace("verified =", "in_force_until = 2026-06-30\nverified ="))
    newer = text.replace('"2025-2"', '"2026-1"').replace("count = -5", "count = -3")
    file.with_name("tx-2026-1.toml").write_text(newer)
    assert found() == []


def test_an_excuse_excuses_one_break_and_no_other(repository: Repository, found: Any) -> None:
    repository.commit()
    repository.land_more()
    repository.excuse((GONE, "Nobody calls it yet."))
    assert found() == [MOOD]
    repository.excuse((GONE, "Nobody calls it yet."), (MOOD, "It was never written."))
    assert found() == []


def test_an_excuse_needs_a_reason_and_fails_when_the_change_has_landed(
    repository: Repository, found: Any
) -> None:
    repository.commit()
    repository.edit(API, lambda api: api["paths"]["/plan/v1/plans"].pop("get"))
    repository.excuse((GONE, " "))
    assert found() == [f"breaks.toml: {GONE}: say why"]
    repository.excuse((GONE, "Nobody calls it yet."))
    repository.commit()
    assert found() == []
    repository.commit()
    assert found() == []
    repository.git("checkout", "--quiet", "-b", "change")
    repository.commit()
    assert found() == [f"breaks.toml: {GONE}: nothing breaks so any more, take the entry out"]
