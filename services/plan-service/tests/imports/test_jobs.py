"""An import as a job: asked for by HTTP, worked by whichever process is there, kept sealed until it has ended."""

import asyncio
import io
import os
import signal
import sys
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
import pytest_asyncio

from contracts.event import Actor
from contracts.ids import new_id
from plan_service.adapters.routes.imports import jobs_of
from plan_service.application.imports import AskedFor
from plan_service.main import create_app
from plan_service.testing_service import ON_ONE_SERVICE, TENANT, World, running_on, settings_for
from plan_service.testing_sets import contacts, student, students, zipped
from runtime.append_request import Context
from runtime.tenants import end_tenant
from runtime.testing_http import TestIssuer, client_of

pytestmark = ON_ONE_SERVICE

SMALL = zipped(
    {"Student.xml": students(student("1"), student("2", "Alan")), "Contact.xml": contacts("1", "2")}
)


async def test_it_answers_at_once_with_a_job_that_can_be_asked(district):
    answer = await district.send("edfi", SMALL, name="small.zip")

    assert answer.status_code == 202
    job = answer.json()
    assert job["status"] in {"waiting", "running"}
    assert answer.headers["location"] == f"/plan/v1/imports/{job['id']}"
    ended = await district.ended(job["id"])
    assert (ended["status"], ended["created"], ended["all_or_nothing"]) == ("done", 4, False)
    assert ended["started_at"] <= ended["ended_at"]
    seen = await district.world.get(f"/imports/{job['id']}", after_event=ended["after_event"])
    assert seen.status_code == 200


async def test_every_event_names_the_caller_and_the_job(district):
    job = await district.bring_in("edfi", SMALL)

    rows = await district.rows(
        "SELECT DISTINCT actor, correlation FROM plan.events WHERE tenant = $1 AND type <> 'x'"
    )
    assert [row["actor"] for row in rows if row["correlation"] == job["id"]] == [
        '{"id":"vendor-1","role":"vendor","client":"vendor-1"}'
    ]


