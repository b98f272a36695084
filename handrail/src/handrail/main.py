"""The command ``handrail``. Exit codes: 0 good, 1 a finding or a failed check, 2 wrong usage."""

import os
import sys

from handrail.commands import checking, districts, operating, starting
from handrail.commands.usage import group

app = group(__doc__)
for commands in (starting, districts, operating, checking):
    app.add_typer(commands.app)


def cli() -> None:
    """The entry point: a closed pipe is no error."""
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
