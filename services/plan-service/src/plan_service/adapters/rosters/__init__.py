"""Rosters from student information systems: Ed-Fi XML and OneRoster CSV, read into one neutral stream.

`read_edfi` and `read_oneroster` take what came (a folder, a zip, for Ed-Fi also one file) and give a reading for each
entry: a record, or why it is none. They never raise for what stands in the files, hold no more of a set in memory than its
keys, its roles and its contacts, and touch no database.
"""

from plan_service.adapters.rosters.edfi import read_edfi
from plan_service.adapters.rosters.oneroster import read_oneroster
from plan_service.adapters.rosters.records import (
    Found,
    Ignored,
    Limits,
    Progress,
    Reading,
    Record,
    Refusal,
    RosterAddress,
    RosterContact,
    RosterEmail,
    RosterName,
    RosterParticipation,
    RosterPhone,
    RosterRole,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    RosterUnlinked,
    Unmatched,
)

__all__ = [
    "Found",
    "Ignored",
    "Limits",
    "Progress",
    "Reading",
    "Record",
    "Refusal",
    "RosterAddress",
    "RosterContact",
    "RosterEmail",
    "RosterName",
    "RosterParticipation",
    "RosterPhone",
    "RosterRole",
    "RosterSchool",
    "RosterStaff",
    "RosterStudent",
    "RosterUnlinked",
    "Unmatched",
    "read_edfi",
    "read_oneroster",
]
