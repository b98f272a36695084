"""A notice that is owed and cannot go out is open, under the rule that asks for it: never silence."""

from collections.abc import Iterator

from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.record import StudentRecord
from contracts.notice_hindrances import NoticeUnaddressed
from contracts.vocabulary import NoticeHindrance, NoticeKind

RULE_OF = {
    NoticeKind.PRIOR_WRITTEN_NOTICE: "idea.pwn-before", NoticeKind.SECTION_504_NOTICE: "s504.safeguards",
    NoticeKind.MEETING_NOTICE: "idea.meeting-notice", NoticeKind.PROCEDURAL_SAFEGUARDS: "idea.safeguards-trigger",
    NoticeKind.PROGRESS_REPORT: "idea.progress-report", NoticeKind.RIGHTS_TRANSFER: "idea.rights-transfer",
    NoticeKind.CORRECTION_NOTICE: "rec.amend", NoticeKind.DESTRUCTION_NOTICE: "rec.destroy-notice",
}  # fmt: skip
RESTRICTED = NoticeHindrance.CONTACT_RESTRICTED.value.replace("_", " ")
BY_HAND = "See to what keeps it (GET /notify/v1/tasks), or give it by hand and record that."
REVIEW_FIRST = "Review the restriction on contact first: give nothing, by hand neither, before somebody has decided about it."


def waiting(record: StudentRecord, rule_id: str) -> Iterator[Finding]:
    """Notices of this rule that could not go out (a contact under restriction, no address, a part without words, nobody who
    holds the right): open until given or owed no more; overdue from the last day, where the notice has one. A prior written
    notice is due a reasonable time before the change (300.503(a)), not the day it stuck: the rule of the change tells late."""
    for notice in record.notices.values():
        if notice.waits is None or notice.kind is None or RULE_OF[notice.kind] != rule_id:
            continue
        since, lapsed = notice.waits.effective_on, notice.lapsed
        due_on = notice.owed.event.due_on if notice.owed else None
        if due_on is None and isinstance(notice.waits.event, NoticeUnaddressed):
            due_on = notice.waits.event.due_on
        why = ", ".join(notice.hindered_by) or "on its way"
        no_more = lapsed is not None and notice.given is None
        yield record.finding(
            rule_id, f"notice {notice.notice_id}", since, f"Owed, waits since {since}: {why}.",
            state=State.EXCUSED if no_more else None, due_on=due_on, done_on=notice.given_on,
            kept="No longer owed." if no_more else f"Waited since {since}, given {notice.given_on}.",
            due=f"Waits since {since}: {why}.", events=(notice.waits, notice.given, lapsed), plan=notice.plan_id,
            cure=REVIEW_FIRST if RESTRICTED in notice.hindered_by else BY_HAND,
        )  # fmt: skip
