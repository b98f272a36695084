"""Checking: proofs and logs, and the rules of the field."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handrail.commands.usage import DATA, AsJson, Data, group, operated, services_named
from handrail.console import err, show

app = group()
log = group("The logs: append-only, signed, cosigned.")
rules = group("The rules of the field: the federal floor and the states' profiles.")
for name, each in (("log", log), ("rules", rules)):
    app.add_typer(each, name=name)


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

    services = services_named(service)
    reports = operated(lambda: verify_logs(services, tenant, data, quiet=as_json))
    if not reports:
        err("There is no such district here." if tenant else "There are no districts here yet.")
        raise typer.Exit(2)
    show([in_json(report) for report in reports], as_json, "\n".join(map(in_words, reports)))
    if any(report.first for report in reports):
        raise typer.Exit(1)


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
