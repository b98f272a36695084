"""What a first start makes, and what every start prints: where to look."""

import secrets
import shlex
import subprocess
import sys
from dataclasses import replace

from handrail.commands.usage import DATA
from handrail.console import out
from handrail.embedded import Running
from handrail.sample.made import SampleMade
from handrail.sample.roster import LOGINS


def welcome(where: Running, with_sample: bool) -> None:
    """Say where things are; on a first start make the sample district, or complete one that was interrupted."""
    kept = SampleMade.read(where.folder.path)
    if with_sample and (where.first_start or kept.status == "started"):
        kept = SampleMade("started", kept.password or secrets.token_urlsafe(9))
        kept.write(where.folder.path)
        out("Making the sample district (once, in about a minute) ...")
        making = [sys.executable, "-m", "handrail.sample", where.url, str(where.folder.path)]
        if subprocess.run(making, check=False).returncode != 0:
            raise RuntimeError("The sample district is not complete; the next start goes on with it.")
        kept = replace(kept, status="done")
        kept.write(where.folder.path)
    _where_to_look(where, kept)


def _where_to_look(where: Running, kept: SampleMade) -> None:
    out(f"""
  Console        {where.url}/
  API pages      {where.url}/plan/v1/docs  (and /progress/v1, /notify/v1, /audit/v1)
  Mails          {where.url}/mailbox
  Data           {where.folder.path}""")
    if kept.status == "done":
        out(
            f"  Sign in as     {' or '.join(LOGINS)}, password {kept.password} (the sample district's demo accounts)"
        )
    elsewhere = (
        "" if where.folder.path == DATA.resolve() else f" --data {shlex.quote(str(where.folder.path))}"
    )
    out(f"  Try            .venv/bin/handrail demo{elsewhere}          ctrl-C stops.\n")
