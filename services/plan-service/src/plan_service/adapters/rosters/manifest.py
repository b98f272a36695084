"""A OneRoster set's manifest: which version, and for each file whether it is absent, whole or only what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from plan_service.adapters.rosters.archive import RosterFile
from plan_service.adapters.rosters.csv_table import Table, rows
from plan_service.adapters.rosters.records import Limits, Refusal

Version = Literal["1.1", "1.2"]
Mode = Literal["absent", "bulk", "delta"]

_VERSIONS: Mapping[str, Version] = {"1.1": "1.1", "1.2": "1.2"}
_MODES: Mapping[str, Mode] = {"absent": "absent", "bulk": "bulk", "delta": "delta"}
_COLUMNS = ("propertyName", "value")
_TABLE = Table(_COLUMNS, frozenset(_COLUMNS), frozenset(_COLUMNS))


@dataclass(frozen=True, slots=True)
class Manifest:
    """``modes`` by file name without its ending; a file the manifest doesn't name is absent."""

    version: Version
    modes: Mapping[str, Mode]

    def mode(self, name: str) -> Mode:
        return self.modes.get(name, "absent")


def read_manifest(file: RosterFile, limits: Limits) -> Manifest | Refusal:
    """The manifest, or the first thing wrong with it: a set whose manifest can't be trusted can't be read."""
    values: dict[str, str] = {}
    modes: dict[str, Mode] = {}
    for row in rows(file, _TABLE, limits, None):
        if isinstance(row, Refusal):
            return row
        name, value = row["propertyName"].strip(), row["value"].strip()
        if values.setdefault(name, value) != value:
            return Refusal(
                file.name, row.line, "This property stands twice with different values.", "duplicate-key"
            )
        if name == "oneroster.version" and value not in _VERSIONS:
            return Refusal(file.name, row.line, "oneroster.version must be 1.1 or 1.2.", "wrong-version")
        if name.startswith("file."):
            if value not in _MODES:
                reason = "A file of the set is absent, bulk or delta; write one of these."
                return Refusal(file.name, row.line, reason, "unknown-value")
            modes[name.removeprefix("file.")] = _MODES[value]
    if "oneroster.version" not in values:
        return Refusal(
            file.name, None, "oneroster.version is missing; it must be 1.1 or 1.2.", "wrong-version"
        )
    return Manifest(_VERSIONS[values["oneroster.version"]], modes)
