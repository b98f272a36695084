"""Parquet for other engines: no contents, a documented schema, and DuckDB answers a question over it."""

from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from audit_service.application.parquet_export import SCHEMAS, FolderRefused, export
from audit_service.testing_facts import (
    JONAS,
    PLAN,
    adopted,
    confirmed,
    draft_opened,
    missed,
    registered,
    session,
)
from contracts.progress import SessionVoided
from contracts.testing import an_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def exported(world, tmp_path):
    """A plan, three sessions, one of them struck out."""
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted())
    struck = SessionVoided(effective_on=date(2025, 10, 13), session_id=an_id("session 2025-10-13"), plan_id=PLAN,
                           item_id=an_id("nurse's checks"), personal={"reason": "A duplicate."})  # fmt: skip
    await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2025, 9, 29)), missed(date(2025, 10, 6)),
                      session(date(2025, 10, 13)), struck)  # fmt: skip
    await world.caught_up()
    assert await world.audit.judging.settled(world.tenant, 10.0) == 0
    folder = tmp_path / "out"
    rows: dict[str, int] = {}

    def count(name: str, more: int) -> None:
        rows[name] = rows.get(name, 0) + more

    await export(world.evidence, [world.tenant], folder, count)
    return folder, rows


async def test_duckdb_answers_which_rules_are_open_and_how_much_was_given(exported) -> None:
    folder, rows = exported
    assert rows["deliveries"] == 3
    assert rows["events"] >= 8
    open_ = duckdb.sql(
        f"SELECT rule, count(*) FROM read_parquet('{folder}/findings/**/*.parquet', hive_partitioning = true)"
        " WHERE state = 'overdue' AND school_year = '2025-2026' GROUP BY rule ORDER BY rule"
    ).fetchall()
    assert ("s504.responsible", 3) in open_
    given = duckdb.sql(
        f"SELECT status, sum(minutes) FROM read_parquet('{folder}/deliveries/**/*.parquet') WHERE NOT voided GROUP BY status"
        " ORDER BY status"
    ).fetchall()
    assert given == [("delivered", 30), ("missed", 30)]
    logs = duckdb.sql(
        f"SELECT source, count(*) FROM read_parquet('{folder}/events/**/*.parquet', hive_partitioning = true)"
        " WHERE source IN ('plan', 'progress') GROUP BY source ORDER BY source"
    ).fetchall()
    assert logs[1] == ("progress", 4)


async def test_no_contents_and_no_names_leave(exported) -> None:
    folder, _ = exported
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for word in (b"Jonas", b"Feld", b"A duplicate", b"snack"):
        assert word not in written
    text = str([pq.read_table(path).to_pylist() for path in folder.rglob("*.parquet")])
    assert "Feld" not in text
    assert "diabetes" not in text


async def test_each_column_says_what_it_means(exported) -> None:
    folder, _ = exported
    assert (folder / "schema.json").exists()
    for name, columns in SCHEMAS.items():
        schema = pq.read_schema(next((folder / name).rglob("*.parquet")))
        for field in schema:
            assert field.metadata[b"description"].decode() == columns[field.name].says


async def test_an_export_begins_in_an_empty_folder(world, tmp_path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(FolderRefused):
        await export(world.evidence, [world.tenant], tmp_path)
    with pytest.raises(FolderRefused, match="cannot be made: Not a directory"):
        await export(world.evidence, [world.tenant], tmp_path / "note" / "below")
    assert (tmp_path / "note").read_text() == "mine"
