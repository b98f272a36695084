"""`handrail export parquet`: a district's findings, deliveries and events without contents, for other engines."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import cast

from audit_service.application.parquet_export import FolderRefused, export
from audit_service.application.service import AuditService
from handrail.client import NotConfigured
from handrail.operation import opened
from runtime.projection import tenants


def export_all(folder: Path, data: Path, tenant: str | None) -> dict[str, int]:
    """Rows written by dataset; raises `NotConfigured` for a folder with something in it or a district that is not there."""

    async def work() -> dict[str, int]:
        rows: Counter[str] = Counter(findings=0, deliveries=0, events=0)
        async with opened("audit", data) as it:
            known = await tenants(it.database)
            if tenant is not None and tenant not in known:
                raise NotConfigured(f"There is no district {tenant}; there are {', '.join(sorted(known))}.")
            wanted = [tenant] if tenant else sorted(known)
            try:
                await export(
                    cast(AuditService, it).evidence,
                    wanted,
                    folder,
                    lambda name, more: rows.update({name: more}),
                )
            except FolderRefused as error:
                raise NotConfigured(str(error)) from error
        return dict(rows)

    return asyncio.run(work())
