"""A real service for a benchmark: its database migrated by its own scripts, its app as an installation has it."""

import base64
import importlib
from typing import Any

from alembic import command
from joserfc.jwk import KeySet

from runtime import migrations
from runtime.oidc import GivenKeys, TokenVerifier
from runtime.settings import Settings
from runtime.testing import MASTER_KEY, PASSWORD, Cluster
from runtime.testing_http import AUDIENCE, ISSUER


def migrated(cluster: Cluster, service: str) -> str:
    """A database with a service's own migrations applied; call it outside an event loop."""
    name = cluster.new_database()
    config = migrations._config(service, cluster.url(name, f"{service}_owner"))
    command.stamp(config, "0001")  # The cluster's template has the stores already, with their logs.
    cluster.drop_later(name, service)
    command.upgrade(config, "head")
    return name


def real_service(service: str, url: str, keys: Any) -> Any:
    """A service whole, as the environment would have it; tokens signed with ``keys`` count."""
    at = f"postgresql://{url.partition('@')[2]}"
    settings = Settings.model_validate(
        {
            "database_url": at, "database_app_password": PASSWORD, "database_relay_password": PASSWORD,
            "keyring_database_url": at, "keyring_password": PASSWORD,
            "keyring_master_key": base64.b64encode(MASTER_KEY).decode(),
            "log_host": "bench.handrail.invalid", "issuer_url": ISSUER,
        }
    )  # fmt: skip
    verifier = TokenVerifier(GivenKeys(KeySet.import_key_set(keys)), issuer=ISSUER, audience=AUDIENCE)
    return importlib.import_module(f"{service}_service.main").create_app(settings, verifier)
