"""Districts: opened and ended, their vendors, their sandbox's clock; what is brought in, and the demo."""

from pathlib import Path
from typing import Annotated, Any

import typer

from handrail.client import connected
from handrail.commands.usage import DATA, AsJson, Data, Tenant, group, told
from handrail.console import err, out, show

app = group()
tenants = group("Districts on this installation.")
clients = group("Vendors' clients.")
clock = group("A sandbox's clock: forward only.")
for name, each in (("tenants", tenants), ("clients", clients), ("clock", clock)):
    app.add_typer(each, name=name)


@tenants.command("add")
def tenants_add(
    slug: str, name: Annotated[str | None, typer.Option()] = None, time_zone: str = "America/Chicago",
    profile: str = "federal@2026-1", sandbox: bool = False, data: Data = DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Open a district in all four services. A sandbox's slug starts with `sandbox-`; that is fixed for ever."""
    from handrail.districts import open_district

    if sandbox != slug.startswith("sandbox-"):
        err("A sandbox's slug starts with `sandbox-`, and only a sandbox's does.")
        raise typer.Exit(2)
    with told(), connected(data, tenant=slug) as client:
        made = open_district(client, slug, name=name or slug, time_zone=time_zone, profile=profile)
        show(made, as_json, f"{slug} is open in all four services.")


@tenants.command("list")
def tenants_list(data: Data = DATA, as_json: AsJson = False) -> None:
    """The districts of this installation."""
    with told(), connected(data) as client:
        found = client.get("/audit/v1/tenants")["items"]
        lines = [f"{row['tenant']}  {row['name']}{_since(row)}" for row in found]
        show(found, as_json, "\n".join(lines) or "none yet")


def _since(row: dict[str, Any]) -> str:
    return f"  (ended on {row['ended_on']})" if "ended_on" in row else ""


ENDING = """Ending {slug} cannot be taken back. From then on
- nothing is decided or reported about its students, and vendors' clients are refused;
- nothing is sent any more: mails, letters, webhooks, reminders; no deadline that passes is judged;
- plans in force stay in force on record: end first what should end. For their retention, services end on this day.
- staff can leave and follow, and orders and age go on changing who may read; every process of an older version is stopped first.
Its records stay: officers and parents can read them, they can be exported, put into packets, held and lawfully destroyed,
and its logs can be verified."""


@tenants.command("end")
def tenants_end(
    slug: str, reason: Annotated[str, typer.Option(help="Why, e.g. 'The contract ended.'; it is recorded.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, data: Data = DATA,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """End a district in all four services, for good: it can be read, and no more. An interrupted call is finished by the next."""
    from handrail.districts import end_district

    if not yes:
        err(ENDING.format(slug=slug))
        if not typer.confirm(f"End {slug}?", err=True):
            raise typer.Exit(1)
    with told(), connected(data, tenant=slug) as client:
        ended = end_district(client, reason)
        show(ended, as_json, f"{slug} ended on {ended['ended_on']} in all four services.")


@clock.command("set")
def clock_set(to: str, tenant: Tenant = None, data: Data = DATA) -> None:
    """Move a sandbox's clock to an instant, e.g. 2026-03-01T08:00:00-06:00."""
    _move({"to": to}, tenant, data)


@clock.command("advance")
def clock_advance(
    days: Annotated[int, typer.Option(min=1)] = 1, tenant: Tenant = None, data: Data = DATA
) -> None:
    """Move a sandbox's clock forward by whole days."""
    _move({"days": days}, tenant, data)


def _move(how: dict[str, Any], tenant: str | None, data: Path) -> None:
    from handrail.districts import move_clock, the_tenant

    with told(), connected(data) as client:
        out(move_clock(client.for_tenant(the_tenant(client, tenant)), **how))


@clients.command("add")
def clients_add(
    name: str, scopes: Annotated[str, typer.Option(help="Space-separated, e.g. 'plan.read plan.write'.")],
    tenant: Annotated[str, typer.Option(help="The district; a new one is opened with defaults.")],
    data: Data = DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Register a vendor's client; prints its id and secret once."""
    from handrail.districts import ensure_district

    with told(), connected(data, tenant=tenant) as client:
        if ensure_district(client, tenant) and not as_json:
            out(f"{tenant} was new: it is open now, with defaults (change them with PUT /plan/v1/district).")
        made = client.post("/audit/v1/clients", {"name": name, "scopes": scopes.split()})
        once = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
        show(once, as_json, f"client_id      {once['client_id']}\nclient_secret  {once['client_secret']}\n"
                            "The secret is shown this once.")  # fmt: skip


@clients.command("list")
def clients_list(tenant: Tenant = None, data: Data = DATA, as_json: AsJson = False) -> None:
    """A district's clients, without their secrets."""
    from handrail.districts import the_tenant

    with told(), connected(data) as client:
        found = client.for_tenant(the_tenant(client, tenant)).get("/audit/v1/clients")["items"]
        lines = [f"{row['client_id']}  {row['name']}  {' '.join(row['scopes'])}" for row in found]
        show(found, as_json, "\n".join(lines) or "none yet")


@clients.command("revoke")
def clients_revoke(client_id: str, tenant: Tenant = None, data: Data = DATA) -> None:
    """Take a client's access away at once."""
    from handrail.districts import the_tenant

    with told(), connected(data) as client:
        client.for_tenant(the_tenant(client, tenant)).request("DELETE", f"/audit/v1/clients/{client_id}")
        out(f"{client_id} is revoked.")


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="edfi | oneroster | plans")], path: Path, tenant: Tenant = None,
    all_or_nothing: Annotated[bool, typer.Option("--all-or-nothing")] = False, data: Data = DATA,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Bring in a roster (a folder, an XML file or a zip), or plans of another system (NDJSON). Twice changes nothing."""
    from handrail.districts import ensure_district, the_tenant
    from handrail.legacy_plans import import_plans
    from handrail.rosters import import_roster

    if kind not in {"edfi", "oneroster", "plans"}:
        err("The first word says what it is: edfi, oneroster or plans.")
        raise typer.Exit(2)
    if kind == "plans" and all_or_nothing:
        err("Plans are taken over one by one: leave --all-or-nothing out.")
        raise typer.Exit(2)
    if not path.exists():
        err(f"{path} is not there.")
        raise typer.Exit(2)
    with told(), connected(data) as client:
        slug = tenant or the_tenant(client, None)
        district = client.for_tenant(slug)
        if ensure_district(district, slug) and not as_json:
            out(f"{slug} was new: it is open now, with defaults (change them with PUT /plan/v1/district).")
        if kind == "plans":
            done = import_plans(district, path, quiet=as_json)
        else:
            done = import_roster(district, kind, path, all_or_nothing=all_or_nothing, quiet=as_json)
        show(done, as_json, None)
        if done["status"] != "done" or done["refused"]:
            raise typer.Exit(1)


@app.command()
def demo(data: Data = DATA, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Play the main job against a running instance, and show every answer."""
    from handrail.demo import play

    with told(), connected(data) as client:
        if not play(client, tenant, as_json=as_json):
            raise typer.Exit(1)
