"""The four OpenAPI documents as they are committed: ``python -m handrail.openapi`` writes them to contracts/openapi/."""

import base64
import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from runtime.roles import SERVICES

FOLDER = Path(__file__).parents[3] / "contracts" / "openapi"


@cache
def app_of(service: str) -> FastAPI:
    """A service's app, made without a database: to look at, not to run."""
    key = base64.b64encode(bytes(32)).decode()
    settings = importlib.import_module(f"{service}_service.settings").Settings(
        database_url="postgresql://nowhere/handrail", keyring_database_url="postgresql://nowhere/keyring",
        database_app_password="-", database_relay_password="-", keyring_password="-", keyring_master_key=key,
        token_signing_key=key, session_key=key, log_host="handrail.invalid", public_url="http://127.0.0.1:8080",
    )  # fmt: skip
    app: FastAPI = importlib.import_module(f"{service}_service.main").create_app(settings)
    return app


def document(service: str) -> dict[str, Any]:
    """A service's OpenAPI 3.1 document."""
    return app_of(service).openapi()


def text(service: str) -> str:
    """As it stands in the file."""
    return json.dumps(document(service), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write() -> None:
    """All four."""
    FOLDER.mkdir(exist_ok=True)
    for service in SERVICES:
        (FOLDER / f"{service}.json").write_text(text(service))


if __name__ == "__main__":
    write()
