"""Notices that the office writes, and what the team says in any that nothing recorded says."""

from handrail.plan_items import Json
from handrail.stage import Stage

OF_ADOPTIONS = (
    "The team wrote the plan for the year from what the evaluation and the family said.",
    "The last evaluation report, the teachers' notes, the family's own words.",
    "More time outside the class: not needed to reach the goals.",
)


def notice_words(explanation: str, used: str, options: str) -> Json:
    """Parts 2, 3, 6 and 7 of a prior written notice (34 CFR 300.503(b))."""
    return {
        "explanation": explanation, "evaluations_used": used, "options_considered": options, "other_factors": "None.",
    }  # fmt: skip


def notice_of_it(by: Stage, notice: Json) -> str:
    """A notice of what was recorded last; its id."""
    caused_by = by.client.last_event
    by.settle("notify")  # From then on a notice can be made of it.
    made: str = by.client.post("/notify/v1/notices", {"caused_by": caused_by, **notice})["id"]
    return made


def delivered(notice: Json) -> Json:
    """What somebody did with it, by the channel it was to go; of what is read aloud, that it was understood (300.503(c)(2))."""
    done: Json = {"channel": notice.get("channel", "read_aloud")}
    if done["channel"] == "read_aloud":
        done["told"] = {"language": notice["language"], "mode": "oral", "understood": True}
    return done
