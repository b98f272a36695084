"""P13: folding entries 0..n and replaying later with K = known_at(n) give the same bytes, whatever the history.

And the fold says what eventlog.md 9 says: a second, naive reading of that text must agree on every random history.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.event import Event, Recorded
from contracts.items import Accommodation, Add, AnyItem, End, Replace
from contracts.plan import (
    AmendmentAdopted,
    AmendmentPersonalData,
    AmendmentProposed,
    AmendmentWithdrawn,
    ConsentAnswered,
    CorrectedChange,
    CorrectionPersonalData,
    DraftDropped,
    DraftOpened,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanReopened,
    PlanVoided,
    ReasonPersonalData,
    ReviewHeld,
    StaffInformed,
    StatementAdded,
    StatementPersonalData,
    TeamMeeting,
)
from contracts.plan_diff import describe, diff
from contracts.plan_document import History, evolve, history_of, in_force, read_document, versions
from contracts.testing import Log, an_id
from contracts.vocabulary import (
    ConsentDecision,
    ConsentMethod,
    PlanEnd,
    PlanKind,
    ReopeningGround,
    ReviewOutcome,
    VoidGround,
)

PLAN = an_id("plan")
ITEMS = [an_id(f"item {number}") for number in range(4)]
AMENDMENTS = [an_id(f"amendment {number}") for number in range(3)]
FIRST_DAY = date(2025, 9, 1)

days = st.integers(min_value=0, max_value=12).map(lambda number: FIRST_DAY + timedelta(days=number))
texts = st.sampled_from(["extra time", "a quiet room", "large print", "breaks"])
items = st.builds(Accommodation, id=st.sampled_from(ITEMS), what=texts)
changes = st.one_of(
    st.builds(Add, item=items), st.builds(Replace, item=items), st.builds(End, item=st.sampled_from(ITEMS))
)
amendments = st.sampled_from(AMENDMENTS)
plan = st.just(PLAN)
answers = st.builds(
    ConsentAnswered,
    effective_on=days,
    plan_id=plan,
    amendment_id=amendments,
    consent_id=st.just(an_id("consent")),
    holder_id=st.sampled_from([an_id("mother"), an_id("father")]),
    items=st.lists(st.sampled_from(ITEMS), max_size=2).map(tuple),
    decision=st.sampled_from(ConsentDecision),
    method=st.just(ConsentMethod.PAPER_SIGNATURE),
)
binding = st.one_of(
    st.builds(
        PlanAdopted,
        effective_on=days,
        plan_id=plan,
        kind=st.sampled_from(PlanKind),
        items=st.lists(items, max_size=4).map(tuple),
        review_due_on=st.none() | days,
    ),
    st.builds(
        AmendmentAdopted,
        effective_on=days,
        plan_id=plan,
        amendment_id=amendments,
        changes=st.lists(changes, max_size=3).map(tuple),
        withheld=st.lists(st.sampled_from(ITEMS), max_size=2).map(tuple),
    ),
    st.builds(
        AmendmentWithdrawn,
        effective_on=days,
        plan_id=plan,
        amendment_id=amendments,
        personal=st.just(ReasonPersonalData(reason="dropped")),
    ),
    st.builds(PlanEnded, effective_on=days, plan_id=plan, reason=st.just(PlanEnd.OTHER)),
    st.builds(
        PlanReopened,
        effective_on=days,
        plan_id=plan,
        reopening_id=st.just(an_id("reopening")),
        ended_by=st.just(an_id("end")),
        ground=st.sampled_from(ReopeningGround),
        personal=st.just(ReasonPersonalData(reason="a mistake")),
        requested_by=st.just("one"),
        approved_by=st.just("two"),
    ),
)
other = st.one_of(
    answers,
    st.builds(
        DraftOpened,
        effective_on=days,
        plan_id=plan,
        student_id=st.just(an_id("student")),
        kind=st.sampled_from(PlanKind),
    ),
    st.builds(DraftDropped, effective_on=days, plan_id=plan),
    st.builds(
        AmendmentProposed,
        effective_on=days,
        plan_id=plan,
        amendment_id=amendments,
        basis=st.just(TeamMeeting(meeting_id=an_id("meeting"))),
        changes=st.lists(changes, max_size=2).map(tuple),
        personal=st.just(AmendmentPersonalData(reason="slow progress")),
    ),
    st.builds(
        ReviewHeld,
        effective_on=days,
        plan_id=plan,
        outcome=st.sampled_from(ReviewOutcome),
        review_due_on=days,
    ),
    st.builds(
        ItemHolderAssigned,
        effective_on=days,
        plan_id=plan,
        item_id=st.sampled_from(ITEMS),
        staff_id=st.just(an_id("teacher")),
        ends_on=st.none() | days,
    ),
    st.builds(
        ItemHolderEnded,
        effective_on=days,
        plan_id=plan,
        item_id=st.sampled_from(ITEMS),
        staff_id=st.just(an_id("teacher")),
    ),
    st.builds(
        StatementAdded,
        effective_on=days,
        plan_id=plan,
        statement_id=st.just(an_id("statement")),
        holder_id=st.just(an_id("mother")),
        personal=st.just(StatementPersonalData(text="She needs more.")),
    ),
    st.builds(
        StaffInformed,
        effective_on=days,
        plan_id=plan,
        staff_id=st.just(an_id("teacher")),
        items=st.lists(st.sampled_from(ITEMS), max_size=2).map(tuple),
        how=st.just("in person"),
    ),
)
void = st.builds(
    PlanVoided,
    effective_on=days,
    plan_id=plan,
    void_id=st.just(an_id("void")),
    ground=st.just(VoidGround.WRONG_STUDENT),
    personal=st.just(ReasonPersonalData(reason="another child's")),
    requested_by=st.just("one"),
    approved_by=st.just("two"),
)


@st.composite
def correction(draw: st.DrawFn, entries: int) -> PlanCorrected:
    """Of any entry so far, whether or not it made a change, with a text of the right item or not."""
    item = draw(items)
    target = an_id(f"event {draw(st.integers(min_value=0, max_value=max(entries - 1, 0)))}")
    named = draw(st.sampled_from([item.id, item.id, item.id, ITEMS[0]]))
    return PlanCorrected(
        effective_on=draw(days),
        plan_id=PLAN,
        correction_id=an_id("correction"),
        corrects=CorrectedChange(event_id=target, item_id=named),
        item=item,
        personal=CorrectionPersonalData(what_was_wrong="the text", evidence="the minutes"),
        requested_by="teacher",
        approved_by="director",
    )


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Backdated, future-dated, overlapping, corrected and withdrawn changes in any order."""
    log = Log()
    for number in range(draw(st.integers(min_value=1, max_value=14))):
        log.append(draw(st.one_of(binding, binding, correction(number), other)))
    return log


