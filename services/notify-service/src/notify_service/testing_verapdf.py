"""veraPDF for tests: whether a PDF is what it says it is, PDF/UA-1 (ISO 14289-1), by another implementation.

Fetched by Maven on first use (9 MB) and kept, as the tests' Kafka is; run by the JavaScript engine that comes with it, so
that no compiler is needed.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.28.2"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>handrail</groupId>
  <artifactId>verapdf-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.verapdf</groupId>
      <artifactId>validation-model</artifactId>
      <version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
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
    if not shutil.which("mvn") and not _libs().is_dir():
        return "Maven (mvn) is not there to fetch veraPDF"
    return None


def verdicts(files: Sequence[Path]) -> list[Verdict]:
    """In the order of ``files``; one start of Java for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "check.js"
        script.write_text(_SCRIPT)
        run = subprocess.run(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{_fetched()}/*", "org.mozilla.javascript.tools.shell.Main",
             str(script), *(str(file) for file in files)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    if [each["file"] for each in said] != [str(file) for file in files]:
        raise RuntimeError(f"veraPDF did not look at every file:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return [Verdict(each["compliant"], tuple(each["failed"])) for each in said]


def _fetched() -> Path:
    libs = _libs()
    libs.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(libs.parent / "fetch.lock"):
        if libs.is_dir():
            return libs
        pom = libs.parent / "pom.xml"
        pom.write_text(_POM)
        # Under its final name only when complete: a fetch that broke off must not look like veraPDF.
        with tempfile.TemporaryDirectory(dir=libs.parent) as unfinished:
            part = Path(unfinished) / "libs"
            options = ["--quiet", "--batch-mode", "--strict-checksums", "--file", str(pom)]
            subprocess.run(
                ["mvn", *options, _COPY, f"-DoutputDirectory={part}", "-DincludeScope=runtime"],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            part.rename(libs)
    return libs


def _libs() -> Path:
    cache = os.environ.get("HANDRAIL_CACHE")
    folder = Path(cache) if cache else Path.home() / ".cache" / "handrail"
    return folder / f"verapdf-{VERSION}" / "libs"


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
