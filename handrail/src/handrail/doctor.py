"""`handrail doctor`: what an operator looks at first, each with what to do about it."""

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from handrail.client import Handrail, Refused
from runtime.roles import SERVICES

LITTLE_SPACE = 2**30
"""Bytes free below which somebody should make room: PostgreSQL stops at none."""
CURES = {
    "sequencer stopped": "Look at the service's log and at its PostgreSQL; restart the service. Nothing is lost meanwhile.",
    "parked": "`handrail parked list` names the events; mend the cause, then `handrail parked retry STUDENT`.",
    "lag": "Let it catch up; if it grows, look at the transport and at the service's log.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    detail: str
    cure: str = ""

    def __str__(self) -> str:
        mark = "good" if self.good else "LOOK"
        return f"{mark}  {self.what}: {self.detail}" + (f"\n      {self.cure}" if self.cure else "")


def examine(client: Handrail, data: Path) -> Iterator[Finding]:
    """Look at the services, the logs of every district and the data folder, if there is one here; changes nothing."""
    told = {service: _health(client, service) for service in SERVICES}
    for service, health in told.items():
        yield from _service(f"{service}-service", health)
    if None not in told.values():
        yield from _logs(client)
    if (data / "secrets.json").exists():
        yield from _folder(data)


def _health(client: Handrail, service: str) -> dict[str, Any] | None:
    """What the service says of itself; ``None`` when it does not answer."""
    try:
        return client.health(service)
    except (httpx.HTTPError, ValueError):
        return None


def _service(name: str, told: dict[str, Any] | None) -> Iterator[Finding]:
    if told is None:
        yield Finding(
            name, False, "does not answer", "Start it: `make run`, or `handrail serve` with its settings."
        )
        return
    wrong = [*told.get("failing", []), *told.get("degraded", [])]
    for each in wrong:
        cure = next((cure for start, cure in CURES.items() if each["what"].startswith(start)), "")
        yield Finding(name, False, f"{each['what']}, since {each['since']}: {each['detail']}", cure)
    if not wrong:
        yield Finding(name, True, "ready")


def _logs(client: Handrail) -> Iterator[Finding]:
    try:
        tenants = [row["tenant"] for row in client.get("/audit/v1/tenants")["items"]]
    except Refused as refused:
        yield Finding("districts", False, str(refused), "Only an operator's client sees every district.")
        return
    entries, alarms = 0, 0
    for tenant in tenants:
        for log in client.for_tenant(tenant).get("/audit/v1/verification")["logs"]:
            entries += log["size"]
            if "alarm" in log:
                alarms += 1
                yield Finding(
                    f"log of {tenant}, {log['service']}-service", False, "is not what was signed",
                    f"`handrail log verify {log['service']} --tenant {tenant}` names the first entry that is wrong.",
                )  # fmt: skip
    if not alarms:
        yield Finding(
            "logs",
            True,
            f"{entries:,} entries of {len(tenants)} {'district' if len(tenants) == 1 else 'districts'}, no alarm",
        )


def _folder(data: Path) -> Iterator[Finding]:
    open_to_others = [
        file.name
        for file in (data / "secrets.json", data / "operator.json")
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077
    ]
    if open_to_others:
        files = " ".join(str(data / name) for name in open_to_others)
        yield Finding("secrets", False, f"others may read {', '.join(open_to_others)}", f"chmod 600 {files}")
    else:
        yield Finding("secrets", True, "for their owner alone")
    free = shutil.disk_usage(data).free
    yield Finding(
        "disk", free >= LITTLE_SPACE, f"{free / 2**30:.1f} GiB free for {data}",
        "" if free >= LITTLE_SPACE else "Make room: with none left nothing more can be recorded.",
    )  # fmt: skip
