"""Items of invented plans, as a vendor would send them: shared by the demo and the sample district."""

from datetime import date, timedelta
from random import Random, SystemRandom
from typing import Any
from uuid import UUID

Json = dict[str, Any]


class Items:
    """Makes items; with a seeded ``chance`` always the same ids in the same order."""

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance or SystemRandom()

    def new_id(self) -> str:
        """A random id (UUIDv4)."""
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def present_levels(self, statement: str, as_of: date, area: str = "reading") -> Json:
        """Dated data that goals grow out of."""
        return {
            "id": self.new_id(), "kind": "present_levels", "area": area, "statement": statement,
            "effect": "Grade-level texts and directions take longer than the class allows.",
            "strengths": "Works steadily, asks when unsure, helps others.",
            "parents_concerns": "Homework takes the whole evening.", "as_of_on": as_of.isoformat(),
            "evaluation": f"Report of {as_of:%B} {as_of.day}: understands more than the pace of the work shows.",
            "needs": "Practice in small steps, and time to finish.",
        }  # fmt: skip

    def sorting_goal(self, levels: Json, start: date) -> list[Json]:
        """The worked example: 20 of 60 objects, 20 more, 20 more; one goal with three objectives."""
        year = start.year if start.month >= 7 else start.year - 1
        steps = [(20, date(year, 12, 31)), (40, date(year + 1, 3, 15)), (60, date(year + 1, 6, 15))]
        goal = {
            "id": self.new_id(), "kind": "goal", "area": "adaptive", "present_levels": levels["id"],
            "statement": "Given 60 mixed objects, arranges them into groups by one property without prompting.",
            "baseline": "0", "target": "60", "unit": "objects",
            "measure_method": "Counted by the teacher in one 20-minute session, objects placed correctly.",
            "criterion": "60 of 60 objects placed correctly in one session", "due_on": steps[-1][1].isoformat(),
        }  # fmt: skip
        return [goal] + [
            {"id": self.new_id(), "kind": "objective", "goal": goal["id"], "order": n, "target": str(count),
             "unit": "objects", "statement": f"Arranges {count} of 60 objects.", "due_on": day.isoformat()}
            for n, (count, day) in enumerate(steps, 1)
        ]  # fmt: skip

    def reading_goal(self, levels: Json, due: date, baseline: int, target: int) -> Json:
        """Words read correctly in a minute."""
        return {
            "id": self.new_id(), "kind": "goal", "area": "reading", "present_levels": levels["id"],
            "statement": f"Given a passage at instructional level, reads {target} words correctly in one minute.",
            "baseline": str(baseline), "target": str(target), "unit": "words per minute",
            "measure_method": "One-minute oral reading probe, every other week.",
            "criterion": f"{target} words correct in each of 3 probes in a row", "results_needed": 3,
            "due_on": due.isoformat(),
        }  # fmt: skip

    def service(
        self, code: str, minutes: int, sessions: int, role: str, starts: date, ends: date, **more: Any
    ) -> Json:
        """A weekly service; ``minutes`` is the week's total."""
        return {
            "id": self.new_id(), "kind": "service", "service": code, "minutes": minutes, "per": "week",
            "sessions_per": sessions, "location": "Room 12", "setting": "resource_room", "group": "small_group",
            "provider_role": role, "starts_on": starts.isoformat(), "ends_on": ends.isoformat(),
        } | more  # fmt: skip

    def accommodation(self, what: str, where: list[str], role: str, since: date, need: str) -> Json:
        """Who does what where."""
        return {
            "id": self.new_id(), "kind": "accommodation", "what": what, "need": need, "where": where,
            "responsible_role": role, "since": since.isoformat(), "how_checked": "Asked of the student every month.",
        }  # fmt: skip

    def placement(self, percent: int) -> Json:
        """Where, and why not more with other children."""
        setting = "regular_class_80_or_more" if percent >= 80 else "regular_class_40_to_79"
        return {
            "id": self.new_id(), "kind": "placement", "setting": setting, "percent_with_peers": str(percent),
            "explanation": "Small-group instruction needs a quiet room; everything else is with the class.",
            "alternatives_considered": "All services in class: tried for six weeks, too much noise to concentrate.",
        }  # fmt: skip

    def factors(self, *answered: Json) -> list[Json]:
        """Every special factor a team considers beside assistive technology; those ``answered`` say more than no."""
        said = {answer["factor"]: answer for answer in answered}
        return [
            {"id": self.new_id(), "kind": "special_factor", "factor": factor}
            | said.get(factor, {"answer": answer, "reason": reason})
            for factor, answer, reason in (
                ("behavior", "no", "Keeps the rules of the class; nobody is kept from learning."),
                ("limited_english", "not_applicable", "English is the first language."),
                ("braille", "not_applicable", "Sees well; screened in the fall."),
                ("communication", "no", "Says what is needed, to adults and to other children."),
                ("deafness", "not_applicable", "Hears well; screened in the fall."),
            )
        ]

    def no_technology(self, need: str) -> Json:
        """Assistive technology was considered, and nobody provides any: which a Section 504 plan says in full."""
        return {
            "id": self.new_id(), "kind": "assistive_technology", "considered": True, "need": need,
            "provided_by": "nobody", "bought_by": "nobody", "trained_by": "nobody",
        }  # fmt: skip

    def iep_items(
        self, start: date, *, levels: str, services: list[Json], reading: tuple[int, int] | None = None
    ) -> list[Json]:
        """Every part an IEP needs to be adopted."""
        present = self.present_levels(levels, start - timedelta(days=21))
        due = start + timedelta(days=364)
        goals = [self.reading_goal(present, due, *reading)] if reading else self.sorting_goal(present, start)
        return [
            present, *goals, *services,
            self.accommodation("Half as much time again on timed tests.", ["test"], "regular_education_teacher", start,
                          "Reads accurately but slowly."),
            self.placement(85),
            {"id": self.new_id(), "kind": "progress_schedule", "how": "Probe data, in a written report to the parents.",
             "report_dates": [(start + timedelta(days=90 * n)).isoformat() for n in (1, 2, 3)]},
            {"id": self.new_id(), "kind": "assessment", "assessment": "State assessment", "participation": "with_accommodations",
             "accommodations": ["extended time"]},
            *self.factors(),
            {"id": self.new_id(), "kind": "special_factor", "factor": "assistive_technology", "answer": "no",
             "reason": "Speech-to-text was tried in the fall; the student writes faster by hand."},
            {"id": self.new_id(), "kind": "assistive_technology", "considered": True, "need": "Not needed now."},
            {"id": self.new_id(), "kind": "extended_school_year", "considered": True, "needed": False,
             "reason": "Skills were kept over the last two breaks."},
        ]  # fmt: skip

    def section_504_items(self, start: date, activity: str = "endocrine_function") -> list[Json]:
        """A plan for a student with type 1 diabetes, or another limit."""
        since = start
        if activity == "endocrine_function":
            impairment = "Type 1 diabetes."
            how = "Blood sugar changes quickly; low values need treatment at once."
            arrangements = [
                (
                    "Checks glucose when needed, in class, with the nurse informed.",
                    ["class", "test"],
                    "school_nurse",
                ),
                ("Eats snacks whenever needed.", ["class", "bus"], "regular_education_teacher"),
                ("Stops the clock of a test to treat a low or high value.", ["test"], "test_coordinator"),
                ("Keeps a phone for the glucose sensor.", ["everywhere"], "regular_education_teacher"),
            ]
        else:
            impairment = "Attention deficit disorder, also on days with medication."
            how = "Loses the thread of longer tasks several times in a lesson."
            arrangements = [
                ("Sits near the teacher, away from the door.", ["class"], "regular_education_teacher"),
                (
                    "Gets longer tasks in steps, each checked before the next.",
                    ["class", "homework"],
                    "case_manager",
                ),
            ]
        return [
            {"id": self.new_id(), "kind": "activity_limited", "activity": activity, "how": how,
             "impairment": impairment, "evidence": "Physician's letter, nurse's log, teachers' notes."},
            *(self.accommodation(what, where, role, since, how) for what, where, role in arrangements),
            {"id": self.new_id(), "kind": "school_services", "what": "School nurse on call during the school day.",
             "need": how, "where": ["everywhere"], "responsible_role": "school_nurse", "since": since.isoformat(),
             "how_checked": "Nurse's log, every month."},
            self.no_technology("What the student brings is enough."),
        ]  # fmt: skip
