"""Who carries out what a plan says, and who was told that it is theirs to do (34 CFR 300.323(d), 104.33)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from handrail.sample.world import REGULAR, SPEECH, Held
from handrail.stage import IEP_ROLES, Stage


def handed_on(by: Stage, held: Held, since: date, told_on: date) -> None:
    """After an adoption: each service and, under Section 504, each accommodation has somebody, who is told.

    As in life: here and there nobody tells the class teacher, and one thing that a plan says is nobody's.
    """
    duties: dict[str, list[str]] = defaultdict(list)
    nobodys = held.items[-2]["id"] if not held.is_iep and held.number == 7 else ""
    for item in held.items:
        role = item.get("provider_role") or item.get("responsible_role")
        if role is None or item["id"] == nobodys:
            continue
        duties[role].append(item["id"])
        if not held.is_iep or item["kind"] == "service":
            carries_out(by, held, item["id"], role, since)
    if held.number % 6 == 4:
        duties.pop(REGULAR, None)
    for role, items in duties.items():
        how = "in person, with a copy" if held.number % 2 else "read it in Handrail"
        _told(by, held, role, items, told_on, how)


def told_of_a_change(by: Stage, held: Held, items: Iterable[str], on: date) -> None:
    """After an amendment: the team and whoever gives a service. The speech therapist comes on other days, and is forgotten."""
    providers = [item["provider_role"] for item in held.services if item["provider_role"] != SPEECH]
    for role in dict.fromkeys([*IEP_ROLES, *providers] if held.is_iep else [REGULAR]):
        _told(by, held, role, [*items], on, "in the week's meeting, with the new page")


def carries_out(by: Stage, held: Held, item: str, role: str, since: date) -> None:
    """From a day on, whoever has this role at the school."""
    body = {"staff": held.school.staff[role], "from": since.isoformat()}
    by.client.post(f"{held.path}/items/{item}/holders", body)


def _told(by: Stage, held: Held, role: str, items: list[str], on: date, how: str) -> None:
    by.client.post(
        f"{held.path}/informed",
        {"staff": held.school.staff[role], "items": items, "on": on.isoformat(), "how": how},
    )
