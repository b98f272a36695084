"""People sign in on a page, by keyboard and screen reader, and come back to the console with a code (PKCE)."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
import uvicorn
from joserfc import jwt

from contracts.ids import new_id


def code_of(answer) -> str:
    assert answer.status_code == 303, answer.text
    there = urlsplit(answer.headers["location"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == "http://test/signed-in"
    back = parse_qs(there.query)
    assert (back["state"], back["iss"]) == (["s-1"], ["http://test/oauth"])
    return back["code"][0]


async def test_who_signs_in_gets_tokens_of_their_own_district_role_and_staff_record(desk) -> None:
    await desk.account()
    answer = await desk.redeem(code_of(await desk.sign_in()))

    assert answer.status_code == 200, answer.text
    said = answer.json()
    access = jwt.decode(said["access_token"], desk.issuer.mint.keys, algorithms=["Ed25519"]).claims
    assert (access["sub"], access["role"], access["tenant"], access["kind"], access["client_id"]) == (
        str(desk.staff), "case_manager", "lakeside", "person", "console",
    )  # fmt: skip
    assert "plan.write" in access["scope"].split()
    assert "admin" not in access["scope"].split()
    identity = jwt.decode(said["id_token"], desk.issuer.mint.keys, algorithms=["Ed25519"]).claims
    assert (identity["aud"], identity["nonce"], identity["name"]) == ("console", "n-1", "Sam Rivera")
    who = await desk.http.get("/oauth/userinfo", headers={"authorization": f"Bearer {said['access_token']}"})
    assert who.json() == {
        "sub": str(desk.staff),
        "tenant": "lakeside",
        "role": "case_manager",
        "kind": "person",
    }


async def test_a_person_asks_for_more_than_their_role_gives_and_gets_what_it_gives(desk) -> None:
    await desk.account(role="bus_driver")
    code = code_of(await desk.sign_in(scope="openid plan.read plan.write admin operate"))
    assert (await desk.redeem(code)).json()["scope"] == "plan.read"


@pytest.mark.parametrize("role", ["special_education_director", "district_administrator"])
@pytest.mark.parametrize("where", ["in the district", "in a school", "nowhere"])
async def test_only_who_holds_a_role_in_the_whole_district_administers_it(desk, role, where) -> None:
    await desk.account(role=role)
    if where != "nowhere":
        await desk.works(role, new_id() if where == "in a school" else None)

    said = (
        await desk.redeem(code_of(await desk.sign_in(scope="openid plan.read roster.write admin")))
    ).json()

    assert ("admin" in said["scope"].split()) is (where == "in the district")
    assert {"plan.read", "roster.write"} <= set(said["scope"].split())
    clients = await desk.http.get(
        "/audit/v1/clients", headers={"authorization": f"Bearer {said['access_token']}"}
    )
    assert clients.status_code == (200 if where == "in the district" else 403)


async def test_an_id_token_is_no_access_token(desk) -> None:
    await desk.works("special_education_director")
    await desk.account(role="special_education_director")
    said = (await desk.redeem(code_of(await desk.sign_in()))).json()
    for path in ("/oauth/userinfo", "/audit/v1/clients"):
        answer = await desk.http.get(path, headers={"authorization": f"Bearer {said['id_token']}"})
        assert answer.status_code == 401
    answer = await desk.http.get(
        "/audit/v1/clients", headers={"authorization": f"Bearer {said['access_token']}"}
    )
    assert answer.status_code == 200


async def test_a_code_is_used_once(desk) -> None:
    await desk.account()
    code = code_of(await desk.sign_in())
    first, second = await asyncio.gather(desk.redeem(code), desk.redeem(code))
    assert sorted([first.status_code, second.status_code]) == [200, 400]


@pytest.mark.parametrize(
    "other",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"client_id": "other"},
        {"redirect_uri": "http://test/elsewhere"},
        {"code": "lakeside.made-up"},
        {"code": "hillside.made-up"},
        {"code": "%00"},
    ],
)
async def test_a_code_in_other_hands_is_worth_nothing_and_is_used_up(desk, other) -> None:
    await desk.account()
    code = code_of(await desk.sign_in())
    answer = await desk.redeem(**{"code": code, **other})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    if "code" not in other:
        assert (await desk.redeem(code)).status_code == 400


async def test_an_old_code_is_worth_nothing(desk) -> None:
    await desk.account()
    code = code_of(await desk.sign_in())
    desk.audit.cluster.postgres.psql(
        desk.audit.name,
        "UPDATE audit.authorization_codes SET signed_in_at = signed_in_at - interval '61 seconds'",
    )
    assert (await desk.redeem(code)).status_code == 400


async def test_a_wrong_password_and_an_unknown_name_look_the_same_and_are_announced(desk) -> None:
    await desk.account()
    wrong = await desk.sign_in(password="no")
    unknown = await desk.sign_in(login="nobody")

    for answer in (wrong, unknown):
        assert answer.status_code == 401
        assert 'role="alert"' in answer.text
        assert 'aria-describedby="error"' in answer.text
        assert "<title>Error: " in answer.text
    assert wrong.text.count("case.manager") == 1
    strip = [answer.text.split("<main>")[1].replace("nobody", "case.manager") for answer in (wrong, unknown)]
    assert strip[0] == strip[1]


async def test_the_password_comes_back_nowhere(desk) -> None:
    await desk.account()
    with structlog.testing.capture_logs() as lines:
        answer = await desk.sign_in(password="not-the-one")
    assert "not-the-one" not in answer.text
    assert "not-the-one" not in str(lines)
    assert "case.manager" not in str(lines)
    assert lines[-1]["code"] == "wrong-password"
    rows = desk.audit.cluster.postgres.psql(desk.audit.name, "SELECT * FROM audit.accounts")
    assert "correct horse" not in rows


async def test_guessing_a_password_is_slowed_down(desk) -> None:
    await desk.account()
    answers = [(await desk.sign_in(password=f"guess {n}")).status_code for n in range(6)]
    assert answers == [401] * 5 + [429]
    right = await desk.sign_in()
    assert (right.status_code, "Too many tries" in right.text) == (429, True)
    assert int(right.headers["retry-after"]) > 0


async def test_what_is_typed_or_sent_is_never_markup(desk) -> None:
    evil = '"><script>alert(1)</script>'
    page = await desk.http.get("/oauth/authorize", params=desk.asked(state=evil, login_hint=evil))
    again = await desk.sign_in(login=evil, state=evil)
    for answer in (page, again):
        assert "<script" not in answer.text
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": "stranger"},
        {"redirect_uri": "http://evil.test/signed-in"},
        {"redirect_uri": "http://test/signed-in?x=1"},
        {"redirect_uri": "http://test/signed-in/../elsewhere"},
        {"response_type": "token"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
async def test_a_request_of_a_stranger_goes_nowhere(desk, other) -> None:
    await desk.account()
    for answer in (
        await desk.http.get("/oauth/authorize", params=desk.asked(**other)),
        await desk.sign_in(**other),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert 'type="password"' not in answer.text


# --- Accounts ---


async def test_an_account_is_changed_listed_and_taken_away(desk) -> None:
    await desk.account()
    await desk.account(role="principal", password="another one")
    headers = await desk.operator()
    listed = (await desk.http.get("/audit/v1/accounts", headers=headers)).json()["items"]
    assert listed == [
        {"login": "case.manager", "staff": str(desk.staff), "name": "Sam Rivera", "role": "principal"}
    ]
    assert (await desk.sign_in()).status_code == 401
    assert (await desk.sign_in(password="another one")).status_code == 303
    assert (await desk.http.delete("/audit/v1/accounts/case.manager", headers=headers)).status_code == 204
    assert (await desk.sign_in(password="another one")).status_code == 401


async def test_an_account_that_is_gone_makes_no_token_of_its_last_code(desk) -> None:
    await desk.account()
    code = code_of(await desk.sign_in())
    await desk.http.delete("/audit/v1/accounts/case.manager", headers=await desk.operator())
    assert (await desk.redeem(code)).status_code == 400


async def test_a_user_name_belongs_to_one_district(desk) -> None:
    from runtime.testing import open_test_tenant

    await desk.account()
    await open_test_tenant(desk.audit.database, "hillside")
    answer = await desk.http.put(
        "/audit/v1/accounts/case.manager", headers=await desk.operator("hillside"),
        json={"staff": str(new_id()), "name": "X", "role": "principal", "password": "longenough"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (409, "login-taken")


async def test_accounts_are_the_operators_and_roles_exist(desk) -> None:
    made = await desk.client("admin")
    token = (await desk.token(made["client_id"], made["client_secret"])).json()["access_token"]
    body = {"staff": str(new_id()), "name": "X", "role": "king", "password": "longenough"}
    vendor = await desk.http.put(
        "/audit/v1/accounts/a.b", json=body, headers={"authorization": f"Bearer {token}"}
    )
    assert vendor.status_code == 403
    answer = await desk.http.put("/audit/v1/accounts/a.b", json=body, headers=await desk.operator())
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/role")
    short = await desk.http.put(
        "/audit/v1/accounts/a.b", json=body | {"password": "geheim!"}, headers=await desk.operator()
    )
    assert (short.status_code, "geheim!" in short.text) == (422, False)


# --- In a real browser ---


async def test_somebody_signs_in_by_keyboard_alone_and_a_mistake_is_told(desk, chromium: str) -> None:
    from axe_playwright_python.async_playwright import Axe
    from playwright.async_api import async_playwright

    await desk.account()
    server = uvicorn.Server(uvicorn.Config(desk.app, port=0, log_level="error", lifespan="off"))
    running = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    origin = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = await browser.new_page()
            query = "&".join(f"{name}={value}" for name, value in desk.asked().items())
            await page.goto(f"{origin}/oauth/authorize?{query}")
            assert (await Axe().run(page)).violations_count == 0

            assert await page.evaluate("document.activeElement.id") == "login"
            await page.keyboard.type("case.manager")
            await page.keyboard.press("Tab")
            await page.keyboard.type("wrong")
            await page.keyboard.press("Enter")
            await page.wait_for_selector("[role=alert]")
            assert (await Axe().run(page)).violations_count == 0
            assert await page.evaluate("document.activeElement.id") == "password"
            await page.keyboard.type("correct horse")
            async with page.expect_request("http://test/signed-in?*") as sent:
                await page.keyboard.press("Enter")
            assert "code=" in (await sent.value).url
            await browser.close()
    finally:
        server.should_exit = True
        await running
