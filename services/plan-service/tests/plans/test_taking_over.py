"""Plans from a legacy system: they bind from their own days, say where they come from, and are known here from today."""

import json
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from contracts.ids import new_id
from contracts.items import item_fields
from contracts.plan import DraftOpened, PlanAdopted, PlanEnded
from contracts.problems import Invalid
from contracts.testing import an_id
from contracts.vocabulary import PlanEnd, PlanKind
from plan_service.domain.plan import Plan
from plan_service.domain.rules import FEDERAL
from plan_service.domain.student import Student
from plan_service.domain.taking_over import Ended, TakeOver, take_over
from plan_service.testing_plans import iep_items, plan_504_items
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE

TODAY = date(2026, 11, 24)
IEP = [item_fields(entry) for entry in iep_items()]


def legacy(**fields: Any) -> TakeOver:
    """An IEP of the old system, decided in August 2025, recorded the day after."""
    told: dict[str, Any] = {
        "plan_id": an_id("plan"), "student_id": an_id("student"), "kind": PlanKind.IEP, "items": iep_items(),
        "source": "County IEP system", "external_id": "oldiep:88213", "effective_on": date(2025, 9, 2),
        "decided_on": date(2025, 8, 28), "recorded_on": date(2025, 8, 29),
    }  # fmt: skip
    return TakeOver(**told | fields)


def taken_over(**fields: Any) -> list[Any]:
    return list(take_over(Plan(), legacy(**fields), Student(), TODAY, FEDERAL))


def test_it_is_reported_with_its_source_and_original_dates_never_as_decided_here() -> None:
    opened, adopted = taken_over()

    assert isinstance(opened, DraftOpened)
    assert isinstance(adopted, PlanAdopted)
    assert (opened.effective_on, adopted.effective_on) == (TODAY, date(2025, 9, 2))
    assert adopted.reported is not None
    assert adopted.imported is not None
    assert (adopted.reported.source, adopted.reported.occurred_on) == ("County IEP system", date(2025, 8, 28))
    assert (adopted.imported.external_id, adopted.imported.source_recorded_on) == ("oldiep:88213", date(2025, 8, 29))  # fmt: skip


def test_what_the_rules_would_have_refused_stands_beside_it() -> None:
    _, adopted = taken_over(items=iep_items()[:1])

    codes = {unmet.code for unmet in adopted.reported.unmet}
    assert "meeting-required" in codes
    assert len(codes) > 1


def test_an_iep_is_due_a_year_after_the_old_systems_meeting() -> None:
    """34 CFR 300.324(b)(1)."""
    _, adopted = taken_over()

    assert adopted.review_due_on == date(2026, 8, 28)


def test_a_504_plan_keeps_the_day_its_district_had_set() -> None:
    _, adopted = taken_over(kind=PlanKind.SECTION_504, items=plan_504_items(), review_due_on=date(2026, 9, 1))  # fmt: skip

    assert adopted.review_due_on == date(2026, 9, 1)


def test_one_that_has_ended_ends_on_its_own_day() -> None:
    *_, ended = taken_over(ended=Ended(PlanEnd.GRADUATED, date(2026, 6, 12)))

    assert isinstance(ended, PlanEnded)
    assert (ended.effective_on, ended.reported is not None) == (date(2026, 6, 12), True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"effective_on": date(2025, 8, 27)}, "effective-before-decided"),
        ({"recorded_on": date(2025, 8, 27)}, "recorded-on-another-day"),
        ({"recorded_on": TODAY + timedelta(days=1)}, "recorded-on-another-day"),
        ({"ended": Ended(PlanEnd.TRANSFERRED, date(2025, 9, 1))}, "ended-before-effective"),
        ({"ended": Ended(PlanEnd.TRANSFERRED, TODAY + timedelta(days=1))}, "end-in-the-future"),
    ],
)
def test_days_that_contradict_each_other_are_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        taken_over(**fields)

    assert [reason.code for reason in refused.value.reasons] == [code]


async def send(lakeside: Any, *lines: Any, key: str | None = None, scopes: str = "plan.report") -> httpx.Response:  # fmt: skip
    """The lines as NDJSON."""
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    headers = lakeside.issuer.vendor(*scopes.split(), tenant=lakeside.tenant)
    headers |= {"content-type": "application/x-ndjson", "idempotency-key": key or str(new_id())}
    answer: httpx.Response = await lakeside.http.post("/plan/v1/plans/bulk", content=body, headers=headers)
    return answer


def line(**fields: Any) -> dict[str, Any]:
    return {
        "external_id": "oldiep:88213", "student": str(CHILD), "kind": "iep", "source": "County IEP system",
        "effective_on": "2025-09-02", "decided_on": "2025-08-28", "recorded_on": "2025-08-29", "items": IEP,
    } | fields  # fmt: skip


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(each) for each in answer.text.splitlines()]


