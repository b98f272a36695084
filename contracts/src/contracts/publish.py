"""Write what is published: ``python -m contracts.publish`` renders schemas and topics into the repository's contracts/.

It refuses, and writes nothing, where a change would break what was published under the same name and schema number.
``--check`` writes nothing and fails when the files are not what the classes say; ``--against FOLDER`` also compares with
the contracts/ of another revision, OpenAPI documents included, so that nobody gets round the refusal by deleting a file.
A break that is meant stands in contracts/breaks.toml, in the words in which it is named here, with its reason.

The one place of the package that reads and writes files, for the hand and for CI; nothing imports it.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contracts.asyncapi import asyncapi_document, topic_page
from contracts.catalogue import RETIRED_EVENTS, TOPICS
from contracts.compatibility import breaking_event_changes
from contracts.event import registered_events
from contracts.openapi_compatibility import breaking_openapi_changes
from contracts.schemas import event_schema
from contracts.topic_compatibility import breaking_record_changes, breaking_topic_changes

Document = dict[str, Any]
ReadFile = Callable[[str], str | None]

HERE = Path(__file__).parents[2]
BREAKS = "breaks.toml"
ASYNCAPI = "topics/asyncapi.json"
PROFILES = "src/contracts/profiles"
PUBLISHED = ("schemas", "topics", "openapi", PROFILES)


@cache
def rendered() -> Mapping[str, str]:
    """Every published file by its path under contracts/, as it should be."""
    files = {
        f"schemas/{name}.v{cls.schema_number}.json": event_schema(cls)
        for name, cls in registered_events().items()
    }
    files |= {f"topics/{topic.name}.json": topic_page(topic) for topic in TOPICS}
    files[ASYNCAPI] = asyncapi_document(version("handrail-contracts"))
    return {
        path: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for path, document in files.items()
    }


def breaking(published: Iterable[str], read: ReadFile, now: Mapping[str, str]) -> list[str]:
    """What in ``now`` breaks a file of ``published``, as ``file: place: what``."""
    found = []
    for path in sorted(published):
        before, after = read(path), now.get(path)
        if before in (None, after):
            continue
        if path.startswith("schemas/"):
            found += [f"{path}: {change}" for change in _schema_changes(path, before, after)]
        elif path.startswith("topics/"):
            found += [f"{path}: {change}" for change in _topic_changes(path, before, after)]
        elif path.startswith("openapi/") and after is not None:
            changes = breaking_openapi_changes(json.loads(before), json.loads(after))
            found += [f"{path}: {change}" for change in changes]
        elif path.startswith("openapi/"):
            found.append(f"{path}: the document is removed")
        elif path.startswith(PROFILES):
            found += [f"{path}: {change}" for change in _profile_changes(before, after)]
    return found


def _topic_changes(path: str, before: str, after: str | None) -> list[str]:
    if after is None:
        return ["the topic is removed"]
    compare = breaking_record_changes if path == ASYNCAPI else breaking_topic_changes
    return compare(json.loads(before), json.loads(after))


def _profile_changes(before: str, after: str | None) -> list[str]:
    """What was decided under a version stays judged by it: only its last day and counsel's word may still come."""
    if after is None:
        return ["the profile is removed; what was decided under it could not be judged any more"]
    was, now = ({f"{part}.{name}": value for part, name, value in _said(text)} for text in (before, after))
    return [
        f"{at}: {'taken out' if at not in now else 'added' if at not in was else 'changed'}; make a new version instead"
        for at in sorted(was.keys() | now.keys())
        if was.get(at) != now.get(at) and at not in ("profile.verified", "profile.in_force_until")
    ]


def _said(text: str) -> Iterator[tuple[str, str, Any]]:
    profile = tomllib.loads(text)
    for table in ("profile", "minutes"):
        yield from ((table, name, value) for name, value in profile.get(table, {}).items())
    for rule_id, rule in profile.get("rule", {}).items():
        yield from ((rule_id, name, value) for name, value in rule.items())


def _schema_changes(path: str, before: str, after: str | None) -> list[str]:
    if after is not None:
        return breaking_event_changes(json.loads(before), json.loads(after))
    name, _, number = path.removeprefix("schemas/").removesuffix(".json").rpartition(".v")
    newest = registered_events().get(name)
    if name in RETIRED_EVENTS or (newest is not None and int(number) < newest.schema_number):
        return []
    return ["the event is removed; it may only be retired (contracts.catalogue.RETIRED_EVENTS)"]


TAKE_IT_OUT = "nothing breaks so any more, take the entry out"


def broken_since(before: Path, folder: Path, now: Mapping[str, str] | None = None) -> list[str]:
    """What ``folder``, or ``now`` in its stead, breaks of what another revision published, but for what is meant."""
    ours = [path for kind in PUBLISHED for path in _published_in(folder, kind)]
    files = {path: (folder / path).read_text(encoding="utf-8") for path in ours}
    published = [path for kind in PUBLISHED for path in _published_in(before, kind)]
    found = breaking(published, _read_in(before), {**files, **(now or {})})
    excused = _meant(folder)
    problems = [change for change in found if change not in excused]
    for place, why in excused.items():
        if not why.strip():
            problems.append(f"{BREAKS}: {place}: say why")
        if place not in found:
            problems.append(f"{BREAKS}: {place}: {TAKE_IT_OUT}")
    return problems


def _meant(folder: Path) -> dict[str, str]:
    entries = tomllib.loads(_read_in(folder)(BREAKS) or "").get("break", ())
    return {entry["place"]: entry["why"] for entry in entries}


def differences(now: Mapping[str, str], folder: Path) -> list[str]:
    """Which committed files are not what the classes say."""
    return [
        f"{path} is not as rendered" for path, text in sorted(now.items()) if _read_in(folder)(path) != text
    ]


def main(arguments: list[str] | None = None) -> int:
    """0 good, 1 a breaking change or a stale file."""
    parser = argparse.ArgumentParser(prog="python -m contracts.publish", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on stale files")
    parser.add_argument(
        "--against", metavar="FOLDER", type=Path, help="also compare with this contracts folder"
    )
    parser.add_argument("--folder", type=Path, default=HERE, help="the contracts folder of the repository")
    options = parser.parse_args(arguments)

    folder: Path = options.folder
    now = rendered()
    meant = _meant(folder)
    published = _published_in(folder, "schemas") + _published_in(folder, "topics")
    problems = [change for change in breaking(published, _read_in(folder), now) if change not in meant]
    if options.against:
        problems += broken_since(options.against, folder, now)
    if not problems and options.check:
        problems = differences(now, folder)
    for problem in dict.fromkeys(problems):
        print(problem, file=sys.stderr)
    if problems:
        return 1
    if not options.check:
        for path, text in now.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return 0


def _read_in(folder: Path) -> ReadFile:
    def read(path: str) -> str | None:
        file = folder / path
        return file.read_text(encoding="utf-8") if file.is_file() else None

    return read


def _published_in(folder: Path, kind: str) -> list[str]:
    ending = "toml" if kind == PROFILES else "json"
    return [f"{kind}/{file.name}" for file in (folder / kind).glob(f"*.{ending}")]


if __name__ == "__main__":
    sys.exit(main())
