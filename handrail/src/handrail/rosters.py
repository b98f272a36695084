"""`handrail import`: the same upload route that a vendor uses, with a progress bar."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

from rich.table import Table

from handrail.bars import bars
from handrail.client import Handrail
from handrail.console import console, out

POLL_SECONDS = 0.25
SHOWN = 20


def import_roster(
    client: Handrail, kind: str, path: Path, *, all_or_nothing: bool = False, quiet: bool = False
) -> dict[str, Any]:
    """Upload, wait until the job has ended, show what was read, created, changed and refused."""
    content, media_type = _packed(path)
    answer = client.request(
        "POST", "/plan/v1/imports", content=content,
        params={"format": kind, "all_or_nothing": str(all_or_nothing).lower(), "name": path.name},
        headers={"content-type": media_type},
    )  # fmt: skip
    job: dict[str, Any] = answer.json()
    with bars(quiet=quiet) as progress:
        bar = progress.add_task(f"importing {path.name}", total=job.get("total") or None)
        while job["status"] in {"waiting", "running"}:
            time.sleep(POLL_SECONDS)
            job = client.get(f"/plan/v1/imports/{job['id']}")
            progress.update(bar, total=job.get("total") or None, completed=job.get("done", 0))
    if not quiet:
        _show(job)
    return job


def _packed(path: Path) -> tuple[bytes, str]:
    """A folder travels as a zip of the files in it."""
    if path.is_dir():
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path.iterdir()):
                if file.suffix.lower() in {".xml", ".csv"}:
                    archive.write(file, file.name)
        return buffer.getvalue(), "application/zip"
    return path.read_bytes(), "application/xml" if path.suffix.lower() == ".xml" else "application/zip"


def _show(job: dict[str, Any]) -> None:
    out(
        f"{job['status']}: {job['read']} rows read, {job['created']} created, {job['changed']} changed,"
        f" {job['unchanged']} unchanged, {job['ignored']} passed over, {job['refused']} refused"
    )
    refusals = job.get("refusals", [])
    if refusals:
        table = Table("file", "line", "reason")
        for row in refusals[:SHOWN]:
            table.add_row(row["file"], str(row["line"] or ""), row["reason"])
        console().print(table)
        if job["refused"] > SHOWN:
            out(f"... and {job['refused'] - SHOWN} more: GET /plan/v1/imports/{job['id']}")