@st.composite
def struck_through(draw: st.DrawFn) -> Log:
    """The same, and somewhere in it that the plan never bound; statements may follow, and whatever else comes late."""
    log = Log()
    for _ in range(draw(st.integers(min_value=1, max_value=6))):
        log.append(draw(st.one_of(binding, other)))
    log.append(draw(void))
    for _ in range(draw(st.integers(min_value=0, max_value=4))):
        log.append(draw(st.one_of(binding, other)))
    return log


def written(history: History, day: date, known_at: datetime | None = None) -> bytes | None:
    document = in_force(history, day, known_at)
    return document.to_bytes() if document else None


@settings(max_examples=300, deadline=None)
@given(st.one_of(logs(), logs(), struck_through()), days)
def test_replaying_at_an_instant_gives_the_bytes_that_the_log_gave_then(log: Log, day: date) -> None:
    whole = history_of(log.entries)
    then = History()
    for entry in log.entries:
        then = evolve(then, entry)
        assert written(whole, day, entry.known_at) == written(then, day)
        assert versions(whole, entry.known_at) == versions(then)


@settings(max_examples=200, deadline=None)
@given(logs(), days)
def test_the_fold_says_what_the_text_says(log: Log, day: date) -> None:
    document = in_force(history_of(log.entries), day)

    assert document is not None
    assert {entry.item.id: entry.item for entry in document.items} == _read_from_the_text(log.entries, day)


