"""The committed schemas and topic pages are what the classes say, and no change breaks what was published."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts import publish
from contracts.catalogue import RETIRED_EVENTS, TOPICS
from contracts.event import registered_events

CONTRACTS = Path(__file__).parents[1]


def test_the_committed_files_are_as_rendered() -> None:
    assert publish.differences(publish.rendered(), CONTRACTS) == []


def test_every_published_schema_still_has_its_event() -> None:
    published = {file.name for file in (CONTRACTS / "schemas").glob("*.json")}
    exampled = {file.name for file in (CONTRACTS / "examples").glob("*.json")}

    assert published <= exampled, "a published schema keeps its golden example"


def test_no_retired_name_is_used_again() -> None:
    assert RETIRED_EVENTS.isdisjoint(registered_events())


def test_every_event_travels_on_a_topic_and_store_events_on_all() -> None:
    carried = [name for topic in TOPICS for name in topic.events()]

    assert set(carried) == set(registered_events())
    assert carried.count("tenant.opened") == len(TOPICS)
    assert carried.count("plan.adopted") == 1


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = json.loads((CONTRACTS / "topics" / "asyncapi.json").read_text(encoding="utf-8"))

    assert document["asyncapi"] == "3.0.0"
    references = list(_references(document))
    assert references
    for reference in references:
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
    for message in document["components"]["messages"].values():
        assert (CONTRACTS / "topics" / message["x-contents"]).is_file()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The published files, to be broken."""
    shutil.copytree(CONTRACTS / "schemas", tmp_path / "schemas")
    shutil.copytree(CONTRACTS / "topics", tmp_path / "topics")
    return tmp_path


def edit(folder: Path, change: Any) -> None:
    """Pretend that something else had been published before."""
    file = folder / "schemas" / "progress.benchmark_measured.v1.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    change(schema)
    file.write_text(json.dumps(schema), encoding="utf-8")


def test_publishing_over_the_same_files_is_good(folder: Path) -> None:
    assert publish.main(["--folder", str(folder)]) == 0
    assert publish.main(["--folder", str(folder), "--check"]) == 0


def test_nothing_of_what_is_published_breaks_itself() -> None:
    """Written another way, so that it is compared: a comparer that found something would refuse somebody's next change."""
    now = publish.rendered() | {
        f"openapi/{file.name}": file.read_text() for file in (CONTRACTS / "openapi").glob("*.json")
    }

    assert publish.breaking(now, lambda path: json.dumps(json.loads(now[path])), now) == []


def test_a_stale_file_fails_the_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "topics" / "asyncapi.json").write_text("{}", encoding="utf-8")

    assert publish.main(["--folder", str(folder), "--check"]) == 1
    assert "topics/asyncapi.json is not as rendered" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda schema: schema["properties"].update(mood={"type": "string"}), "/mood: the field is removed"),
        (lambda schema: schema["required"].remove("unit"), "/unit: newly required"),
        (lambda schema: schema["properties"]["unit"].update(type="integer"), "/unit: the type changes"),
        (
            lambda schema: schema["properties"]["unit"].update(maxLength=2000),
            "/unit: maxLength falls to 1000",
        ),
    ],
)
def test_a_breaking_change_is_refused_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Any, said: str
) -> None:
    edit(folder, change)
    before = {file: file.read_text(encoding="utf-8") for file in folder.rglob("*.json")}

    assert publish.main(["--folder", str(folder)]) == 1

    assert said in capsys.readouterr().err
    assert {file: file.read_text(encoding="utf-8") for file in folder.rglob("*.json")} == before


def test_removing_an_event_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(folder / "schemas" / "plan.ended.v1.json", folder / "schemas" / "plan.stopped.v1.json")

    assert publish.main(["--folder", str(folder)]) == 1
    assert "plan.stopped.v1.json: the event is removed" in capsys.readouterr().err


def test_deleting_the_file_first_does_not_get_round_the_comparison_with_another_revision(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder, lambda schema: schema["properties"].update(mood={"type": "string"}))
    before = shutil.copytree(folder, tmp_path_factory.mktemp("before") / "contracts")
    (folder / "schemas" / "progress.benchmark_measured.v1.json").unlink()

    assert publish.main(["--folder", str(folder)]) == 0
    assert publish.main(["--folder", str(folder), "--check", "--against", str(before)]) == 1
    assert "/mood: the field is removed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"paths": {}}, "openapi/plan.json: /v1/plans: the path is removed"),
        (None, "openapi/plan.json: the document is removed"),
    ],
)
def test_a_breaking_change_of_an_openapi_document_is_refused(
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    now: dict[str, Any] | None,
    said: str,
) -> None:
    before = tmp_path_factory.mktemp("before")
    published: dict[str, Any] = {"paths": {"/v1/plans": {"get": {"responses": {}}}}}
    for there, document in ((before, published), (folder, now)):
        (there / "openapi").mkdir()
        if document is not None:
            (there / "openapi" / "plan.json").write_text(json.dumps(document), encoding="utf-8")

    assert publish.main(["--folder", str(folder), "--check", "--against", str(before)]) == 1
    assert said in capsys.readouterr().err


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for inner in value.values() for found in _references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in _references(inner)]
    return []
