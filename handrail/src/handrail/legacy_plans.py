"""`handrail import plans`: plans of another system from an NDJSON file, through the same route that a vendor uses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from handrail.bars import bars
from handrail.client import Handrail
from handrail.console import out

LINES = 200
BYTES = 4 * 1024 * 1024
SHOWN = 20


def import_plans(client: Handrail, path: Path, *, quiet: bool = False) -> dict[str, Any]:
    """Send every line and show what became of it. Interrupted, it is begun again: what was taken over stays as it is."""
    done: dict[str, Any] = {"status": "done", "read": 0, "created": 0, "unchanged": 0, "refused": 0, "refusals": []}  # fmt: skip
    total = sum(1 for _ in _numbered(path))
    with bars(quiet=quiet) as progress:
        bar = progress.add_task(f"importing {path.name}", total=total)
        for batch in _batches(path):
            answer = client.request(
                "POST", "/plan/v1/plans/bulk", content=b"\n".join(line for _, line in batch),
                headers={"content-type": "application/x-ndjson"},
            )  # fmt: skip
            for (number, _), result in zip(batch, answer.text.splitlines(), strict=True):
                _count(done, number, json.loads(result))
            progress.advance(bar, len(batch))
    if not quiet:
        _show(done)
    return done


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line.strip()


def _batches(path: Path) -> Iterator[list[tuple[int, bytes]]]:
    batch: list[tuple[int, bytes]] = []
    size = 0
    for number, line in _numbered(path):
        if batch and (len(batch) == LINES or size + len(line) > BYTES):
            yield batch
            batch, size = [], 0
        batch.append((number, line))
        size += len(line)
    if batch:
        yield batch


def _count(done: dict[str, Any], number: int, result: dict[str, Any]) -> None:
    done["read"] += 1
    match result["status"]:
        case 201:
            done["created"] += 1
        case 200:
            done["unchanged"] += 1
        case _:
            done["refused"] += 1
            problem = result["problem"]
            reasons = [error.get("detail") or error.get("message") or "" for error in problem["errors"]]
            reason = "; ".join(filter(None, reasons)) or problem["detail"]
            done["refusals"].append({"line": number, "reason": reason})


def _show(done: dict[str, Any]) -> None:
    out(f"{done['read']} plans read, {done['created']} taken over, {done['unchanged']} here already, "
        f"{done['refused']} refused")  # fmt: skip
    for refusal in done["refusals"][:SHOWN]:
        out(f"  line {refusal['line']}: {refusal['reason']}")
    if done["refused"] > SHOWN:
        out(f"  ... and {done['refused'] - SHOWN} more: --json lists all")
