"""``/audit/v1/clients`` and ``/audit/v1/accounts``: who may ask for tokens, and who may sign in."""

from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from starlette.responses import JSONResponse, Response

from audit_service.application.client_registry import NewClient, register, revoke
from audit_service.application.credentials import accounts, drop_account, put_account
from audit_service.application.secret_hash import kept_form
from audit_service.application.tokens import Person
from audit_service.domain.clients import ScopeNotForClients
from contracts.fields import Name
from contracts.ids import new_id
from contracts.problems import Invalid, Reason, Rejected
from runtime.append_request import Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.scopes import ROLE_SCOPES, SCOPES

Scope = Annotated[
    str, StringConstraints(pattern="^(" + "|".join(scope.replace(".", r"\.") for scope in SCOPES) + ")$")
]
Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.@_+-]{1,99}$")]
Admin = Annotated[Principal, allow("admin")]
Operator = Annotated[Principal, allow("operate")]


class LoginTaken(Rejected):
    """Another district's account has this user name."""

    code = "login-taken"


class ClientIn(BaseModel):
    """A client to register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Lakeside SIS", "scopes": ["roster.write", "plan.read"]}]},
    )
    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=len(SCOPES))


class ClientOut(BaseModel):
    """A registered client. Its secret is never shown again."""

    id: UUID
    client_id: str
    name: str
    scopes: list[str]
    revoked: bool
    version: int
    updated_at: str


class NewClientOut(ClientOut):
    """A client just registered."""

    client_secret: str | None = Field(
        default=None,
        description="Shown this once; absent when the request is repeated. Lost: register another client.",
    )


class AccountIn(BaseModel):
    """Somebody who may sign in with the built-in issuer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"staff": "0d3a5d0e-5a35-4a0f-8d7c-6f3a9c1f2e44", "name": "Dana Reed", "role": "case_manager",
                          "password": "correct horse battery"}]
        },
    )  # fmt: skip
    staff: UUID = Field(description="The staff member this is: what they see follows from their record.")
    name: Name
    role: str
    password: SecretStr = Field(min_length=8, max_length=200)


class AccountOut(BaseModel):
    """An account, without its password."""

    login: str
    staff: UUID
    name: str
    role: str


def client_routes() -> APIRouter:
    """Clients of a district."""
    routes = Routes(prefix="/audit/v1", tags=["clients"])

    @routes.post(
        "/clients", status_code=201, response_model=NewClientOut, responses=problems(ScopeNotForClients)
    )
    async def post_client(body: ClientIn, who: Admin, asked: Asked) -> Response:
        """Register a vendor's client. The answer carries its secret, this once."""
        new = NewClient(new_id(), body.name, tuple(body.scopes))
        district, shown = await asked.district(), ""

        async def registering(made: Making) -> Appended:
            nonlocal shown
            appended, shown = await register(asked.store, asked.context, who, new, district, made.answer)
            return appended

        response = await asked.respond("client", new.client_id, registering)
        return response if "idempotent-replayed" in response.headers else _with_secret(response, shown)

    @routes.get("/clients", response_model=Page[ClientOut])
    async def get_clients(who: Admin, asked: Asked, listing: Listed) -> Response:
        """List the district's clients."""
        return await asked.page("client", listing)

    @routes.get("/clients/{client_id}", response_model=ClientOut)
    async def get_client(client_id: UUID, who: Admin, asked: Asked) -> Response:
        """Read a client."""
        return await asked.one("client", client_id)

    @routes.delete("/clients/{client_id}", status_code=204, dependencies=[GOES_ON])
    async def delete_client(client_id: UUID, who: Admin, asked: Asked) -> Response:
        """Revoke a client: no more tokens, at once; those it holds run out within fifteen minutes.

        Needs no If-Match: whoever takes access away must not be stopped by a change to its name.
        """
        appended = await revoke(asked.store, asked.context, client_id, await asked.district())
        event = {"Handrail-Event": str(appended.last_event)} if appended.last_event else {}
        return Response(status_code=204, headers=event)

    return routes


def account_routes() -> APIRouter:
    """People who sign in with the built-in issuer: not there when another provider is set."""
    routes = Routes(prefix="/audit/v1", tags=["clients"])

    @routes.put(
        "/accounts/{login}",
        response_model=AccountOut,
        responses={201: {"model": AccountOut}, **problems(LoginTaken)},
        dependencies=[GOES_ON],
    )
    async def put_one(
        login: Annotated[Login, Path()], body: AccountIn, who: Operator, asked: Asked
    ) -> Response:
        """Make or change an account: its password, its role, whose it is."""
        if body.role not in ROLE_SCOPES:
            known = f"known are: {', '.join(ROLE_SCOPES)}"
            raise Invalid("There is no such role.", reasons=(Reason("unknown-role", known, pointer="/role"),))
        await asked.district()
        person = Person(asked.tenant, login, body.staff, body.name, body.role)
        try:
            made = await put_account(
                asked.store.database, person, await kept_form(body.password.get_secret_value())
            )
        except asyncpg.UniqueViolationError as error:
            raise LoginTaken("Another district has an account of this user name; choose another.") from error
        return JSONResponse(_account(person), 201 if made else 200)

    @routes.get("/accounts", response_model=dict[str, list[AccountOut]])
    async def get_all(who: Operator, asked: Asked) -> Response:
        """List the district's accounts."""
        found = await accounts(asked.store.database, asked.tenant)
        return JSONResponse({"items": [_account(person) for person in found]})

    @routes.delete("/accounts/{login}", status_code=204, dependencies=[GOES_ON])
    async def delete_one(login: Annotated[Login, Path()], who: Operator, asked: Asked) -> Response:
        """Take an account away."""
        await drop_account(asked.store.database, asked.tenant, login)
        return Response(status_code=204)

    return routes


def _account(person: Person) -> dict[str, str]:
    return {"login": person.login, "staff": str(person.staff), "name": person.name, "role": person.role}


def _with_secret(response: Response, secret: str) -> Response:
    """The secret goes out with the first answer and is kept nowhere."""
    body = msgspec.json.decode(bytes(response.body)) | {"client_secret": secret}
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(msgspec.json.encode(body), response.status_code, headers)
