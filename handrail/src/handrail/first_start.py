"""What a first start makes, and what every start prints: where to look."""

import json
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from handrail.client import Handrail
from handrail.console import console, out
from handrail.data_folder import write_private
from handrail.embedded import Running
from handrail.sample import build as sample


def welcome(where: Running, client: Handrail, with_sample: bool) -> None:
    """Say where things are; on a first start make the sample district, or complete one that was interrupted."""
    state = where.folder.path / "sample.json"
    if with_sample and (where.first_start or _status(state) == "started"):
        write_private(state, json.dumps({"status": "started"}))
        _with_bar(client)
        write_private(state, json.dumps({"status": "done"}))
    _where_to_look(where, _status(state) == "done")


def _status(state: Path) -> str:
    return str(json.loads(state.read_text())["status"]) if state.exists() else "none"


def _with_bar(client: Handrail) -> None:
    out("Making the sample district (once, under a minute) ...")
    columns = (TextColumn("  {task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console()) as progress:
        bars: dict[str, int] = {}

        def report(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = int(progress.add_task(what, total=of))
            progress.update(progress.task_ids[list(bars).index(what)], completed=done)

        sample.build(client, report)


def _where_to_look(where: Running, with_sample: bool) -> None:
    out(f"""
  Console        {where.url}/
  API pages      {where.url}/plan/docs  {where.url}/progress/docs  {where.url}/notify/docs  {where.url}/audit/docs
  Mails          {where.url}/mailbox
  Data           {where.folder.path}""")
    if with_sample:
        out("  Sign in with a demo account of the sample district: the sign-in page lists them.")
    out("  Try            .venv/bin/handrail demo          ctrl-C stops.\n")