async def test_the_same_request_again_is_the_same_job(district):
    first = await district.send("edfi", SMALL, key="once-only-1")
    again = await district.send("edfi", SMALL, key="once-only-1")

    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotent-replayed"] == "true"
    for other in (
        await district.send("edfi", SMALL + b"x", key="once-only-1"),
        await district.send("edfi", SMALL, key="once-only-1", all_or_nothing=True),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(await district.all_of("/imports")) == 1


async def test_jobs_are_listed_a_page_at_a_time(district):
    made = {(await district.send("edfi", SMALL)).json()["id"] for _ in range(3)}

    first = (await district.world.get("/imports", limit=2)).json()
    assert len(first["items"]) == 2
    assert {job["id"] for job in await district.all_of("/imports")} == made
    rest = await district.world.http.get(first["next"], headers=district.world.vendor())
    assert {job["id"] for job in first["items"] + rest.json()["items"]} == made
    for id in made:
        await district.ended(id)

    changed = sorted(datetime.fromisoformat(job["updated_at"]) for job in await district.all_of("/imports"))
    newer = await district.world.get("/imports", updated_after=changed[0].isoformat(), limit=1)
    rest = await district.world.http.get(newer.json()["next"], headers=district.world.vendor())
    assert (
        sorted(
            datetime.fromisoformat(job["updated_at"]) for job in newer.json()["items"] + rest.json()["items"]
        )
        == changed[1:]
    )


async def test_who_may_not_or_sends_it_wrong_is_told(district):
    world: World = district.world
    url, zip = "/plan/v1/imports?format=edfi", {"content-type": "application/zip"}

    async def post(headers, url=url, body=SMALL):
        return await world.http.post(url, content=body, headers={**zip, **headers})

    assert (await post({})).status_code == 401
    assert (await post(world.vendor("plan.read", "plan.write"))).status_code == 403
    no_key = {k: v for k, v in world.vendor("roster.write").items() if k != "idempotency-key"}
    assert (await post(no_key)).status_code == 400
    assert (await post({**world.vendor(), "content-type": "application/json"})).status_code == 415
    assert (await post(world.vendor(), "/plan/v1/imports?format=csv")).status_code == 422
    assert (await post(world.vendor(), "/plan/v1/imports")).status_code == 422
    assert (await post(world.vendor(), url + "&dry_run=true")).status_code == 422
    assert (await post(world.vendor(), body=b"")).status_code == 422
    huge = await post({**world.vendor(), "content-length": str(513 * 1024 * 1024)})
    assert (huge.status_code, huge.json()["code"]) == (413, "too-large")
    assert await district.all_of("/imports") == []


async def test_another_districts_job_is_not_there(district):
    job = await district.bring_in("edfi", SMALL)
    await district.world.open_district(district.world.stranger)

    elsewhere = district.world.vendor(tenant=district.world.stranger)
    assert (await district.world.get(f"/imports/{job['id']}", elsewhere)).status_code == 404
    assert (await district.world.get("/imports", elsewhere)).json()["items"] == []


async def test_a_schools_administrator_brings_in_no_roster_which_gives_people_their_roles(district):
    principal = district.world.issuer.person(
        "site_administrator", "roster.write", tenant=district.world.tenant
    )
    sent = await district.world.http.post(
        "/plan/v1/imports?format=edfi",
        content=SMALL,
        headers={**principal, "content-type": "application/zip"},
    )

    assert (sent.status_code, sent.json()["code"]) == (403, "forbidden")
    assert 'scope="admin"' in sent.headers["www-authenticate"]
    assert (await district.world.get("/imports")).json()["items"] == []


async def test_an_administrator_of_the_district_may_ask_and_import(district):
    principal = district.world.issuer.person(
        "district_administrator", "roster.write", "admin", tenant=district.world.tenant
    )
    sent = await district.world.http.post(
        "/plan/v1/imports?format=edfi",
        content=SMALL,
        headers={**principal, "content-type": "application/zip"},
    )
    assert sent.status_code == 202
    assert (await district.world.get(f"/imports/{sent.json()['id']}", principal)).status_code == 200
    await district.ended(sent.json()["id"])


async def test_one_xml_file_is_a_set(district):
    body = students(student("1")).encode()

    job = await district.bring_in("edfi", body, media_type="application/xml", name="Student.xml")

    assert (job["status"], job["created"]) == ("done", 1)


# Kept, and killed


@asynccontextmanager
async def _not_running(world: World):
    """The store of the service, and nothing that works jobs."""
    service = create_app(
        settings_for(world.cluster, world.database), TestIssuer().verifier()
    ).state.edge.service
    async with service.opened():
        yield service


@pytest_asyncio.fixture(loop_scope="module")
async def stopped(cluster, plan_template):
    """A district whose service has been stopped."""
    with cluster.database(plan_template) as database:
        async with running_on(cluster, database) as world:
            pass
        yield world


async def _ask(service, body: bytes, name: str = "set.zip") -> str:
    context = Context(TENANT, Actor(id="vendor-1", role="vendor"), str(new_id()))
    return str(await jobs_of(service.store).ask(context, AskedFor("edfi", name), io.BytesIO(body)))


async def _fetch(service, query: str, *arguments):
    async with service.database.lend(TENANT) as connection:
        return await connection.fetch(query, *arguments)


async def test_what_was_uploaded_lies_sealed_and_is_gone_when_the_job_has_ended(stopped):
    plain = students(student("1", "Zebulon")).encode()
    async with _not_running(stopped) as service:
        await _ask(service, plain, name="Student.xml")
        pieces = await _fetch(service, "SELECT sealed FROM plan.import_pieces")
        assert pieces
        assert not any(b"Zebulon" in piece["sealed"] for piece in pieces)

        await jobs_of(service.store).work(TENANT)

        assert await _fetch(service, "SELECT 1 FROM plan.import_pieces") == []
        (job,) = await jobs_of(service.store).page(TENANT, None, 10)
        assert (job.status, job.tally["created"]) == ("done", 1)


WORK = """
import asyncio
from plan_service.adapters.routes.imports import jobs_of
from plan_service.main import create_app
from plan_service.settings import Settings

async def work():
    service = create_app(Settings()).state.edge.service
    async with service.opened():
        await jobs_of(service.store).work("{tenant}")

asyncio.run(work())
"""


@pytest.mark.slow
async def test_killed_in_the_middle_it_begins_again_and_ends_the_same(stopped, students_and_programs):
    body = zipped(students_and_programs)
    settings = settings_for(stopped.cluster, stopped.database)
    secrets = {
        name: getattr(settings, name).get_secret_value()
        for name in (
            "database_app_password",
            "database_relay_password",
            "keyring_password",
            "keyring_master_key",
        )
    }
    plain = {
        name: getattr(settings, name)
        for name in ("database_url", "keyring_database_url", "log_host", "issuer_url")
    }
    environment = os.environ | {
        f"HANDRAIL_{name.upper()}": value for name, value in (secrets | plain).items()
    }
    async with _not_running(stopped) as service:
        id = await _ask(service, body)
        for enough in (1, 300):  # killed twice, both times among the students
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-c", WORK.format(tenant=TENANT), env=environment
            )
            while (await _fetch(service, "SELECT count(*) AS n FROM plan.events"))[0]["n"] < enough + 2:
                assert worker.returncode is None, "the import was over before it could be killed"
                await asyncio.sleep(0.01)
            worker.send_signal(signal.SIGKILL)
            assert await worker.wait() == -signal.SIGKILL
            (left,) = await jobs_of(service.store).page(TENANT, None, 10)
            assert left.status == "running"
            assert await _fetch(service, "SELECT 1 FROM plan.import_pieces LIMIT 1")

    app = create_app(settings, stopped.issuer.verifier())
    async with app.router.lifespan_context(app), client_of(app) as http:
        stopped.http = http
        for _ in range(1200):
            job = (await stopped.get(f"/imports/{id}")).json()
            if job["status"] not in {"waiting", "running"}:
                break
            await asyncio.sleep(0.05)
        assert (job["status"], job["refused"]) == ("done", 0)
        assert job["created"] + job["unchanged"] == 480 + 52
        assert job["unchanged"] >= 300
        counted = await _fetch(
            app.state.edge.service,
            "SELECT type, count(*) AS n FROM plan.events WHERE type LIKE 'plan.%' GROUP BY type",
        )
        assert {row["type"]: row["n"] for row in counted if row["type"] != "plan.district_profile_set"} == {
            "plan.student_registered": 480,
            "plan.program_participation_reported": 52, "plan.draft_opened": 52,
        }  # fmt: skip
        papers = await _fetch(app.state.edge.service, "SELECT count(*) AS n FROM plan.working_papers")
        assert papers[0]["n"] == 52


