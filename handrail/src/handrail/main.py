"""The command ``handrail``. Exit codes: 0 good, 1 a finding or a failed check, 2 wrong usage."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import httpx
import typer

from handrail.client import NotConfigured, Refused, connected
from handrail.console import err, out, show
from handrail.data_folder import DataFolderInUse
from runtime.roles import SERVICES

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__, add_completion=False)
tenants = typer.Typer(no_args_is_help=True, help="Districts on this installation.")
clients = typer.Typer(no_args_is_help=True, help="Vendors' clients.")
clock = typer.Typer(no_args_is_help=True, help="A sandbox's clock: forward only.")
topics = typer.Typer(no_args_is_help=True, help="The Kafka topics.")
projections = typer.Typer(no_args_is_help=True, help="What can be rebuilt from events.")
export = typer.Typer(no_args_is_help=True, help="What other engines read.")
parked = typer.Typer(no_args_is_help=True, help="Events that wait for an operator.")
keyring = typer.Typer(no_args_is_help=True, help="The keyring's master key.")
rules = typer.Typer(
    no_args_is_help=True, help="The rules of the field: the federal floor and the states' profiles."
)
log = typer.Typer(no_args_is_help=True, help="The logs: append-only, signed, cosigned.")
for name, group in (("log", log), ("tenants", tenants), ("clients", clients), ("clock", clock), ("topics", topics),
                    ("projections", projections), ("export", export), ("parked", parked), ("keyring", keyring),
                    ("rules", rules)):  # fmt: skip
    app.add_typer(group, name=name)

Data = Annotated[Path, typer.Option(envvar="HANDRAIL_DATA", help="The data folder of the embedded default.")]
Tenant = Annotated[str | None, typer.Option(help="The district's slug; needed when there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
DATA = Path("data")
T = TypeVar("T")


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
def _from_the_environment() -> Iterator[None]:
    """A setting that is missing is named, and is wrong usage."""
    from runtime.settings import MissingSetting  # Brings everything a service needs: only for who needs it.

    with told():
        try:
            yield
        except MissingSetting as error:
            raise NotConfigured(str(error)) from error


@app.command()
def run(
    data: Data = DATA, port: int = 8080, host: str = "127.0.0.1",
    sample: Annotated[bool, typer.Option("--sample/--empty", help="Make the sample district on first start.")] = True,
) -> None:  # fmt: skip
    """Start everything in one process, PostgreSQL inside; ctrl-C stops it cleanly."""
    from handrail import embedded
    from handrail.first_start import welcome

    with told():
        embedded.run(data, host=host, port=port, ready=lambda where: welcome(where, sample), say=out)


@app.command()
def serve(service: Annotated[str, typer.Argument(help=" | ".join(SERVICES))]) -> None:
    """One service in this process, from the environment (HANDRAIL_DATABASE_URL, ...)."""
    from handrail.operation import serve_one

    _known(service)
    with _from_the_environment():
        serve_one(service)


@app.command()
def migrate(service: Annotated[str, typer.Argument(help=f"{' | '.join(SERVICES)} | keyring")]) -> None:
    """Roles, schemas and migrations of one service or of the keyring. Safe to repeat."""
    from handrail.operation import migrate_one

    _known(service, "keyring")
    with _from_the_environment():
        out(migrate_one(service))


@topics.command("apply")
def topics_apply(partitions: int = 12, replication: int = 1) -> None:
    """Create the topics that are missing."""
    from handrail.operation import apply_all_topics

    with told():
        made = apply_all_topics(partitions, replication)
        out("made " + ", ".join(made) if made else "all topics stand already")


@topics.command("resize")
def topics_resize(service: str, partitions: int, replication: int = 1) -> None:
    """Make a topic anew with another number of partitions and refill it from the store."""
    from handrail.operation import resize_one_topic
    from runtime.transport.topics import TopicRefused

    _known(service)
    with _from_the_environment():
        try:
            resize_one_topic(service, partitions, replication)
        except TopicRefused as error:
            err(str(error))
            raise typer.Exit(1) from error
        out(f"{service}: {partitions} partitions; its publisher refills it now")


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
        show(found, as_json, "\n".join(f"{row['tenant']}  {row['name']}" for row in found) or "none yet")


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


@projections.command("rebuild")
def projections_rebuild(
    name: Annotated[str, typer.Argument(help="E.g. current-state, or what a service's README names.")],
    service: Annotated[str | None, typer.Argument(help="Default: every service that has it.")] = None,
    data: Data = DATA,
) -> None:
    """Fill a projection's tables anew beside the live ones and swap them in at once."""
    from handrail.projections import rebuild_named

    for line in _operated(lambda: rebuild_named(name, _services(service), data)):
        out(line)