@ON_ONE_SERVICE
async def test_it_binds_from_its_own_day_and_says_where_it_comes_from(lakeside: Any) -> None:
    (made,) = results(await send(lakeside, line()))
    assert (made["line"], made["status"], made["external_id"]) == (1, 201, "oldiep:88213")

    path = f"/plans/{made['id']}"
    then = (await lakeside.send("GET", path, effective_on="2025-10-01", expect=200)).json()
    assert (then["status"], then["adopted_on"]) == ("in_force", "2025-09-02")
    assert all(entry["reported"]["source"] == "County IEP system" for entry in then["items"])
    before = await lakeside.send("GET", path, known_at=(lakeside.today - timedelta(days=1)).isoformat())
    assert before.status_code == 404
    (version,) = (await lakeside.send("GET", f"{path}/versions", expect=200)).json()["items"]
    assert version["imported"]["source_recorded_on"] == "2025-08-29"
    history = (await lakeside.send("GET", f"{path}/history", expect=200)).text
    assert "took over an IEP" in history
    assert "from County IEP system, which had recorded it on" in history


@ON_ONE_SERVICE
async def test_the_same_lines_again_make_nothing_and_another_text_is_refused(lakeside: Any) -> None:
    first = results(await send(lakeside, line(), key="k-1"))
    again = await send(lakeside, line(), key="k-1")
    assert again.headers["idempotent-replayed"] == "true"
    assert [(r["status"], r["id"]) for r in results(again)] == [(200, first[0]["id"])]
    assert [r["id"] for r in results(await send(lakeside, line()))] == [first[0]["id"]]

    (other,) = results(await send(lakeside, line(source="Another")))
    assert (other["status"], other["problem"]["code"]) == (409, "external-id-taken")
    another_body = await send(lakeside, line(source="Another"), key="k-1")
    assert (another_body.status_code, another_body.json()["code"]) == (422, "idempotency-key-reused")


@ON_ONE_SERVICE
async def test_each_line_stands_for_itself(lakeside: Any) -> None:
    answer = results(
        await send(
            lakeside, line(external_id="oldiep:1"), b"{", line(external_id=None), line(external_id="oldiep:2"),
            b"", line(external_id="oldiep:3", student=str(new_id())), line(external_id="oldiep:4", student="sis:none"),
            line(external_id="oldiep:5", kind="504", items=[], effective_on=None, decided_on=None),
            line(external_id="oldiep:6", effective_on=None), line(external_id="oldiep:7", extra=1),
            line(external_id="oldiep:8", decided_on="2025-10-01"),
        )
    )  # fmt: skip
    told = {each["line"]: (each["status"], each.get("problem", {}).get("code")) for each in answer}

    assert told == {
        1: (201, None), 2: (400, "malformed-json"), 3: (422, "invalid"), 4: (409, "another-plan-in-effect"),
        6: (422, "invalid"), 7: (422, "invalid"), 8: (201, None), 9: (422, "invalid"), 10: (422, "invalid"),
        11: (422, "invalid"),
    }  # fmt: skip
    unnamed = {each["line"] for each in answer if "external_id" not in each}
    assert unnamed == {2, 3}  # Nothing of the first could be read, and the second had none.
    assert [each["external_id"] for each in answer if each["line"] in (6, 7, 10)] == [
        "oldiep:3",
        "oldiep:4",
        "oldiep:7",
    ]
    unknown = {each["problem"]["errors"][0]["code"] for each in answer if each["line"] in (6, 7)}
    assert unknown == {"unknown-student"}


@ON_ONE_SERVICE
async def test_last_years_plan_and_this_years_come_together_in_any_order(lakeside: Any) -> None:
    last = line(external_id="oldiep:2024", effective_on="2024-09-02", decided_on="2024-08-28", recorded_on=None,
                end={"reason": "replaced", "effective_on": "2025-09-02"})  # fmt: skip
    told = results(await send(lakeside, line(), last))

    assert [each["status"] for each in told] == [201, 201]
    listed = (await lakeside.send("GET", "/plans", student=str(CHILD), expect=200)).json()["items"]
    assert sorted(plan["bindings"][-1]["binds"] for plan in listed) == [False, True]


@ON_ONE_SERVICE
async def test_a_draft_comes_as_a_draft(lakeside: Any) -> None:
    (made,) = results(
        await send(lakeside, line(effective_on=None, decided_on=None, recorded_on="2026-11-02"))
    )
    draft = (await lakeside.send("GET", f"/plans/{made['id']}/draft", expect=200)).json()

    assert set(draft["items"]) == {item["id"] for item in IEP}


@ON_ONE_SERVICE
async def test_only_who_may_report_takes_over_and_only_ndjson_is_taken(lakeside: Any) -> None:
    assert (await send(lakeside, line(), scopes="plan.read plan.write")).status_code == 403
    refused = await lakeside.send("POST", "/plans/bulk", line(), scopes="plan.report", expect=415)
    assert "application/x-ndjson" in refused.json()["detail"]
    many = await send(lakeside, *[b"{}"] * 1_001)
    assert (many.status_code, many.json()["errors"][0]["code"]) == (422, "too-many-lines")
