"""Opening districts and moving sandbox clocks: the same call to each of the four services."""

from datetime import datetime, timedelta
from typing import Any

from handrail.client import Handrail, NotConfigured, Refused
from runtime.roles import SERVICES

DEFAULT_ZONE = "America/Chicago"
DEFAULT_PROFILE = "federal@2026-1"


def open_district(
    client: Handrail, slug: str, *, name: str, time_zone: str, profile: str, clock_from: str | None = None
) -> Any:
    """Open the tenant in all four services, with one random subject and one clock; safe to repeat."""
    body: dict[str, Any] = {"name": name, "time_zone": time_zone}
    first = {"state_profile": profile} | ({"clock_from": clock_from} if clock_from else {})
    plan = client.put("/plan/v1/tenant", body | first)
    for service in SERVICES[1:]:
        client.put(
            f"/{service}/v1/tenant",
            body | {"subject": plan["subject"], "clock_ahead": plan["clock_ahead"]},
        )
    return plan


def ensure_district(client: Handrail, slug: str) -> bool:
    """Open the tenant with defaults when there is none yet; returns whether it was new."""
    try:
        client.get("/plan/v1/tenant")
    except Refused as refused:
        if refused.status != 404:
            raise
        name = slug.removeprefix("sandbox-").replace("-", " ").title()
        open_district(client, slug, name=name, time_zone=DEFAULT_ZONE, profile=DEFAULT_PROFILE)
        return True
    return False


def the_tenant(client: Handrail, tenant: str | None) -> str:
    """The one named, or the only one there is."""
    if tenant is not None:
        return tenant
    found = [row["tenant"] for row in client.get("/audit/v1/tenants")["items"]]
    if len(found) == 1:
        return str(found[0])
    known = ", ".join(found) or "none yet"
    raise NotConfigured(f"Say which district with --tenant ({known}).")


def move_clock(client: Handrail, *, to: str | None = None, days: int | None = None) -> str:
    """Move the sandbox's clock in all four services; repeating an interrupted call completes it."""
    if to is None:
        now = datetime.fromisoformat(client.get("/plan/v1/clock")["now"])
        to = (now + timedelta(days=days or 0)).isoformat()
    # The others are told how far ahead the first one's clock is: no effect is known before its cause.
    first = client.post("/plan/v1/clock", {"to": to})
    for service in SERVICES[1:]:
        client.post(f"/{service}/v1/clock", {"clock_ahead": first["clock_ahead"]})
    return f"{client.tenant}: the clock stands at {to}"