@projections.command("check")
def projections_check(
    service: Annotated[str | None, typer.Argument(help="Default: all four.")] = None, data: Data = DATA,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Replay every projection into shadow tables and name each row that differs."""
    from handrail.projections import check_all

    differences = _operated(lambda: check_all(_services(service), data))
    show(differences, as_json, "\n".join(differences) or "no row differs")
    if differences:
        raise typer.Exit(1)


@export.command("parquet")
def export_parquet(
    folder: Annotated[Path, typer.Argument(help="Where to; made, or empty.")],
    tenant: Annotated[str | None, typer.Option(help="Default: every district.")] = None, data: Data = DATA,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write findings, deliveries and events without contents as Parquet, for DuckDB, Spark and their like."""
    from handrail.parquet import export_all

    written = _operated(lambda: export_all(folder, data, tenant))
    show(written, as_json, "\n".join(f"{name}: {rows:,} rows" for name, rows in written.items()))


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A .tlog-proof, a signed checkpoint, a packet or an export.")],
    key: Annotated[list[str] | None, typer.Option(help="A verifier key that you trust; may be given again.")] = None,
    keys: Annotated[Path | None, typer.Option(help="A file of such keys, one a line.")] = None,
    entry: Annotated[Path | None, typer.Option(help="For a proof file: the entry, as downloaded.")] = None,
    contents: Annotated[Path | None, typer.Option(help="For a proof file: what the event says, canonical JSON.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Another checkpoint or proof of the same log: were both shown the same history?")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Check a file by itself: no server, no database, no network. Says what it proves, and what it cannot."""
    from handrail.verify import Unreadable, compare_files, trusted, verify_file
    from handrail.verify import as_json as in_json
    from handrail.verify import told as in_words

    try:
        known = trusted(key or [], keys)
        outcome = (
            compare_files(file, against, known) if against else verify_file(file, known, entry, contents)
        )
    except Unreadable as error:
        err(str(error))
        raise typer.Exit(2) from error
    show(in_json(file, outcome), as_json, in_words(file, outcome))
    if not outcome.good:
        raise typer.Exit(1)


@log.command("verify")
def log_verify(
    service: Annotated[str | None, typer.Argument(help="Default: all four.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this district's logs.")] = None,
    data: Data = DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Check every entry of every log against its tree, checkpoints, events and audit-service's copy; name what is bad."""
    from handrail.log_verify import as_json as in_json
    from handrail.log_verify import told as in_words
    from handrail.log_verify import verify_logs

    services = _services(service)
    reports = _operated(lambda: verify_logs(services, tenant, data, quiet=as_json))
    if not reports:
        err("There is no such district here." if tenant else "There are no districts here yet.")
        raise typer.Exit(2)
    show([in_json(report) for report in reports], as_json, "\n".join(map(in_words, reports)))
    if any(report.first for report in reports):
        raise typer.Exit(1)


Subject = Annotated[UUID, typer.Argument(help="The student's id, or whoever's events wait.")]
OfService = Annotated[str | None, typer.Option("--service", help="Only what waits in this service.")]


@parked.command("list")
def parked_list(tenant: Tenant = None, data: Data = DATA, as_json: AsJson = False) -> None:
    """Events that could not be handled, and those of the same student that wait behind them."""
    from handrail.parked import waiting

    found = _operated(lambda: waiting(data, tenant))
    lines = [
        f"{one.service} {one.consumer} {one.source}@{one.position} {one.subject} {one.why}" for one in found
    ]
    show([asdict(one) for one in found], as_json, "\n".join(lines) or "nothing is parked")


@parked.command("show")
def parked_show(subject: Subject, tenant: Tenant = None, data: Data = DATA, as_json: AsJson = False) -> None:
    """One student's queue, in order: which event failed where, with which error, since when."""
    from handrail.parked import waiting

    found = _operated(lambda: waiting(data, tenant, subject))
    lines = [
        f"{one.tenant} {one.service} {one.consumer}: event {one.event} ({one.source}@{one.position})\n"
        f"  {one.why}, parked {one.parked_at:%Y-%m-%d %H:%M:%S} UTC" for one in found
    ]  # fmt: skip
    show([asdict(one) for one in found], as_json, "\n".join(lines) or f"nothing of {subject} is parked")


@parked.command("retry")
def parked_retry(
    subject: Subject, service: OfService = None, tenant: Tenant = None, data: Data = DATA
) -> None:
    """Try a student's queue again, in order."""
    from handrail.parked import queues_of, retry

    _services(service)
    handled = _operated(lambda: retry(data, queues_of(data, tenant, subject, service)))
    out(f"{handled} handled")


@parked.command("skip")
def parked_skip(
    subject: Subject,
    reason: Annotated[str, typer.Option(help="Why it is right to go on without it; kept for ever.")],
    service: OfService = None, tenant: Tenant = None, data: Data = DATA,
) -> None:  # fmt: skip
    """Pass over the event that failed, by a decision that is itself an event."""
    from handrail.parked import queues_of, skip

    _services(service)
    for event in _operated(lambda: skip(data, queues_of(data, tenant, subject, service), reason)):
        out(f"skipped {event}")


@rules.command("check")
def rules_check(file: Path, as_json: AsJson = False) -> None:
    """Say all that is wrong with a rule profile, with its line and what to do; of a good one, what no decision asks for."""
    from handrail.rules import checked, in_one_line, kept_for_findings

    try:
        profile, faults = checked(file)
    except OSError as error:
        err(f"{file} cannot be read: {error.strerror}.")
        raise typer.Exit(2) from error
    notes = kept_for_findings(profile, file) if profile else []
    found = {
        "rule_set": profile.rule_set if profile else None,
        "valid": profile is not None,
        "faults": [asdict(fault) for fault in faults],
        "not_decided": [asdict(note) for note in notes],
    }
    said = [f"{file}: {each}" for each in (faults or notes)]
    text = "\n".join([f"valid: {in_one_line(profile)}", *said] if profile else said)
    show(found, as_json, text)
    if profile is None:
        raise typer.Exit(1)


@rules.command("list")
def rules_list(as_json: AsJson = False) -> None:
    """The rule profiles that are shipped, by the names a district may give."""
    from handrail.rules import in_one_line, in_order, listed

    show(listed(), as_json, "\n".join(map(in_one_line, in_order())))


@app.command()
def backup(
    to: Annotated[Path, typer.Option(help="The folder for both backups.")],
    keyring_to: Annotated[Path | None, typer.Option(help="Another folder for the keyring's.")] = None,
    data: Data = DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Back up both databases, readable copies left out; the keyring's old backups are removed when their time is over."""
    from handrail.backup import BackupFailed, back_up

    with _from_the_environment():
        try:
            done = back_up(data, to, keyring_to)
        except BackupFailed as error:
            err(str(error))
            raise typer.Exit(1) from error
    show(done.said(), as_json, f"services  {done.services}\nkeyring   {done.keyring}, to be removed "
                               f"{done.keyring_expires_at:%Y-%m-%d %H:%M} UTC\nremoved   {len(done.removed)} old")  # fmt: skip


@keyring.command("new-master")
def keyring_new_master(data: Data = DATA) -> None:
    """Make the next master key of the embedded default, which must stand still for this."""
    from handrail.master_key import new_master

    with _from_the_environment():
        out(new_master(data))


@keyring.command("rewrap")
def keyring_rewrap(data: Data = DATA, as_json: AsJson = False) -> None:
    """Wrap every key under the newest master key, while Handrail runs. Broken off, it goes on where it was."""
    from handrail.master_key import rewrap_all

    with _from_the_environment():
        done = _operated(
            lambda: rewrap_all(data, lambda at, of: None if as_json else out(f"{at:,} of {of:,}"))
        )
        show(
            {"rewrapped": done},
            as_json,
            f"{done:,} rewrapped; under an old master key there is nothing left.",
        )


def _operated(work: Callable[[], T]) -> T:
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


def _services(named: str | None) -> list[str]:
    if named is None:
        return list(SERVICES)
    _known(named)
    return [named]


def _known(service: str, *more: str) -> None:
    if service not in (*SERVICES, *more):
        err(f"There is no such service; choose {', '.join((*SERVICES, *more))}.")
        raise typer.Exit(2)


def cli() -> None:
    """The entry point: a closed pipe is no error."""
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
