"""`handrail keyring`: another master key, without an event touched and without an hour in which nothing answers."""

import asyncio
import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

from handrail.client import NotConfigured
from handrail.data_folder import DataFolder, write_private
from runtime.master_keys import rewrap
from runtime.settings import Settings

KEY_BYTES = 32


def new_master(data: Path) -> str:
    """The embedded default's next master key; the one before stays beside it until every row is rewrapped."""
    if os.environ.get("HANDRAIL_DATABASE_URL"):
        raise NotConfigured(
            "Here keys come from the environment: set HANDRAIL_KEYRING_MASTER_KEY to a new key and"
            " HANDRAIL_KEYRING_OLDER_MASTER_KEYS to the one before, start the services anew, then `handrail keyring rewrap`."
        )
    folder = DataFolder(data)
    if folder.is_new:
        raise NotConfigured(f"{folder.path} holds no Handrail: name its folder with --data.")
    with folder.locked():
        file = folder.path / "secrets.json"
        kept = json.loads(file.read_text())
        kept["keyring_older_keys"] = [kept["keyring_master_key"], *kept.get("keyring_older_keys", [])]
        kept["keyring_master_key"] = base64.b64encode(os.urandom(KEY_BYTES)).decode()
        write_private(file, json.dumps(kept, indent=1))
    return "A new master key is in secrets.json, the old one beside it. Start Handrail, then `handrail keyring rewrap`."


def rewrap_all(data: Path, report: Callable[[int, int], None] = lambda _done, _total: None) -> int:
    """Every row under the newest master key; how many had another. Safe to break off and to repeat."""
    settings = Settings()
    if os.environ.get("HANDRAIL_DATABASE_URL"):
        url, key, older = settings.keyring_owner_url(), settings.master_key(), settings.older_master_keys()
        return asyncio.run(rewrap(url, key, older, report))
    folder = DataFolder(data)
    if folder.is_new:
        raise NotConfigured(f"{folder.path} holds no Handrail: name its folder with --data.")
    kept = folder.prepare()
    _, keyring = folder.databases(kept)
    url = keyring.url("keyring", "keyring_owner", kept.keyring_owner)
    return asyncio.run(rewrap(url, kept.keyring_master_key, kept.keyring_older_keys, report))
