"""Opening and ending districts, moving sandbox clocks: the same call to each of the four services."""

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
    # plan-service last: what it tells of the district then meets services that know the district.
    plan, first, *others = SERVICES
    begun = client.put(f"/{first}/v1/tenant", body | ({"clock_from": clock_from} if clock_from else {}))
    body |= {"subject": begun["subject"], "clock_ahead": begun["clock_ahead"]}
    for service in others:
        client.put(f"/{service}/v1/tenant", body)
    return client.put(f"/{plan}/v1/tenant", body | {"state_profile": profile})


def end_district(client: Handrail, reason: str) -> Any:
    """End the tenant in all four services, for good; safe to repeat: what an interrupted call left, the next ends.

    plan-service first: what it recorded last then meets services that still go on. Those that list it as ended come last.
    """
    ended: Any = None
    for service in SERVICES:
        ended = client.post(f"/{service}/v1/tenant/end", {"reason": reason})
    return ended


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
    """The one named, the only one that has not ended, or the one that a vendor's client belongs to."""
    if tenant is not None:
        return tenant
    try:
        rows = client.get("/audit/v1/tenants")["items"]
        found = [row["tenant"] for row in rows if "ended_on" not in row] or [row["tenant"] for row in rows]
    except Refused as refused:
        if refused.status != 403:  # Only an operator sees all districts; anybody else has one.
            raise
        return str(client.get("/plan/v1/tenant")["tenant"])
    if len(found) == 1:
        return str(found[0])
    known = ", ".join(found) or "none yet"
    raise NotConfigured(f"Say which district with --tenant ({known}).")


def move_clock(client: Handrail, *, to: str | None = None, days: int | None = None) -> str:
    """Move the sandbox's clock in all four services. What an interrupted call left apart, the next brings together."""
    if to is None:
        now = datetime.fromisoformat(client.get("/plan/v1/clock")["now"])
        to = (now + timedelta(days=days or 0)).isoformat()
    try:
        first = client.post("/plan/v1/clock", {"to": to})
    except Refused as refused:
        stands = client.get("/plan/v1/clock") if refused.status == 409 else {}
        if stands.get("sandbox"):
            _like_the_first(client, stands["clock_ahead"])
        raise
    _like_the_first(client, first["clock_ahead"])
    return f"{client.tenant}: the clock stands at {to}"


def _like_the_first(client: Handrail, clock_ahead: int) -> None:
    """Told how far ahead the first service's clock is, the others go with it: no effect is known before its cause."""
    for service in SERVICES[1:]:
        client.post(f"/{service}/v1/clock", {"clock_ahead": clock_ahead})