@settings(max_examples=150, deadline=None)
@given(logs(), days, days)
def test_a_difference_takes_one_state_to_the_other(log: Log, from_: date, to: date) -> None:
    history = history_of(log.entries)
    before, after = (
        in_force(history, from_, log.entries[len(log.entries) // 2].known_at),
        in_force(history, to),
    )

    differences = diff(before, after)

    one = {entry.item.id: entry.item for entry in before.items} if before else {}
    other_ = {entry.item.id: entry.item for entry in after.items} if after else {}
    changed = {key for key in one.keys() | other_.keys() if one.get(key) != other_.get(key)}
    assert {difference.item_id for difference in differences} == changed
    assert diff(after, after) == ()
    assert all(describe(difference).endswith(".") for difference in differences)


@settings(max_examples=100, deadline=None)
@given(st.one_of(logs(), struck_through()), days)
def test_a_document_survives_being_written_and_read(log: Log, day: date) -> None:
    document = in_force(history_of(log.entries), day)

    assert document is not None
    assert read_document(document.to_json()).to_bytes() == document.to_bytes()


def _read_from_the_text(entries: list[Recorded[Event]], day: date) -> dict[UUID, AnyItem]:
    """Eventlog.md 9, sentence by sentence, without any of the fold's code."""
    # "a withdrawn amendment leaves no change"
    withdrawn = {
        number
        for number, entry in enumerate(entries)
        if isinstance(entry.event, AmendmentAdopted)
        and any(
            isinstance(later.event, AmendmentWithdrawn)
            and later.event.amendment_id == entry.event.amendment_id
            for later in entries[number + 1 :]
        )
    }
    # "Events fold in index order into one line of changes per item"
    line: list[tuple[date, int, int, UUID, AnyItem | None]] = []
    plan_binds: list[tuple[date, int, bool]] = []
    reopened: list[tuple[date, int]] = []
    for number, entry in enumerate(entries):
        event = entry.event
        if isinstance(event, PlanAdopted):
            plan_binds.append((entry.effective_on, number, True))
            seen = {change[3] for change in line}
            gone = seen - {item.id for item in event.items}
            line += [(entry.effective_on, number, 0, item_id, None) for item_id in gone]
            line += [
                (entry.effective_on, number, place, item.id, _as_corrected(entries, number, item))
                for place, item in enumerate(event.items)
            ]
        elif isinstance(event, PlanEnded):
            plan_binds.append((entry.effective_on, number, False))
        elif isinstance(event, PlanReopened):
            reopened.append((entry.effective_on, number))
        elif isinstance(event, AmendmentAdopted) and number not in withdrawn:
            for place, change in enumerate(event.changes):
                text = None if isinstance(change, End) else _as_corrected(entries, number, change.item)
                line.append((entry.effective_on, number, place, change.item_id, text))
    # "the change with the greatest effective_on <= D; on equal dates the later index"
    past = sorted((change for change in line if change[0] <= day), key=lambda change: change[:3])
    adopted = any(binds and on <= day for on, _, binds in plan_binds)
    # A reopened plan binds again as it was adopted.
    plan_binds += [(on, number, adopted) for on, number in reopened]
    binds = sorted(bound for bound in plan_binds if bound[0] <= day)
    if not binds or not binds[-1][2]:
        return {}
    return {item_id: item for item_id, item in {change[3]: change[4] for change in past}.items() if item}


def _as_corrected(entries: list[Recorded[Event]], number: int, item: AnyItem) -> AnyItem:
    """A correction replaces the text of the one change it names; of several the last."""
    for entry in reversed(entries):
        event = entry.event
        if (
            isinstance(event, PlanCorrected)
            and event.corrects.event_id == entries[number].id
            and event.corrects.item_id == item.id
            and event.item.id == item.id
        ):
            return event.item
    return item