async def test_a_set_that_ends_the_process_again_and_again_is_given_up(stopped):
    async with _not_running(stopped) as service:
        await _ask(service, SMALL)
        await _fetch(service, "UPDATE plan.imports SET status = 'running', attempts = 5")
        await jobs_of(service.store).work(TENANT)

        (job,) = await jobs_of(service.store).page(TENANT, None, 10)
        assert job.status == "interrupted"
        assert await _fetch(service, "SELECT 1 FROM plan.import_pieces") == []


async def test_a_set_that_waited_when_its_district_ended_is_not_taken_in(stopped):
    async with _not_running(stopped) as service:
        await _ask(service, SMALL)
        somebody = Actor(id="operator", role="operator")
        await end_tenant(service.store, TENANT, "Over.", actor=somebody, correlation="c")
        await jobs_of(service.store).work(TENANT)

        (job,) = await jobs_of(service.store).page(TENANT, None, 10)
        assert (job.status, [each["code"] for each in job.tally["refusals"]]) == ("failed", ["tenant-ended"])


async def test_two_instances_work_one_district_one_at_a_time(stopped):
    async with _not_running(stopped) as one, _not_running(stopped) as other:
        for _ in range(3):
            await _ask(one, SMALL)
        await asyncio.gather(jobs_of(one.store).work(TENANT), jobs_of(other.store).work(TENANT))

        jobs = await jobs_of(one.store).page(TENANT, None, 10)
        assert [job.status for job in jobs] == ["done"] * 3
        assert sorted(job.tally["created"] for job in jobs) == [0, 0, 4]
        assert {job.attempts for job in jobs} == {1}
