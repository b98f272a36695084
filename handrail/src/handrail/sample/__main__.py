"""The sample district is made in a process of its own: beside the services in theirs, that takes two thirds of the time.

`python -m handrail.sample URL FOLDER`, started by `handrail run`. It ends with the services: what it was making is made
on the next start.
"""

import json
import os
import signal
import sys
from pathlib import Path

import httpx
from rich.progress import TaskID

from handrail.bars import bars
from handrail.client import Handrail, NotConfigured, Refused
from handrail.console import console, err
from handrail.sample.build import build
from handrail.sample.made import SampleMade

STOPPED = 130


def main(url: str, folder: str) -> int:
    """Returns the exit code: 0 when the district is complete."""
    signal.signal(signal.SIGINT, _stop)
    operator = json.loads((Path(folder) / "operator.json").read_text())
    client = Handrail(url, operator["client_id"], operator["client_secret"])
    try:
        _with_bars(client, SampleMade.read(Path(folder)).password)
    except (Refused, NotConfigured, TimeoutError) as error:
        err(str(error))
        return 1
    except httpx.TransportError:
        return STOPPED
    return 0


def _stop(*_signal: object) -> None:
    """At once: the threads that are telling would go on to the end of the day, and the services wait for them."""
    console().show_cursor()
    os._exit(STOPPED)


def _with_bars(client: Handrail, password: str) -> None:
    with bars("  {task.description:<10}") as progress:
        begun: dict[str, TaskID] = {}

        def report(what: str, done: int, of: int) -> None:
            if what not in begun:
                begun[what] = progress.add_task(what, total=of)
            progress.update(begun[what], completed=done)

        build(client, password, report)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
