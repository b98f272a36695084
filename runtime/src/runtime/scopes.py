"""Scopes: what a token may be used for, and which of them a person's role gives."""

from types import MappingProxyType

SCOPES = MappingProxyType(
    {
        "roster.write": "schools, staff, students, contacts, assignments and imports",
        "plan.read": "read students, evaluations, meetings and plans",
        "plan.write": "draft, adopt, amend, correct, review and end plans; meetings and consents",
        "plan.report": "record what has happened already, whether or not a rule would have allowed it",
        "progress.read": "read sessions, measurements, delivery and progress reports",
        "progress.write": "record sessions and measurements, make progress reports",
        "notice.read": "read notices and their deliveries",
        "notice.write": "make notices, record deliveries, set preferences",
        "audit.read": "timelines, findings, evidence, the record of access, the change feed",
        "log.read": "the district's logs: checkpoints, tiles, proofs",
        "packet.write": "make transfer packets and exports, record disclosures",
        "webhook.write": "subscribe to events by webhook",
        "records.hold": "set and release legal holds",
        "records.destroy": "order and approve the destruction of records",
        "admin": "clients and the district's settings",
        "operate": "run the installation: districts, sandbox clocks, parked events",
    }
)
"""Every scope with what it allows, as the API pages show it."""

PEOPLE_ONLY = frozenset({"records.hold", "records.destroy"})
"""Never a client credential's: two different signed-in people decide."""

DISTRICT_WIDE = frozenset({"admin", "log.read"})
"""Given to people only by a role held in the whole district: kept within one school, the same role does not give it."""

OPERATOR = "operator"
VENDOR = "vendor"

_READ = {"plan.read", "progress.read", "notice.read"}
_TEACH = _READ | {"plan.write", "plan.report", "progress.write", "audit.read"}
_PROVIDE = _READ | {"plan.write", "progress.write"}
_LEAD = _TEACH | {"notice.write", "packet.write"}
_OFFICE = _READ | {"audit.read", "log.read", "packet.write", "records.hold", "records.destroy"}

_ROLE_SCOPES: dict[str, set[str]] = {
    "case_manager": _LEAD,
    "section_504_coordinator": _LEAD,
    "special_education_teacher": _TEACH,
    "regular_education_teacher": _READ | {"progress.write"},
    "occupational_therapist": _PROVIDE,
    "physical_therapist": _PROVIDE,
    "speech_language_pathologist": _PROVIDE,
    "school_psychologist": _PROVIDE,
    "counselor": _PROVIDE,
    "social_worker": _PROVIDE,
    "school_nurse": _PROVIDE,
    "paraprofessional": {"plan.read", "progress.read", "progress.write"},
    "interpreter": {"plan.read"},
    "bus_driver": {"plan.read"},
    "test_coordinator": {"plan.read"},
    "principal": _LEAD,
    "site_administrator": _LEAD | {"roster.write"},
    "special_education_director": _LEAD | _OFFICE | {"roster.write", "admin"},
    "compliance_officer": _OFFICE | {"plan.report", "notice.write"},
    "records_officer": _OFFICE,
    "district_administrator": _READ | {"roster.write", "audit.read", "log.read", "webhook.write", "admin"},
    OPERATOR: set(SCOPES) - PEOPLE_ONLY,
    "other": {"plan.read"},
}

ROLE_SCOPES = MappingProxyType({role: frozenset(scopes) for role, scopes in _ROLE_SCOPES.items()})
"""What a person in a role may ask for. Which students they see is another question: `runtime.sight`."""

CLIENT_SCOPES = frozenset(SCOPES) - PEOPLE_ONLY - {"operate"}
"""What a vendor's client may be given."""


def scopes_of(text: str) -> frozenset[str]:
    """The scopes in a token's or a request's space-separated list; what we do not know is passed over."""
    return frozenset(text.split()) & SCOPES.keys()
