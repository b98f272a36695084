"""The command ``handrail``. Exit codes: 0 good, 1 a finding or a failed check, 2 wrong usage."""

import gc
import os
import sys

from handrail.commands import checking, districts, operating, starting
from handrail.commands.usage import group

app = group(__doc__)
for commands in (starting, districts, operating, checking):
    app.add_typer(commands.app)


def cli() -> None:
    """The entry point: a closed pipe is no error."""
    # Loading four services makes 300,000 objects that all stay: looking for garbage among them is a tenth of a start.
    gc.set_threshold(50_000, 20, 50)
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
