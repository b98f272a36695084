"""``python -m bench [names] [--quick] [--json FILE]``: prints a table of ratios and writes them as JSON."""

import argparse
import asyncio
import importlib
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.ground import Ground
from bench.measure import Row, Skipped
from bench.processes import run

NAMES = (
    "commands", "measurements", "amendments", "append", "load", "read", "rebuild", "sequencer", "relay", "access", "timeline",
    "letters", "notices", "notices_kafka", "delivery", "findings", "log",
)  # fmt: skip


async def main(names: Iterable[str], quick: bool, json_file: Path) -> int:
    """Run the named benchmarks one after another; 1 when one failed."""
    console = Console(width=max(Console().width, 150))
    ground = Ground(quick=quick)
    rows: list[Row] = []
    left_out: dict[str, str] = {}
    failed = False
    loads = [os.getloadavg()[0]]
    try:
        await ground.start()
        for name in names:
            began = time.monotonic()
            try:
                found = await importlib.import_module(f"bench.{name}").bench(ground)
            except Skipped as reason:
                left_out[name] = str(reason)
                console.print(f"{name}: left out, {reason}")
                continue
            except Exception:
                traceback.print_exc()
                left_out[name], failed = "failed", True
                continue
            rows += found
            console.print(table(found))
            console.print(f"[dim]{name}: {time.monotonic() - began:.0f} s[/dim]")
    finally:
        ground.stop()
    loads.append(os.getloadavg()[0])
    if len(list(names)) > 1:
        console.print(table(rows))
    await asyncio.to_thread(
        write, json_file, json.dumps(as_json(rows, left_out, quick, loads), indent=2) + "\n"
    )
    console.print(f"Written to {json_file}. Rates drift with the machine; ratios are what counts.")
    console.print(
        f"The machine's load was {loads[0]:.1f} before and {loads[1]:.1f} after, on {os.cpu_count()} cores."
    )
    return int(failed)


def write(file: Path, text: str) -> None:
    """Write ``text``, making the folder when it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def table(rows: Iterable[Row]) -> Table:
    """What a person reads."""
    shown = Table("path", "rate", "floor", "ratio", "wanted", "besides")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        if row.reached is not None:
            ratio = f"[green]{ratio}[/green]" if row.reached else f"[red]{ratio}[/red]"
        floor = f"{row.floor_rates and _median(row.floor_rates):,.0f}  {row.floor}" if row.floor else ""
        wanted = "" if row.wanted is None else f"at least {row.wanted:g}"
        wanted = wanted if row.most is None else f"below {row.most:g} {row.unit}"
        besides = ", ".join(f"{name} {value}" for name, value in row.facts.items())
        shown.add_row(
            f"{row.bench}: {row.path}", f"{row.rate:,.0f} {row.unit}", floor, ratio, wanted, besides
        )
    return shown


def _median(rates: Iterable[float]) -> float:
    ordered = sorted(rates)
    return ordered[len(ordered) // 2]


def as_json(
    rows: Iterable[Row], left_out: dict[str, str], quick: bool, loads: Iterable[float]
) -> dict[str, object]:
    """What a later run is compared with. Nothing of it names this machine."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in loads],
        "results": [
            {"bench": row.bench, "path": row.path, "unit": row.unit, "rates": [round(rate, 1) for rate in row.rates],
             "floor": row.floor, "floor_rates": [round(rate, 1) for rate in row.floor_rates],
             "ratio": row.ratio and round(row.ratio, 3), "wanted": row.wanted, "most": row.most,
             "reached": row.reached,
             "besides": dict(row.facts)}
            for row in rows
        ],
        "left_out": left_out,
    }  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; all of them when none is named")
    parser.add_argument(
        "--quick", action="store_true", help="less data and fewer rounds: all of it in about three minutes"
    )
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "latest.json")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return given


if __name__ == "__main__":
    given = _arguments()
    sys.exit(run(main(given.names or NAMES, given.quick, given.json)))
