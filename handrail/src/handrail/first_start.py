"""What a first start makes, and what every start prints: where to look."""

import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from handrail.client import Handrail
from handrail.console import console, out
from handrail.data_folder import write_private
from handrail.embedded import Running
from handrail.sample import build as sample


def welcome(where: Running, client: Handrail, with_sample: bool) -> None:
    """Say where things are; on a first start make the sample district, or complete one that was interrupted."""
    file = where.folder.path / "sample.json"
    kept = _Sample.read(file)
    if with_sample and (where.first_start or kept.status == "started"):
        kept = _Sample("started", kept.password or secrets.token_urlsafe(9))
        kept.write(file)
        _with_bar(client, kept.password)
        kept = replace(kept, status="done")
        kept.write(file)
    _where_to_look(where, kept)


@dataclass(frozen=True, slots=True)
class _Sample:
    """How far the sample district is, and the password of its demo accounts, which no other installation has."""

    status: str = "none"
    password: str = ""

    @classmethod
    def read(cls, file: Path) -> "_Sample":
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def write(self, file: Path) -> None:
        write_private(file, json.dumps(asdict(self)))


def _with_bar(client: Handrail, password: str) -> None:
    out("Making the sample district (once, under a minute) ...")
    columns = (TextColumn("  {task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console()) as progress:
        bars: dict[str, int] = {}

        def report(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = int(progress.add_task(what, total=of))
            progress.update(progress.task_ids[list(bars).index(what)], completed=done)

        sample.build(client, password, report)


def _where_to_look(where: Running, kept: _Sample) -> None:
    out(f"""
  Console        {where.url}/
  API pages      {where.url}/plan/v1/docs  (and /progress/v1, /notify/v1, /audit/v1)
  Mails          {where.url}/mailbox
  Data           {where.folder.path}""")
    if kept.status == "done":
        out(
            f"  Sign in as     {' or '.join(sample.LOGINS)}, password {kept.password} (the sample district's demo accounts)"
        )
    out("  Try            .venv/bin/handrail demo          ctrl-C stops.\n")
