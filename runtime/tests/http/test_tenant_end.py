"""What a district that has ended is answered: by each route, before any rule speaks."""

import pytest

from contracts.event import Actor
from contracts.ids import new_id
from runtime.tenants import end_tenant


async def end(sample) -> None:
    await end_tenant(
        sample.plan.store, "lakeside", "The contract is over.", actor=Actor(id="operator", role="operator"),
        correlation="test",
    )  # fmt: skip
    sample.edge.ends.forget("lakeside")


def officer(sample, *scopes: str) -> dict[str, str]:
    return sample.issuer.person("special_education_director", *scopes)


def operator(sample, *scopes: str) -> dict[str, str]:
    token = sample.issuer.token(sub="operator", client_id="operator", role="operator", scope=" ".join(scopes))
    return {"authorization": f"Bearer {token}", "idempotency-key": str(new_id())}


async def test_what_is_new_is_refused_before_the_body_is_looked_at_and_what_is_there_is_read(sample):
    made = await sample.http.post(
        "/plan/v1/schools", json={"name": "North"}, headers=operator(sample, "roster.write")
    )
    assert made.status_code == 201, made.text
    await end(sample)

    for body in ({"name": "South"}, {"name": "Refuse me"}, {"nothing": "that is known"}):
        answer = await sample.http.post(
            "/plan/v1/schools", json=body, headers=operator(sample, "roster.write")
        )
        assert answer.status_code == 409, answer.text
        told = answer.json()
        assert told["code"] == "tenant-ended"
        assert "can be read, exported" in told["detail"]
        assert set(told["facts"]) == {"ended_on"}
    read = await sample.http.get(
        f"/plan/v1/schools/{made.json()['id']}", headers=officer(sample, "plan.read", "roster.write")
    )
    assert (read.status_code, read.json()["name"]) == (200, "North")


async def test_a_large_body_that_the_route_reads_itself_is_refused_too(sample):
    await end(sample)

    answer = await sample.http.post(
        "/plan/v1/uploads", content=b"x" * 100, headers=operator(sample, "roster.write")
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "tenant-ended")


async def test_what_goes_on_goes_on(sample):
    await end(sample)

    answer = await sample.http.post("/plan/v1/destructions", headers=officer(sample, "records.destroy"))

    assert answer.status_code == 204, answer.text


async def test_a_request_that_was_answered_before_is_answered_again(sample):
    asked = {"json": {"name": "North"}, "headers": operator(sample, "roster.write")}
    first = await sample.http.post("/plan/v1/schools", **asked)
    await end(sample)

    again = await sample.http.post("/plan/v1/schools", **asked)

    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(("method", "path"), [("GET", "/plan/v1/schools"), ("POST", "/plan/v1/schools")])
async def test_a_vendors_client_reads_no_more_either(sample, method, path):
    await end(sample)

    answer = await sample.http.request(method, path, json={"name": "x"} if method == "POST" else None,
                                       headers=sample.vendor("plan.read", "roster.write"))  # fmt: skip

    assert (answer.status_code, answer.json()["code"]) == (
        (403, "forbidden") if method == "GET" else (409, "tenant-ended")
    )


async def test_what_another_process_has_ended_is_seen_by_the_append_at_once_and_by_the_edge_soon(
    sample, monkeypatch
):
    assert await sample.edge.ends.of("lakeside") is None
    await end_tenant(
        sample.plan.store,
        "lakeside",
        "Over.",
        actor=Actor(id="operator", role="operator"),
        correlation="test",
    )

    answer = await sample.http.post(
        "/plan/v1/schools", json={"name": "South"}, headers=operator(sample, "roster.write")
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "tenant-ended")
    assert await sample.edge.ends.of("lakeside") is None
    monkeypatch.setattr("runtime.going_on.ASK_AGAIN_SECONDS", 0.0)
    assert await sample.edge.ends.of("lakeside") is not None
