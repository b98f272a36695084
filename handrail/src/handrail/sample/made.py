"""How far the sample district is, as its data folder keeps it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from handrail.data_folder import write_private


@dataclass(frozen=True, slots=True)
class SampleMade:
    """How far it is, and the password of its demo accounts, which no other installation has."""

    status: str = "none"
    password: str = ""

    @classmethod
    def read(cls, folder: Path) -> "SampleMade":
        """As it stands in the data folder."""
        file = folder / "sample.json"
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def write(self, folder: Path) -> None:
        """Keep it there."""
        write_private(folder / "sample.json", json.dumps(asdict(self)))
