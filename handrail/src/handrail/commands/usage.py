"""What every command has in common: its options, and that an expected failure is one clear line and an exit code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import httpx
import typer

from handrail.client import NotConfigured, Refused
from handrail.console import err
from handrail.data_folder import DataFolderInUse
from runtime.roles import SERVICES

Data = Annotated[Path, typer.Option(envvar="HANDRAIL_DATA", help="The data folder of the embedded default.")]
Tenant = Annotated[str | None, typer.Option(help="The district's slug; needed when there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
DATA = Path("data")
T = TypeVar("T")


def group(help_: str | None = None) -> typer.Typer:
    """Commands that belong together; shown when none of them is named."""
    return typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=help_, add_completion=False)


@contextmanager
def told() -> Iterator[None]:
    """Every expected failure is one clear line and an exit code, never a traceback."""
    try:
        yield
    except Refused as error:
        err(str(error))
        raise typer.Exit(1) from error
    except (NotConfigured, DataFolderInUse) as error:
        err(str(error))
        raise typer.Exit(2) from error
    except httpx.HTTPError as error:
        err(f"The connection failed: {type(error).__name__}. Is Handrail running? `make run` starts it.")
        raise typer.Exit(1) from error


@contextmanager
def from_the_environment() -> Iterator[None]:
    """A setting that is missing is named, and is wrong usage; so is a database that is too old."""
    from runtime.database import DatabaseTooOld
    from runtime.settings import MissingSetting  # Brings everything a service needs: only for who needs it.

    with told():
        try:
            yield
        except (MissingSetting, DatabaseTooOld) as error:
            raise NotConfigured(str(error)) from error


def operated(work: Callable[[], T]) -> T:
    """What works on the databases themselves: every expected failure is one clear line."""
    from contracts.problems import Problem
    from runtime.database import UNREACHABLE
    from runtime.projection import RebuildRunning, ReplayFailed

    with told():
        try:
            return work()
        except (Problem, RebuildRunning, ReplayFailed) as error:
            err(str(error))
        except UNREACHABLE as error:
            err(
                f"The database does not answer ({type(error).__name__}). Is Handrail running? `make run` starts it."
            )
        raise typer.Exit(1)


def services_named(named: str | None) -> list[str]:
    """The one that was named, or all four."""
    if named is None:
        return list(SERVICES)
    known(named)
    return [named]


def known(service: str, *more: str) -> None:
    """Say which there are when there is no such service."""
    if service not in (*SERVICES, *more):
        err(f"There is no such service; choose {', '.join((*SERVICES, *more))}.")
        raise typer.Exit(2)
