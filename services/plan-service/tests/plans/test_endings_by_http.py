"""The end of a plan by HTTP: refused with reasons, told as a report, and what a student who leaves takes along."""

from datetime import timedelta
from typing import Any

from contracts.items import item_fields
from plan_service.testing_plans import AUNT, MOTHER, TIME, iep_items
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE

IEP = [item_fields(entry) for entry in iep_items()]
SAYS = {"academic_achievement": "Reads.", "functional_performance": "Plans.", "recommendations": "Time."}


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


async def test_consent_is_revoked_in_writing_and_the_plan_ends_after_the_notice(lakeside: Any) -> None:
    path, today = await lakeside.adopted(IEP), lakeside.today
    revoked = {"holder": str(AUNT), "revoked_on": today.isoformat(), "method": "oral"}
    end = {"reason": "consent_revoked", "effective_on": today.isoformat(), "revocation": revoked}
    etag = await lakeside.etag(path)

    refused = await lakeside.send("POST", f"{path}/end", end, version=etag, expect=409)

    assert codes(refused) == {
        "revocation-not-written",
        "revoked-by-nobody-who-decides",
        "prior-written-notice-required",
    }
    notice, told = await lakeside.notice(path)
    await lakeside.send("GET", path, after_event=str(told), expect=200)
    written = revoked | {"holder": str(MOTHER), "method": "written_message"}
    in_time = end | {"effective_on": (today + timedelta(days=10)).isoformat(), "revocation": written,
                     "notices": [str(notice)]}  # fmt: skip
    done = await lakeside.send("POST", f"{path}/end", in_time, version=etag, expect=200)
    assert [each["binds"] for each in done.json()["bindings"]] == [True, False]
    last = (await lakeside.send("GET", f"{path}/history", expect=200)).json()["entries"][-1]
    assert "consent revoked, revoked by" in last["words"]


async def test_an_iep_of_who_stays_does_not_end_without_an_evaluation_and_a_report_says_so(
    lakeside: Any,
) -> None:
    path, today = await lakeside.adopted(IEP), lakeside.today.isoformat()
    end = {"reason": "no_longer_eligible", "effective_on": today}
    etag = await lakeside.etag(path)
    refused = await lakeside.send("POST", f"{path}/end", end, version=etag, expect=409)
    assert codes(refused) == {"evaluation-before-exit", "prior-written-notice-required"}
    happened = {"source": "paper file", "reason": "It was done on paper.", "occurred_on": today}
    scopes = "plan.read plan.report"
    await lakeside.send(
        "POST", f"{path}/end", end | {"reported": happened}, version=etag, scopes=scopes, expect=200
    )
    now = (await lakeside.send("GET", path, expect=200)).json()
    assert (now["status"], now["ending"]["reason"]) == ("ended", "no_longer_eligible")


async def test_a_summary_of_performance_is_recorded_once_and_read_again(lakeside: Any) -> None:
    path = await lakeside.adopted(IEP)
    at = f"{path}/exit-summaries"
    refused = await lakeside.send("POST", at, {"channel": "letter", "what_worked": "Time."}, expect=409)
    assert codes(refused) == {"summary-lacks-a-part"}
    body = SAYS | {
        "channel": "letter",
        "holders": [str(MOTHER)],
        "items": [str(TIME)],
        "external_id": "northwind:s1",
    }

    made = await lakeside.send("POST", at, body, expect=201)

    again = await lakeside.send("POST", at, body, expect=200)
    read = await lakeside.send("GET", f"{at}/{made.json()['id']}", expect=200)
    listed = await lakeside.send("GET", at, external_id="northwind:s1", expect=200)
    assert made.json() == again.json() == read.json() == listed.json()["items"][0]
    assert SAYS.items() <= made.json().items()
