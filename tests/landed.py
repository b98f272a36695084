"""What has landed before the working tree, by git: whoever relies on it must not be broken by what lands next."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Landed:
    """A revision that others may rely on."""

    revision: str
    certain: bool
    """By a main that the working tree has left; else it is only the commit before."""


def landed_before(repository: Path) -> Landed | None:
    """The revision whose promises the working tree has to keep; ``None`` where there is none, or no history.

    On a branch where it left main. On main itself what the next commit will stand on, or, with nothing changed, what the
    last one stands on: so a check before a commit and the one after it say the same.
    """
    head = _git(repository, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        return None
    main = next(
        (
            name
            for name in ("origin/main", "main")
            if _git(repository, "rev-parse", "--verify", "--quiet", name)
        ),
        None,
    )
    left_at = _git(repository, "merge-base", "HEAD", main) if main else None
    if left_at and left_at != head:
        return Landed(left_at, certain=True)
    if _git(repository, "status", "--porcelain", "--untracked-files=no"):
        return Landed(head, certain=False)
    before = _git(repository, "rev-parse", "--verify", "--quiet", "HEAD~1^{commit}")
    return Landed(before, certain=False) if before else None


def contracts_of(repository: Path, revision: str, into: Path) -> Path:
    """The contracts/ of a revision, laid out in a folder; an empty one where it had none."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", revision, "contracts"],
        cwd=repository,
        capture_output=True,
        check=False,
    )
    (into / "contracts").mkdir(parents=True)
    if archive.returncode == 0:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(into, filter="data")
    return into / "contracts"


def _git(repository: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
