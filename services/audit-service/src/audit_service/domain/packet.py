"""The transfer packet: a zip that opens offline, says in words what it holds, and can be checked without us.

Deterministic: the same parts give the same bytes. Every file is named with its SHA-256 in ``manifest.json``; every event
carries its entry exactly as logged, and its contents with their salt, so that ``digest`` can be computed again.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from contracts.canonical import canonical

FORMAT = "handrail-packet@2"
WITHOUT_PROOFS = "handrail-packet@1"
"""The first format: its entries are as committed to, and nothing shows that they stand in a log."""
MANIFEST = "manifest.json"
KEYS = "keys.txt"
DIGEST_PREFIX = b"HR\x01"
LARGEST_FILE = 256 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """One entry as it goes into ``events.jsonl``: the logged bytes, and the contents where they could be opened."""

    source: str
    index: int
    entry: bytes
    salt: bytes | None
    contents: bytes | None

    def line(self) -> bytes:
        """One line of JSON. ``entry`` and ``contents`` are the exact texts that hashes are made of."""
        fields: dict[str, Any] = {"source": self.source, "index": self.index, "entry": self.entry.decode()}
        if self.salt is not None and self.contents is not None:
            fields |= {"salt": self.salt.hex(), "contents": self.contents.decode()}
        return canonical(fields) + b"\n"


def make_packet(files: Mapping[str, bytes], format_: str = FORMAT) -> bytes:
    """The zip of ``files``, with their manifest."""
    listed = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(files.items())
    ]
    manifest = json.dumps({"format": format_, "files": listed}, indent=2, ensure_ascii=False).encode() + b"\n"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in [*sorted(files.items()), (MANIFEST, manifest)]:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, content)
    return zipped.getvalue()


def keys_text(keys: Iterable[str]) -> bytes:
    """The verifier keys, one a line."""
    lines = ["# Keys of the district's logs and of the cosigner, in the order: logs, cosigner. Compare them with the keys",
             "# that you had before, or that the district has published: a forger would enclose keys of their own."]  # fmt: skip
    return ("\n".join([*lines, *keys]) + "\n").encode()


@dataclass(frozen=True)
class Verified:
    """What a packet proves of itself, and what is wrong with it."""

    files: int = 0
    """Files whose SHA-256 is the manifest's."""
    entries: int = 0
    opened: int = 0
    """Entries whose contents are exactly what the log committed to."""
    withheld: int = 0
    complete: bool = False
    """Of every log: the student's entries 1..m are here or named as withheld."""
    problems: tuple[str, ...] = ()
    said: tuple[str, ...] = field(default=())
    """What was proved, in words."""

    @property
    def genuine(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def verify_packet(content: bytes) -> Verified:
    """Check a packet by itself: hashes of files, digests of contents against entries, completeness per log.

    It needs nothing but the bytes. That the entries stand in the district's log is shown by the proofs (`domain.offline`).
    """
    try:
        files = unzipped(content)
    except NotAPacket as error:
        return Verified(problems=(str(error),))
    problems = list(wrong_files(files))
    try:
        lines = _lines(files.get("events.jsonl", b""))
        packet = msgspec.json.decode(files.get("packet.json", b"{}"))
        wrong, opened = _wrong_digests(lines)
        incomplete, withheld = _incomplete(lines, packet)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        return Verified(problems=(*problems, f"a file cannot be read ({type(error).__name__})"))
    problems += [*wrong, *incomplete]
    said = (
        f"{len(files) - 1} files are as their manifest says.", f"{opened} of {len(lines)} entries open to exactly what the "
        "district's log committed to.", f"{withheld} entries of the student are withheld, each named with its reason.",
    )  # fmt: skip
    return Verified(
        len(files) - 1,
        len(lines),
        opened,
        withheld,
        not incomplete,
        tuple(problems),
        said if not problems else (),
    )


class NotAPacket(ValueError):
    """The bytes are no zip of ours; the message says why."""


def unzipped(content: bytes) -> dict[str, bytes]:
    """The files of a zip by name; raises `NotAPacket`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if any(info.file_size > LARGEST_FILE for info in infos):
                raise NotAPacket("a file is larger than any packet's")
            files = {info.filename: archive.read(info) for info in infos}
    except NotAPacket:
        raise
    except (
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
        zlib.error,
    ) as error:
        raise NotAPacket(f"not a readable zip ({type(error).__name__})") from error
    if len(files) != len(infos):
        raise NotAPacket("two files have one name")
    return files


def wrong_files(files: Mapping[str, bytes], format_: str = FORMAT) -> Iterable[str]:
    """What of the files is not as their manifest says."""
    try:
        manifest = msgspec.json.decode(files[MANIFEST])
        listed = {each["name"]: each["sha256"] for each in manifest["files"]}
    except (KeyError, TypeError, msgspec.DecodeError):
        yield f"{MANIFEST} is missing or cannot be read"
        return
    if manifest.get("format") not in (format_, WITHOUT_PROOFS if format_ == FORMAT else format_):
        yield f"the format {manifest.get('format')!r} is not known"
    for name in sorted(listed.keys() - files.keys()):
        yield f"{name} is missing"
    for name in sorted(files.keys() - listed.keys() - {MANIFEST}):
        yield f"{name} is not in the manifest"
    for name in sorted(listed.keys() & files.keys()):
        if hashlib.sha256(files[name]).hexdigest() != listed[name]:
            yield f"{name} was altered"


def _lines(content: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in content.splitlines() if line.strip()]


def _wrong_digests(lines: list[dict[str, Any]]) -> tuple[list[str], int]:
    wrong: list[str] = []
    opened = 0
    for line in lines:
        entry = msgspec.json.decode(line["entry"])
        if "contents" not in line:
            continue
        salt, contents = bytes.fromhex(line["salt"]), line["contents"].encode()
        if hashlib.sha256(DIGEST_PREFIX + salt + contents).hexdigest() == entry["digest"]:
            opened += 1
        else:
            wrong.append(
                f"the contents of {line['source']} entry {line['index']} are not what was committed to"
            )
    return wrong, opened


def _incomplete(lines: list[dict[str, Any]], packet: dict[str, Any]) -> tuple[list[str], int]:
    wrong: list[str] = []
    withheld = 0
    for log in packet["logs"]:
        service = log["service"]
        here = {msgspec.json.decode(line["entry"])["nth"] for line in lines if line["source"] == service}
        named = {each["event_id"] for each in log.get("withheld", [])}
        withheld += len(named)
        if len(here) + len(named) != log["nth"] or any(not 1 <= nth <= log["nth"] for nth in here):
            wrong.append(
                f"of {service}'s log {log['nth'] - len(here) - len(named)} entries of the student are missing"
            )
    return wrong, withheld
