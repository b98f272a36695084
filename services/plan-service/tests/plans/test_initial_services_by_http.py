"""Consent to first services by HTTP: asked, refused, given; and the adoption that waits for it."""

from typing import Any

from contracts.items import item_fields
from plan_service.testing_plans import MOTHER, iep_items
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE
AT = f"/students/{CHILD}"


async def test_a_first_iep_is_adopted_after_consent_and_not_while_it_is_refused(lakeside) -> None:
    body = {"student": str(CHILD), "kind": "iep", "items": [item_fields(each) for each in iep_items()]}
    made = await lakeside.send("POST", "/plans", body, expect=201)
    plan, version = made.json()["id"], made.headers["etag"]
    adoption = {"effective_on": lakeside.today.isoformat(), "meeting": str(await lakeside.meeting())}
    asked = await lakeside.send(
        "POST", f"{AT}/services-consent-requests", {"holders": [str(MOTHER)], "channel": "letter", "plan": plan},
        expect=201,
    )  # fmt: skip
    answer: dict[str, Any] = {"holder": str(MOTHER), "method": "paper_signature", "plan": plan}
    no = await lakeside.send("POST", f"{AT}/services-consents", answer | {"decision": "refused"}, expect=201)
    refused = await lakeside.send("POST", f"/plans/{plan}/adoption", adoption, version=version, expect=409)
    assert [error["code"] for error in refused.json()["errors"]] == ["initial-services-refused"]
    yes = {"decision": "accepted", "external_id": "sis:services-1"}
    given = await lakeside.send("POST", f"{AT}/services-consents", answer | yes, expect=201)
    again = await lakeside.send("POST", f"{AT}/services-consents", answer | yes, expect=200)
    assert again.json()["id"] == given.json()["id"]
    await lakeside.send("POST", f"/plans/{plan}/adoption", adoption, version=version, expect=200)

    late = await lakeside.send(
        "POST", f"{AT}/services-consents", answer | {"decision": "refused"}, expect=409
    )
    assert [error["code"] for error in late.json()["errors"]] == ["services-adopted-already"]

    listed = await lakeside.send("GET", f"{AT}/services-consents", external_id="sis:services-1", expect=200)
    assert [each["id"] for each in listed.json()["items"]] == [given.json()["id"]]
    everywhere = await lakeside.send("GET", "/services-consents", student=str(CHILD), expect=200)
    assert {no.json()["id"], given.json()["id"]} <= {each["id"] for each in everywhere.json()["items"]}
    one = await lakeside.send("GET", f"{AT}/services-consent-requests/{asked.json()['id']}", expect=200)
    assert (one.json()["plan"], one.json()["holders"]) == (plan, [str(MOTHER)])
    await lakeside.send("GET", f"{AT}/services-consents/{asked.json()['id']}", expect=404)


async def test_consent_to_services_names_an_iep_of_this_student(lakeside) -> None:
    other = await lakeside.send("POST", "/plans", {"student": str(CHILD), "kind": "504"}, expect=201)
    answer = {"holder": str(MOTHER), "decision": "accepted", "method": "paper_signature"}
    for plan in (other.json()["id"], str(CHILD)):
        await lakeside.send("POST", f"{AT}/services-consents", answer | {"plan": plan}, expect=422)
