"""`handrail verify FILE`: offline. No server, no database, no network: the file, and the keys the reader trusts."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audit_service.domain.offline import Outcome, compare, keys_in, verify
from audit_service.domain.packet import MANIFEST
from contracts.log.note import NoteBroken, VerifierKey

LARGEST = 512 * 1024 * 1024
LEFT_BEHIND = frozenset({".DS_Store", ".localized", "__MACOSX", "Thumbs.db", "desktop.ini"})
"""What a desktop leaves in a folder that was only looked at; of a Mac also every ``._name``."""


class Unreadable(Exception):
    """A file or key that was given cannot be read: wrong usage."""


def trusted(keys: Sequence[str], file: Path | None) -> list[VerifierKey]:
    """The keys on the command line and in the file; raises `Unreadable`."""
    try:
        found = [VerifierKey.parse(key) for key in keys]
        return found + (keys_in(read(file).decode()) if file else [])
    except (NoteBroken, UnicodeDecodeError) as error:
        raise Unreadable(f"A key cannot be read: {error}.") from error


def read(file: Path) -> bytes:
    """The file's bytes; of a folder, into which a zip was unpacked, those of the zip. Raises `Unreadable`."""
    try:
        if file.is_dir():
            return _packed(file)
        if file.stat().st_size > LARGEST:
            raise Unreadable(f"{file} is longer than anything that can be verified here.")
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}.") from error


def _packed(folder: Path) -> bytes:
    if not (folder / MANIFEST).is_file():
        raise Unreadable(
            f"{folder} has no {MANIFEST}: give the zip, or the folder that it was unpacked into."
        )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file() and not _left_behind(each.relative_to(folder)):
                archive.writestr(each.relative_to(folder).as_posix(), read(each))
    return made.getvalue()


def _left_behind(name: Path) -> bool:
    return any(part in LEFT_BEHIND or part.startswith("._") for part in name.parts)


def passed_over(folder: Path) -> list[str]:
    """The files of a folder that a desktop has put there, and no zip of ours held: they are not looked at."""
    inside = (each for each in folder.rglob("*") if each.is_file()) if folder.is_dir() else ()
    names = (each.relative_to(folder) for each in inside)
    return sorted(name.as_posix() for name in names if _left_behind(name))


def verify_file(
    file: Path, keys: Sequence[VerifierKey], entry: Path | None, contents: Path | None
) -> Outcome:
    """What the file proves; raises `Unreadable`."""
    outcome = verify(
        read(file), keys, entry=read(entry) if entry else None, contents=read(contents) if contents else None
    )
    if left := passed_over(file):
        outcome.beyond.append(
            f"Anything about {', '.join(left[:5])}{', ...' if len(left) > 5 else ''}: a desktop puts such files into a "
            "folder that was opened. They were not looked at."
        )
    return outcome


def compare_files(file: Path, other: Path, keys: Sequence[VerifierKey]) -> Outcome:
    """Whether two readers were shown the same log; raises `Unreadable`."""
    return compare(read(file), read(other), keys)


def told(file: Path, outcome: Outcome) -> str:
    """In words."""
    lines = [f"{file.name}: {'GENUINE' if outcome.good else 'NOT PROVED' if not outcome.wrong else 'BAD'}"]
    for title, said in (("Wrong", outcome.wrong), ("Needed", outcome.missing), ("Proved", outcome.proved),
                        ("Not proved by this", outcome.beyond)):  # fmt: skip
        if said:
            lines += ["", title, *(f"  - {line}" for line in said)]
    return "\n".join(lines)


def as_json(file: Path, outcome: Outcome) -> dict[str, Any]:
    """For a program."""
    return {
        "file": file.name, "good": outcome.good, "wrong": outcome.wrong, "needed": outcome.missing,
        "proved": outcome.proved, "not_proved": outcome.beyond,
    }  # fmt: skip
