"""The published HTTP surface: committed, valid, and every route guarded or known to be public."""

import json

import pytest
from openapi_spec_validator import validate

from handrail.openapi import FOLDER, document, text
from runtime.roles import SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_document_is_what_the_service_serves(service: str) -> None:
    assert (FOLDER / f"{service}.json").read_text() == text(service), "run `python -m handrail.openapi`"


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_openapi_3_1(service: str) -> None:
    found = document(service)
    assert found["openapi"].startswith("3.1")
    validate(json.loads(json.dumps(found)))


def test_every_path_of_every_service_needs_a_token_or_is_known_to_be_public() -> None:
    for service in SERVICES:
        for path, methods in document(service)["paths"].items():
            for method, operation in methods.items():
                if not operation.get("security"):
                    assert path.startswith(("/oauth", "/.well-known", "/n/")), f"{method} {path} is open"


@pytest.mark.parametrize("service", SERVICES)
def test_no_schema_is_named_after_a_place_in_our_code(service: str) -> None:
    """Two classes of one name, and a form without a class, get a Python path or a function's name there."""
    assert [name for name in document(service)["components"]["schemas"] if "__" in name] == []
