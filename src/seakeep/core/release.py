"""Release: a versioned, content-addressed folder, the only thing that is ever served.

Its digest is that of its file list, so two runs that made the same model on the same data from the same code made the same
release, whatever the machine, the time and the number of kills in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seakeep.core.codec import digest, from_json, to_json
from seakeep.core.files import write_text
from seakeep.core.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_FILE = "release.json"
CARD_FILE = "card.md"
EXAMPLES_FILE = "examples.json"


@dataclass(frozen=True, slots=True)
class Release:
    """A release's manifest.

    files: SHA-256 by relative path, every file but the manifest: the model's (see model), `reports/*.json`, `card.md`, `examples.json`.
    verdict: the worst of its reports. made_from: digests of what it was made from ("dataset", "schema", "code").
    """

    name: str
    files: Mapping[str, str]
    verdict: Verdict
    made_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest."""
        return digest(self)

    def save(self, folder: Path) -> None:
        """Write the manifest into `folder`; the files must be there already."""
        write_text(folder / MANIFEST_FILE, to_json(self))

    @classmethod
    def load(cls, folder: Path) -> Release:
        """Read the manifest of a release's folder."""
        return from_json(cls, (folder / MANIFEST_FILE).read_bytes(), path=str(folder / MANIFEST_FILE))
