"""`handrail log verify`: every log of this installation, entry by entry."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from audit_service.application.service import AuditService
from audit_service.application.witness import check_log
from handrail.bars import bars
from handrail.operation import opened
from runtime.log_check import LogReport
from runtime.projection import tenants
from runtime.service import Service


def verify_logs(services: Sequence[str], tenant: str | None, data: Path, *, quiet: bool) -> list[LogReport]:
    """Check the logs of these services, of one district or of all; a bar for each."""

    async def work() -> list[LogReport]:
        reports = []
        async with AsyncExitStack() as stack:
            audit = cast(AuditService, await stack.enter_async_context(opened("audit", data)))
            slugs = set(await tenants(audit.database))
            for name in services:
                it = audit if name == "audit" else await stack.enter_async_context(opened(name, data))
                of = sorted(slugs | set(await tenants(it.database)))
                for slug in [each for each in of if tenant in (None, each)]:
                    reports.append(await _with_bar(it, audit, slug, quiet))
        return reports

    return asyncio.run(work())


async def _with_bar(service: Service, audit: AuditService, tenant: str, quiet: bool) -> LogReport:
    async with service.database.lend(tenant) as own:
        total = await own.fetchval(f"SELECT count(*) FROM {service.name}.log WHERE tenant = $1", tenant)
    with bars(quiet=quiet) as bar:
        line = bar.add_task(f"{service.name} {tenant}", total=total)
        return await check_log(service.database, audit, tenant, lambda done: bar.update(line, completed=done))


def told(report: LogReport) -> str:
    """One log in plain words; of a bad one the first entry that is, and what is wrong."""
    where = f"{report.service} {report.tenant}"
    if report.first is None:
        return (
            f"{where}: {report.size:,} entries, {report.checkpoints:,} checkpoints and {report.cosigned:,} cosignatures "
            f"hold together; cosigned up to {report.cosigned_size:,}"
        )
    lines = [f"{where}: BAD. First: {report.first}"]
    rest = report.in_order[1:]
    lines += [f"  also {fault}" for fault in rest[:9]]
    if len(rest) > 9:
        lines.append(f"  and {len(rest) - 9} more")
    return "\n".join(lines)


def as_json(report: LogReport) -> dict[str, Any]:
    """The same for a program."""
    first = report.first
    return {
        "service": report.service, "tenant": report.tenant, "good": first is None, "size": report.size,
        "root": report.root.hex(), "checkpoints": report.checkpoints, "cosigned": report.cosigned,
        "cosigned_size": report.cosigned_size,
        "first_bad_index": first.index if first else None, "what": first.what if first else None,
        "faults": [{"index": fault.index, "what": fault.what} for fault in report.in_order],
    }  # fmt: skip
