"""The files of a set, from a folder, a zip or one file, opened without trusting any of them.

Nothing is ever unpacked to disk, so a path that climbs out of the zip leads nowhere; such a zip is still not one that a
school system writes, and the entry is refused. Sizes are held to `Limits` before a byte is unpacked.
"""

import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plan_service.adapters.rosters.fields import Fault
from plan_service.adapters.rosters.records import Limits, Progress, Refusal

_CHUNK = 64 * 1024
_SMALL = 1024**2
_ZIP_START = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
# All that zipfile is known to raise over a damaged or hostile archive; RuntimeError is a password it would want.
_ZIP_FAULTS = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, OverflowError, IndexError, KeyError, OSError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RosterFile:
    """One file of a set, to be read as often as needed."""

    name: str
    size: int
    where: Path | tuple[zipfile.ZipFile, zipfile.ZipInfo]

    @property
    def base_name(self) -> str:
        return PurePosixPath(self.name).name

    def chunks(self, progress: Progress | None = None) -> Iterator[bytes]:
        """The bytes, bit by bit. A damaged zip entry ends in a `Fault` after what could be read."""
        if isinstance(self.where, Path):
            with self.where.open("rb") as opened:
                while chunk := opened.read(_CHUNK):
                    if progress is not None:
                        progress.done += len(chunk)
                    yield chunk
            return
        archive, entry = self.where
        try:
            with archive.open(entry) as opened_entry:
                while chunk := opened_entry.read(_CHUNK):
                    if progress is not None:
                        progress.done += len(chunk)
                    yield chunk
        except _ZIP_FAULTS:
            raise Fault(
                "damaged-zip",
                "This file of the zip is cut off or damaged; make the zip again and send it whole.",
            ) from None


@contextmanager
def open_set(path: Path, limits: Limits) -> Iterator[tuple[list[RosterFile], list[Refusal]]]:
    """The files of a set in the order of their names, and what had to be refused of it."""
    if path.is_dir():
        yield _in_folder(path, limits)
    elif _is_zip(path):
        try:
            archive = zipfile.ZipFile(path)
        except _ZIP_FAULTS:
            cut = Refusal(
                path.name,
                None,
                "The zip is cut off or damaged; make it again and send it whole.",
                "damaged-zip",
            )
            yield [], [cut]
            return
        with archive:
            yield _in_zip(path, archive, limits)
    else:
        yield _within([RosterFile(path.name, path.stat().st_size, path)], path.name, limits)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as opened:
        return opened.read(4) in _ZIP_START or path.suffix.lower() == ".zip"


def _in_folder(path: Path, limits: Limits) -> tuple[list[RosterFile], list[Refusal]]:
    files = [
        RosterFile(found.name, found.stat().st_size, found)
        for found in sorted(path.iterdir())
        if found.is_file() and not found.name.startswith(".")
    ]
    return _within(files, path.name, limits)


def _in_zip(path: Path, archive: zipfile.ZipFile, limits: Limits) -> tuple[list[RosterFile], list[Refusal]]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if sum(entry.file_size for entry in entries) > limits.ratio * max(path.stat().st_size, _SMALL):
        bomb = "The zip would unpack to far more than rosters do; make it again with only the roster's files."
        return [], [Refusal(path.name, None, bomb, "zip-bomb")]
    times = Counter(entry.filename for entry in entries)
    files: list[RosterFile] = []
    refusals: list[Refusal] = []
    for entry in sorted(entries, key=lambda entry: entry.filename):
        name = "".join(sign if sign.isprintable() else "?" for sign in entry.filename)[:200]
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        if ".." in parts.parts or parts.is_absolute() or "\\" in entry.filename or ":" in parts.parts[0]:
            reason, code = "The name leads out of the zip; pack the files without folders.", "unsafe-path"
        elif parts.name.startswith(".") or parts.parts[0] == "__MACOSX":
            continue  # what a file manager leaves behind
        elif times[entry.filename] > 1:
            reason, code = "The zip holds this name more than once; keep the right one.", "duplicate-file"
        elif entry.flag_bits & _ENCRYPTED:
            reason, code = "This file is locked with a password; pack it without one.", "locked-zip"
        elif entry.compress_type not in _READABLE:
            reason, code = (
                "This file is packed in an uncommon way; use the ordinary zip (deflate).",
                "uncommon-zip",
            )
        elif entry.file_size > limits.ratio * max(entry.compress_size, _SMALL // limits.ratio):
            reason, code = (
                "This file would unpack to far more than rosters do; make the zip again.",
                "zip-bomb",
            )
        else:
            files.append(RosterFile(name, entry.file_size, (archive, entry)))
            continue
        refusals.append(Refusal(name, None, reason, code))
    files, more = _within(files, path.name, limits)
    return files, refusals + more


def _within(files: list[RosterFile], name: str, limits: Limits) -> tuple[list[RosterFile], list[Refusal]]:
    if len(files) > limits.files:
        many = f"The set has more than {limits.files} files; send only the roster's."
        return [], [Refusal(name, None, many, "too-many-files")]
    if sum(file.size for file in files) > limits.set_bytes:
        large = f"The set is larger than {limits.set_bytes} bytes; send it in parts."
        return [], [Refusal(name, None, large, "too-large")]
    huge = f"The file is larger than {limits.file_bytes} bytes; send it in parts."
    return (
        [file for file in files if file.size <= limits.file_bytes],
        [Refusal(file.name, None, huge, "too-large") for file in files if file.size > limits.file_bytes],
    )
