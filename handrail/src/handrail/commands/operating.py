"""Operation: what can be rebuilt, what waits for a person, backups and keys, and what other engines read."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from handrail.client import connected
from handrail.commands.usage import (
    DATA,
    AsJson,
    Data,
    Tenant,
    from_the_environment,
    group,
    operated,
    services_named,
    told,
)
from handrail.console import err, out, show

app = group()
projections = group("What can be rebuilt from events.")
export = group("What other engines read.")
parked = group("Events that wait for an operator.")
keyring = group("The keyring's master key.")
for name, each in (
    ("projections", projections),
    ("export", export),
    ("parked", parked),
    ("keyring", keyring),
):
    app.add_typer(each, name=name)

Subject = Annotated[UUID, typer.Argument(help="The student's id, or whoever's events wait.")]
OfService = Annotated[str | None, typer.Option("--service", help="Only what waits in this service.")]


@app.command()
def doctor(data: Data = DATA, as_json: AsJson = False) -> None:
    """Look at the services, the logs and the data folder, and say what to do about what is wrong. Changes nothing."""
    from handrail.doctor import examine

    with told(), connected(data) as client:
        found = list(examine(client, data))
        show([asdict(each) for each in found], as_json, "\n".join(map(str, found)))
    if not all(each.good for each in found):
        raise typer.Exit(1)


@projections.command("rebuild")
def projections_rebuild(
    name: Annotated[str, typer.Argument(help="E.g. current-state, or what a service's README names.")],
    service: Annotated[str | None, typer.Argument(help="Default: every service that has it.")] = None,
    data: Data = DATA,
) -> None:
    """Fill a projection's tables anew beside the live ones and swap them in at once."""
    from handrail.projections import rebuild_named

    for line in operated(lambda: rebuild_named(name, services_named(service), data)):
        out(line)


@projections.command("check")
def projections_check(
    service: Annotated[str | None, typer.Argument(help="Default: all four.")] = None, data: Data = DATA,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Replay every projection into shadow tables and name each row that differs."""
    from handrail.projections import check_all

    differences = operated(lambda: check_all(services_named(service), data))
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

    written = operated(lambda: export_all(folder, data, tenant))
    show(written, as_json, "\n".join(f"{name}: {rows:,} rows" for name, rows in written.items()))


@parked.command("list")
def parked_list(tenant: Tenant = None, data: Data = DATA, as_json: AsJson = False) -> None:
    """Events that could not be handled, and those of the same student that wait behind them."""
    from handrail.parked import waiting

    found = operated(lambda: waiting(data, tenant))
    lines = [
        f"{one.service} {one.consumer} {one.source}@{one.position} {one.subject} {one.why}" for one in found
    ]
    show([asdict(one) for one in found], as_json, "\n".join(lines) or "nothing is parked")


@parked.command("show")
def parked_show(subject: Subject, tenant: Tenant = None, data: Data = DATA, as_json: AsJson = False) -> None:
    """One student's queue, in order: which event failed where, with which error, since when."""
    from handrail.parked import waiting

    found = operated(lambda: waiting(data, tenant, subject))
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

    services_named(service)
    handled = operated(lambda: retry(data, queues_of(data, tenant, subject, service)))
    out(f"{handled} handled")


@parked.command("skip")
def parked_skip(
    subject: Subject,
    reason: Annotated[str, typer.Option(help="Why it is right to go on without it; kept for ever.")],
    service: OfService = None, tenant: Tenant = None, data: Data = DATA,
) -> None:  # fmt: skip
    """Pass over the event that failed, by a decision that is itself an event."""
    from handrail.parked import queues_of, skip

    services_named(service)
    for event in operated(lambda: skip(data, queues_of(data, tenant, subject, service), reason)):
        out(f"skipped {event}")


@app.command()
def backup(
    to: Annotated[Path, typer.Option(help="The folder for both backups.")],
    keyring_to: Annotated[Path | None, typer.Option(help="Another folder for the keyring's.")] = None,
    data: Data = DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Back up both databases, readable copies left out; the keyring's old backups are removed when their time is over."""
    from handrail.backup import BackupFailed, back_up

    with from_the_environment():
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

    with from_the_environment():
        out(new_master(data))


@keyring.command("rewrap")
def keyring_rewrap(data: Data = DATA, as_json: AsJson = False) -> None:
    """Wrap every key under the newest master key, while Handrail runs. Broken off, it goes on where it was."""
    from handrail.master_key import rewrap_all

    with from_the_environment():
        done = operated(
            lambda: rewrap_all(data, lambda at, of: None if as_json else out(f"{at:,} of {of:,}"))
        )
        show(
            {"rewrapped": done},
            as_json,
            f"{done:,} rewrapped; under an old master key there is nothing left.",
        )
