"""Nouns as objects and back: statistics, schemas, reports and models.

A noun's own digest says what it means (it ignores the order of columns, say); the object's digest says which bytes stand on
the disk. The registry's `artifacts` table joins the two, so a reader can check both. A model is kept as its parts: the
statistics and the schema it shares with the stages before it are stored once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from seakeep.core import Model, Report, Schema, Statistics
from seakeep.core.codec import from_json, from_plain, to_json, to_plain
from seakeep.core.model import Facts
from seakeep.registry.database import one
from seakeep.registry.errors import TornObject

if TYPE_CHECKING:
    from seakeep.registry.artifacts import ArtifactKind
    from seakeep.registry.database import Database
    from seakeep.registry.stores import Objects

Noun = Statistics | Schema | Report | Model
N = TypeVar("N", Statistics, Schema, Report, Model)
KINDS: dict[type, ArtifactKind] = {Statistics: "statistics", Schema: "schema", Report: "report", Model: "model"}


@dataclass(frozen=True, slots=True)
class Nouns:
    """Keeps nouns by their digest."""

    database: Database
    objects: Objects

    def put(self, noun: Noun) -> str:
        """Keep a noun; returns its digest."""
        digest = noun.digest
        content = self._model(noun) if isinstance(noun, Model) else to_json(noun, indent=None)
        encoded = content.encode("utf-8", "surrogatepass")
        stored = self.objects.put(encoded)
        query = (
            "INSERT INTO artifacts VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE "
            "SET kind = excluded.kind, object = excluded.object, bytes = excluded.bytes"
        )
        self.database.execute(query, (digest, KINDS[type(noun)], stored, len(encoded)))
        return digest

    def get(self, kind: type[N], digest: str) -> N:
        """The noun of this kind and digest. Raises TornObject where it is absent or its file differs."""
        content = self.objects.get(self._object(KINDS[kind], digest))
        if kind is Model:
            return self._load_model(content)
        return from_json(kind, content, path=f"{KINDS[kind]} {digest[:12]}")

    def has(self, digest: str) -> bool:
        """Whether a noun of this digest is on record and its file is there."""
        row = one(self.database.execute("SELECT object FROM artifacts WHERE digest = ?", (digest,)))
        return row is not None and row[0] in self.objects

    def used(self) -> set[str]:
        """The digests of all objects that nouns on record are kept in, the parts of models included. Raises TornObject."""
        rows = self.database.execute("SELECT object, kind FROM artifacts")
        return {str(row[0]) for row in rows} | {
            part for row in rows if row[1] == "model" for part in self._parts(row[0])
        }

    def _parts(self, stored: str) -> tuple[str, str]:
        parts = json.loads(self.objects.get(stored))
        return parts["graph"], parts["explanation"]

    def _object(self, kind: str, digest: str) -> str:
        query = "SELECT object FROM artifacts WHERE digest = ? AND kind = ?"
        row = one(self.database.execute(query, (digest, kind)))
        if row is None:
            raise TornObject.absent(kind, digest)
        return str(row[0])

    def _model(self, model: Model) -> str:
        parts = {
            "graph": self.objects.put(model.graph),
            "explanation": self.objects.put(model.explanation),
            "schema": self.put(model.schema),
            "statistics": self.put(model.statistics),
            "facts": to_plain(Facts(**{name: getattr(model, name) for name in Facts.__slots__})),
        }
        return json.dumps(parts, ensure_ascii=False)

    def _load_model(self, content: bytes) -> Model:
        parts: dict[str, Any] = json.loads(content)
        facts = from_plain(Facts, parts["facts"])
        return Model(
            graph=self.objects.get(parts["graph"]),
            explanation=self.objects.get(parts["explanation"]),
            schema=self.get(Schema, parts["schema"]),
            statistics=self.get(Statistics, parts["statistics"]),
            **{name: getattr(facts, name) for name in Facts.__slots__},
        )
