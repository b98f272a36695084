"""Rules about the code that no linter knows, each with its reason and a test that it really finds what it forbids.

Nothing in a service's ``domain`` is ``async``, reads a clock or makes an id: what varies comes in as an argument. That
lets a rule be tried in microseconds, and a replay give the same answer in ten years. What ``domain`` may import is
import-linter's part (pyproject.toml). And nothing commits a transaction outside ``runtime``: there alone it is said
what is durable when, and what a crash may lose.

A line that must break a rule says so: ``# house-rule: no-commit, because ...``. An excuse nobody needs any more fails.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parent.parent
SERVICES = sorted((ROOT / "services").glob("*/src/*/"))
EXCUSE = re.compile(r"# house-rule: (?P<rule>[a-z-]+), because \S+")

READS_A_CLOCK = {
    "date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.time", "time.time_ns", "time.monotonic",
    "time.monotonic_ns", "time.perf_counter", "time.localtime", "time.gmtime", "time.sleep",
}  # fmt: skip
MAKES_AN_ID = {
    "uuid.uuid1", "uuid.uuid4", "uuid.uuid6", "uuid.uuid7", "os.urandom", "secrets.token_bytes", "secrets.token_hex",
    "secrets.token_urlsafe", "random.random", "random.randint", "random.choice", "random.randbytes",
}  # fmt: skip


def impurities(code: str) -> Iterator[tuple[int, str]]:
    """Where a module of ``domain`` is not pure: the line, and what is wrong there."""
    tree = ast.parse(code)
    full_names = dict(_imported(tree))
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef() | ast.AsyncFor() | ast.AsyncWith() | ast.Await():
                yield node.lineno, "is async"
            case ast.comprehension(is_async=1):
                yield node.target.lineno, "is async"
            # A mere mention is enough: `default_factory=uuid4` calls it as surely as `uuid4()`.
            case ast.Attribute() | ast.Name():
                name = _full_name(node, full_names)
                if _ends_in(name, READS_A_CLOCK):
                    yield node.lineno, f"reads a clock ({name})"
                elif _ends_in(name, MAKES_AN_ID):
                    yield node.lineno, f"makes an id ({name})"


def commits(code: str) -> Iterator[tuple[int, str]]:
    """Where a transaction is committed by hand, in Python or in SQL."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Attribute(attr="commit")):
                yield node.lineno, "commits"
            case ast.Constant(value=str(text)) if re.fullmatch(r"\s*COMMIT\s*;?\s*", text, re.IGNORECASE):
                yield node.lineno, "commits"


def broken(rule: str, found: Iterator[tuple[int, str]], code: str) -> list[str]:
    """What stays after the excuses: findings without one, and excuses without a finding."""
    lines = code.splitlines()
    excused = {n for n, line in enumerate(lines, 1) if (said := EXCUSE.search(line)) and said["rule"] == rule}
    findings = sorted(set(found))
    without_excuse = [f"line {line} {what}" for line, what in findings if line not in excused]
    without_need = sorted(excused - {line for line, _ in findings})
    return without_excuse + [f"line {line}: the excuse is no longer needed" for line in without_need]


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each local name that an import made, and what it stands for: `from uuid import uuid4 as new_id`."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from ((name.asname or name.name, f"{module}.{name.name}") for name in names)
            case ast.Import(names=names):
                yield from ((name.asname, name.name) for name in names if name.asname)


def _full_name(node: ast.expr, full_names: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return full_names.get(name, name)
        case ast.Attribute(value=value, attr=attr):
            return f"{_full_name(value, full_names)}.{attr}"
        case _:
            return "?"


def _ends_in(name: str, forbidden: set[str]) -> bool:
    """`datetime.datetime.now` and `dt.datetime.now` end in `datetime.now`; `uuid_utils.uuid7` makes an id as well."""
    name = name.replace("uuid_utils.", "uuid.").replace("uuid.compat.", "uuid.")
    return ".".join(name.split(".")[-2:]) in forbidden


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_service_has_a_domain_to_look_at():
    assert len(SERVICES) == 4
    assert all(modules(service / "domain") for service in SERVICES)


@pytest.mark.parametrize("path", modules(*(service / "domain" for service in SERVICES)), ids=named)
def test_a_rule_of_the_domain_is_a_pure_function(path: Path):
    code = path.read_text()
    assert broken("pure-domain", impurities(code), code) == []


@pytest.mark.parametrize("path", modules(*SERVICES, ROOT / "handrail" / "src"), ids=named)
def test_nothing_commits_outside_the_runtime(path: Path):
    code = path.read_text()
    assert broken("no-commit", commits(code), code) == []


@pytest.mark.parametrize(
    "code",
    [
        "async def decide(): ...",
        "def later():\n    async def inner(): ...",
        "from datetime import date\ndue = date.today()",
        "from datetime import UTC, datetime\nnow = datetime.now(UTC)",
        "import datetime as dt\nnow = dt.datetime.now(dt.UTC)",
        "import time\nstarted = time.time()",
        "from time import time\nstarted = time()",
        "import uuid\nnew = uuid.uuid4()",
        "from uuid import uuid4 as new_id\nmade = new_id()",
        "from uuid_utils.compat import uuid7\nnew = uuid7()",
        "import uuid_utils\nnew = uuid_utils.uuid7()",
        "from dataclasses import field\nfrom uuid import uuid4\nid = field(default_factory=uuid4)",
        "import secrets\ntoken = secrets.token_urlsafe(16)",
    ],
)
def test_an_impure_domain_is_found(code: str):
    assert len(list(impurities(code))) == 1


def test_a_pure_domain_is_left_alone():
    code = dedent("""\
        from datetime import date, timedelta
        from uuid import UUID

        def earliest_change(given_on: date, notice_days: int, now: date, time: date) -> date:
            return max(given_on + timedelta(days=notice_days), now, time, date(2026, 1, 1))
    """)
    assert list(impurities(code)) == []


@pytest.mark.parametrize(
    "code", ["rows.commit()", "await_ = session.commit()", 'run("COMMIT;")', 'run(" commit ")']
)
def test_a_commit_is_found(code: str):
    assert len(list(commits(code))) == 1


def test_talk_of_a_commit_is_left_alone():
    assert (
        list(commits('"""Runs before the commit."""\nhint = "COMMIT to nothing"\nwith rows.begin(): pass'))
        == []
    )


def test_an_excuse_counts_only_with_its_reason_for_its_rule_and_while_needed():
    excused = "rows.commit()  # house-rule: no-commit, because VACUUM cannot run inside one"
    assert broken("no-commit", commits(excused), excused) == []

    for no_excuse in (
        "rows.commit()  # house-rule: no-commit",
        "rows.commit()  # house-rule: other, because so",
    ):
        assert broken("no-commit", commits(no_excuse), no_excuse) == ["line 1 commits"]

    outlived = "rows.read()  # house-rule: no-commit, because VACUUM cannot run inside one"
    assert broken("no-commit", commits(outlived), outlived) == ["line 1: the excuse is no longer needed"]
