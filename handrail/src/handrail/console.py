"""What the command line prints."""

import json
import sys
from typing import Any

from rich.console import Console

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


def out(text: str) -> None:
    """A line for the reader."""
    _out.print(text, markup=False)


def err(text: str) -> None:
    """A line that says what went wrong and what to do."""
    _err.print(text, markup=False, style="red")


def show(found: Any, as_json: bool, text: str | None) -> None:
    """JSON for a program, or the text for a person."""
    if as_json:
        json.dump(found, sys.stdout, default=str)
        sys.stdout.write("\n")
    elif text is not None:
        out(text)


def console() -> Console:
    """For progress bars and tables."""
    return _out
