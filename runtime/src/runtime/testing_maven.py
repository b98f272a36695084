"""What tests run in Java: jars by Maven, fetched on first use, then kept."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Where Maven takes this from is the machine's setting, not ours.
_POM = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>handrail</groupId>
  <artifactId>{name}-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>{group}</groupId>
      <artifactId>{artifact}</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
</project>
"""
_COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class JarsUnavailable(RuntimeError):
    """Maven could not fetch them; what it said stands in the message."""


@dataclass(frozen=True, slots=True)
class Jars:
    """One artifact with all it needs."""

    name: str
    group: str
    artifact: str
    version: str

    @property
    def can_be_had(self) -> bool:
        """They are here, or Maven is, to fetch them. Nothing is fetched yet."""
        return self._libs.is_dir() or shutil.which("mvn") is not None

    def fetched(self) -> Path:
        """The folder with the jars. Safe to call from several processes; raises `JarsUnavailable`."""
        libs = self._libs
        if libs.is_dir():
            return libs
        libs.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(libs.parent / "fetch.lock"):
            if not libs.is_dir():
                self._fetch(libs)
        return libs

    @property
    def _libs(self) -> Path:
        cache = os.environ.get("HANDRAIL_CACHE")
        folder = Path(cache) if cache else Path.home() / ".cache" / "handrail"
        return folder / f"{self.name}-{self.version}" / "libs"

    def _fetch(self, libs: Path) -> None:
        pom = libs.parent / "pom.xml"
        pom.write_text(
            _POM.format(name=self.name, group=self.group, artifact=self.artifact, version=self.version)
        )
        # Under its final name only when complete: a fetch that broke off must not look like the whole.
        with tempfile.TemporaryDirectory(dir=libs.parent) as unfinished:
            part = Path(unfinished) / "libs"
            options = ["--quiet", "--batch-mode", "--strict-checksums", "--file", str(pom)]
            target = [f"-DoutputDirectory={part}", "-DincludeScope=runtime"]
            done = subprocess.run(
                ["mvn", *options, _COPY_DEPENDENCIES, *target], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise JarsUnavailable(
                    f"Maven could not fetch {self.artifact} {self.version}:\n{done.stdout[-2000:]}"
                )
            part.rename(libs)


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
