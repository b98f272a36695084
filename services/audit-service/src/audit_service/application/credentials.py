"""The rows behind the issuer: clients' secrets, accounts, authorization codes. Each reached with its district set."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from audit_service.application.tokens import Person
from runtime.database import Database

CODE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """What a client is checked against."""

    tenant: str
    secret: str
    scopes: frozenset[str]
    ended_on: date | None = None
    """When its district ended."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What an authorization code stands for."""

    person: Person
    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    nonce: str | None
    signed_in_at: datetime


async def client_secret(database: Database, client_id: str) -> ClientSecret | None:
    """The client's secret, of whichever district it is; ``None`` for an unknown or revoked one."""
    try:
        wanted = UUID(client_id)
    except ValueError:
        return None
    tenant = await database.pool.fetchval("SELECT audit.home_of_client($1)", wanted)
    if tenant is None:
        return None
    async with database.lend(tenant) as connection:
        row = await connection.fetchrow(
            "SELECT secret, scopes, ended_on FROM audit.client_secrets LEFT JOIN audit.tenants USING (tenant)"
            " WHERE client_id = $1", wanted,
        )  # fmt: skip
    if row is None:
        return None
    return ClientSecret(tenant, row["secret"], frozenset(row["scopes"]), row["ended_on"])


async def keep_client(
    connection: Any, tenant: str, client_id: UUID, secret: str, scopes: tuple[str, ...]
) -> None:
    """In the transaction of ``client.registered``."""
    await connection.execute(
        "INSERT INTO audit.client_secrets (tenant, client_id, secret, scopes) VALUES ($1, $2, $3, $4)",
        tenant, client_id, secret, list(scopes),
    )  # fmt: skip


async def drop_client(connection: Any, client_id: UUID) -> None:
    """In the transaction of ``client.revoked``."""
    await connection.execute("DELETE FROM audit.client_secrets WHERE client_id = $1", client_id)


async def account(database: Database, login: str) -> tuple[Person, str] | None:
    """The account and its kept password."""
    tenant = await database.pool.fetchval("SELECT audit.home_of_login($1)", login.strip().lower())
    if tenant is None:
        return None
    async with database.lend(tenant) as connection:
        row = await connection.fetchrow(
            "SELECT * FROM audit.accounts WHERE login = $1", login.strip().lower()
        )
    return None if row is None else (_person(row), row["secret"])


async def put_account(database: Database, person: Person, secret: str) -> bool:
    """Make or change an account; returns whether it is new. A login of another district raises a unique violation."""
    async with database.lend(person.tenant) as connection:
        return bool(
            await connection.fetchval(
                "INSERT INTO audit.accounts (tenant, login, secret, staff, name, role) VALUES ($1, $2, $3, $4, $5, $6)"
                " ON CONFLICT (tenant, login) DO UPDATE SET secret = excluded.secret, staff = excluded.staff,"
                " name = excluded.name, role = excluded.role, changed_at = clock_timestamp() RETURNING xmax = 0",
                person.tenant, person.login, secret, person.staff, person.name, person.role,
            )
        )  # fmt: skip


async def drop_account(database: Database, tenant: str, login: str) -> None:
    """The account can no longer sign in; its tokens run out."""
    async with database.lend(tenant) as connection:
        await connection.execute("DELETE FROM audit.accounts WHERE login = $1", login)


async def accounts(database: Database, tenant: str) -> list[Person]:
    """A district's accounts, without their passwords."""
    async with database.lend(tenant) as connection:
        return [_person(row) for row in await connection.fetch("SELECT * FROM audit.accounts ORDER BY login")]


async def make_code(
    database: Database, person: Person, *, client_id: str, redirect_uri: str, challenge: str, scope: str,
    nonce: str | None,
) -> str:  # fmt: skip
    """A code that its client may turn into tokens once, within a minute. It carries the district, to be found again."""
    code = f"{person.tenant}.{secrets.token_urlsafe(32)}"
    async with database.lend(person.tenant) as connection:
        await connection.execute(
            "DELETE FROM audit.authorization_codes WHERE signed_in_at < clock_timestamp() - interval '1 hour'"
        )
        await connection.execute(
            "INSERT INTO audit.authorization_codes (tenant, code, login, client_id, redirect_uri, challenge, scope, nonce)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            person.tenant, _hashed(code), person.login, client_id, redirect_uri, challenge, scope, nonce,
        )  # fmt: skip
    return code


async def use_code(database: Database, code: str) -> Granted | None:
    """What the code stands for, and it is gone, whatever comes of it; ``None`` for a used, old or invented one."""
    tenant = code.partition(".")[0]
    async with database.lend(tenant) as connection:
        row = await connection.fetchrow(
            "WITH used AS (DELETE FROM audit.authorization_codes WHERE code = $1 RETURNING *)"
            " SELECT used.client_id, used.redirect_uri, used.challenge, used.scope, used.nonce, used.signed_in_at,"
            " accounts.* FROM used JOIN audit.accounts USING (tenant, login)"
            f" WHERE used.signed_in_at > clock_timestamp() - interval '{CODE_SECONDS} seconds'",
            _hashed(code),
        )  # fmt: skip
    if row is None:
        return None
    return Granted(_person(row), row["client_id"], row["redirect_uri"], row["challenge"], row["scope"], row["nonce"],
                   row["signed_in_at"])  # fmt: skip


def _person(row: Any) -> Person:
    return Person(row["tenant"], row["login"], row["staff"], row["name"], row["role"])


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
