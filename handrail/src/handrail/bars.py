"""How far something has come, for who waits at the terminal."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from handrail.console import console


def bars(label: str = "{task.description}", *, quiet: bool = False) -> Progress:
    """A bar for each task: what, how far, how many of how many, since when."""
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console(), disable=quiet)
