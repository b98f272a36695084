"""What a plan says of one item on one day, as known now: the ground on which a session or a measurement stands.

Services are owed from the day the plan in force says to the day it says (34 CFR 300.320(a)(7), 300.323(c)(2)); a 504
plan binds in the same way (34 CFR 104.33).
"""

from dataclasses import dataclass
from datetime import date

from contracts.fields import ItemId, PlanId, StudentId
from contracts.items import AnyItem, Goal
from contracts.plan import AmendmentProposed, PlanAdopted, PlanEnded
from contracts.plan_document import History
from contracts.plan_history import LineChange, Lines, binding_on, fold, holding_on
from contracts.problems import Reason
from contracts.vocabulary import PlanKind

CITATIONS = {PlanKind.IEP: "34 CFR 300.323(c)(2)", PlanKind.SECTION_504: "34 CFR 104.33"}
REPORT_IT = (
    'If it took place all the same, send it again with "reported": it is then recorded as it happened.'
)


@dataclass(frozen=True, slots=True)
class ItemOnDay:
    """One item of one plan on one day."""

    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    item: AnyItem | None
    """The text in force that day; where none was, the text nearest to it, for its kind and unit."""
    unmet: Reason | None
    """Why the item was not in force that day."""
    goal: Goal | None = None
    """Of an objective the goal it is a step of."""


class KnownPlan:
    """A plan's published history, folded once for any number of questions."""

    def __init__(self, history: History) -> None:
        if history.plan_id is None or history.student is None:
            raise ValueError("a plan of which nothing is known is not a known plan")
        self.plan_id: PlanId = history.plan_id
        self.student_id: StudentId = history.student
        self.history = history
        self.lines: Lines = fold(history.entries)

    @property
    def kind(self) -> PlanKind:
        """IEP or Section 504."""
        adopted = [entry.event.kind for entry in self.history.entries if isinstance(entry.event, PlanAdopted)]
        return adopted[-1] if adopted else PlanKind.IEP

    def on(self, item_id: ItemId, day: date) -> ItemOnDay:
        """What the plan says of the item on ``day``."""
        line = self.lines.items.get(item_id, ())
        holding = holding_on(line, day)
        text = holding.item if holding is not None else None
        unmet = self._why_not(item_id, line, text, day)
        item = text or self._nearest_text(item_id, line, day)
        goal_id = getattr(item, "goal", None)
        goal = holding_on(self.lines.items.get(goal_id, ()), day) if goal_id else None
        return ItemOnDay(
            self.plan_id,
            item_id,
            self.student_id,
            item,
            unmet,
            goal.item if goal is not None and isinstance(goal.item, Goal) else None,
        )

    def _why_not(
        self, item_id: ItemId, line: tuple[LineChange, ...], text: AnyItem | None, day: date
    ) -> Reason | None:
        if text is None and not line:
            return self._reason("item-not-in-plan", "No adopted text of this plan has this item.")
        if self.lines.void is not None:
            return self._reason(
                "plan-void", "The plan never bound: it was made for another student, or twice."
            )
        binding = binding_on(self.lines.bindings, day)
        if binding is None:
            return self._reason("plan-not-yet-in-force", f"The plan was not yet in force on {day}.")
        if isinstance(binding.recorded.event, PlanEnded):
            ended = binding.recorded.effective_on
            return self._reason("plan-ended", f"The plan has not been in force since {ended}.")
        if text is None:
            return self._not_holding(line, day)
        starts_on, ends_on = getattr(text, "starts_on", None), getattr(text, "ends_on", None)
        if starts_on is not None and day < starts_on:
            return self._reason("item-not-yet-in-force", f"The plan says that it starts on {starts_on}.")
        if ends_on is not None and day > ends_on:
            return self._reason("item-ended", f"The plan says that its last day was {ends_on}.")
        return None

    def _not_holding(self, line: tuple[LineChange, ...], day: date) -> Reason:
        begun = [change for change in line if change.effective_on <= day]
        if begun:
            last = max(begun, key=lambda change: change.key)
            return self._reason("item-ended", f"The item has not been in the plan since {last.effective_on}.")
        first = min(change.effective_on for change in line)
        return self._reason("item-not-yet-in-force", f"The item is in the plan from {first} on.")

    def _reason(self, code: str, message: str) -> Reason:
        return Reason(code, message, CITATIONS[self.kind], REPORT_IT, "/item")

    def _nearest_text(self, item_id: ItemId, line: tuple[LineChange, ...], day: date) -> AnyItem | None:
        texts = [change for change in line if change.item is not None]
        before = [change for change in texts if change.effective_on <= day]
        if before:
            return max(before, key=lambda change: change.key).item
        if texts:
            return min(texts, key=lambda change: change.key).item
        for entry in self.history.entries:
            if isinstance(entry.event, AmendmentProposed):
                for change in entry.event.changes:
                    if change.op != "end" and change.item.id == item_id:
                        return change.item
        return None
