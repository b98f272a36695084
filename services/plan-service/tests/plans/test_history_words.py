"""A plan's history in words: each entry as things were when it was made."""

from zoneinfo import ZoneInfo

from contracts.items import Replace
from contracts.plan import AmendmentAdopted, StaffInformed
from contracts.testing import Log, an_id
from plan_service.application.replay import PastOf
from plan_service.application.situation import Day
from plan_service.domain.rules import Profiles
from plan_service.testing_plans import AMENDMENT, PLAN, SPEECH, TODAY, plan_adopted, speech

STAFF = an_id("staff")


def test_an_item_is_called_as_it_read_when_the_entry_was_made() -> None:
    log = Log(subject="student")
    told = StaffInformed(effective_on=TODAY, plan_id=PLAN, staff_id=STAFF, items=(SPEECH,), how="spoken to")
    amended = AmendmentAdopted(
        effective_on=TODAY, plan_id=PLAN, amendment_id=AMENDMENT, changes=(Replace(item=speech(60)),)
    )
    for event in (plan_adopted(), told, amended, told):
        log.append(event, on=TODAY, stream=f"plan/{PLAN}")
    past = PastOf(list(log.entries), Day(TODAY, ZoneInfo("UTC"), Profiles()))

    before, after = (
        entry["words"]
        for entry in past.told({str(STAFF): "Ada Roe"})["entries"]
        if entry["type"] == told.type
    )

    assert "told Ada Roe of their duties under service: speech-language therapy, 30 minutes a week" in before
    assert "speech-language therapy, 60 minutes a week" in after
