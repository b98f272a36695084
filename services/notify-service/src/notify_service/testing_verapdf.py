"""veraPDF for tests: whether a PDF is what it says it is, PDF/UA-1 (ISO 14289-1), by another implementation.

Fetched by Maven on first use (9 MB) and kept, as the tests' Kafka is; run by the JavaScript engine that comes with it, so
that no compiler is needed.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.testing_maven import Jars

VERSION = "1.28.2"
JARS = Jars("verapdf", "org.verapdf", "validation-model", VERSION)
"""9 MB."""
_SCRIPT = """\
var P = Packages.org.verapdf;
P.gf.foundry.VeraGreenfieldFoundryProvider.initialise();
var flavour = P.pdfa.flavours.PDFAFlavour.PDFUA_1;
for (var i = 0; i < arguments.length; i++) {
  var parser = P.pdfa.Foundries.defaultInstance().createParser(new java.io.FileInputStream(arguments[i]), flavour);
  var result = P.pdfa.Foundries.defaultInstance().createValidator(flavour, false).validate(parser);
  var failed = [];
  var checks = result.getTestAssertions().iterator();
  while (checks.hasNext()) {
    var each = checks.next();
    if (String(each.getStatus()) == "failed") failed.push(String(each.getRuleId().getClause() + ": " + each.getMessage()));
  }
  print(JSON.stringify({file: String(arguments[i]), compliant: Boolean(result.isCompliant()), failed: failed.slice(0, 20)}));
  parser.close();
}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What veraPDF says of one file."""

    compliant: bool
    failed: tuple[str, ...]


def reason_without() -> str | None:
    """Why this machine cannot run it; nothing where it can. Nothing is fetched yet."""
    if not shutil.which("java"):
        return "Java is not there to run veraPDF"
    if not JARS.can_be_had:
        return "Maven (mvn) is not there to fetch veraPDF"
    return None


def verdicts(files: Sequence[Path]) -> list[Verdict]:
    """In the order of ``files``; one start of Java for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "check.js"
        script.write_text(_SCRIPT)
        run = subprocess.run(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS.fetched()}/*", "org.mozilla.javascript.tools.shell.Main",
             str(script), *(str(file) for file in files)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    if [each["file"] for each in said] != [str(file) for file in files]:
        raise RuntimeError(f"veraPDF did not look at every file:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return [Verdict(each["compliant"], tuple(each["failed"])) for each in said]
