"""The document: which addresses a server has now, and what each of them takes and answers (https://spec.openapis.org/oas/v3.1.0).

Every model's columns are typed, with what the contract allows, and every request has examples that are answered: a client can be
made from it, a form drawn, and a fuzzer let loose. It is made when it is asked for; what takes long, rows that keep each contract, is
kept by release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seakeep import __version__
from seakeep.serving.server.openapi import operations
from seakeep.serving.server.openapi.examples import examples_of
from seakeep.serving.server.openapi.schemas import BUSY, REFUSAL, request_schemas
from seakeep.serving.server.openapi.security import Security

if TYPE_CHECKING:
    from seakeep.serving.served import Identity
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.lanes import Place
    from seakeep.serving.server.openapi.examples import Examples
    from seakeep.serving.server.settings import Settings


class Document:
    """Describes what is served. Parameters: settings: of the server."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._security = settings, Security(settings)
        self._examples: dict[Identity, Examples] = {}

    def of(self, board: Board) -> dict[str, Any]:
        """The OpenAPI 3.1 document of what is on the board."""
        schemas: dict[str, Any] = {"Refusal": REFUSAL, "Busy": BUSY}
        known = {place.crossing.main.served.identity for place in board.places.values()}
        self._examples = {one: kept for one, kept in self._examples.items() if one in known}
        paths = operations.of_server(self._security)
        for place in board.places.values():
            paths |= self._of_model(place, schemas, takes_labels=place.name in board.labels.values())
        paths |= operations.of_repository(board, self._security, changes=self._settings.repository == "change")
        document = {
            "openapi": "3.1.0",
            "info": {
                "title": "Seakeep",
                "version": __version__,
                "description": "Open Inference Protocol V2, and rows beside it.",
            },
            "paths": paths,
            "components": {"schemas": schemas},
        }
        if self._security.schemes:
            document["components"] = {"schemas": schemas, "securitySchemes": self._security.schemes}
        return document

    def _of_model(self, place: Place, schemas: dict[str, Any], *, takes_labels: bool) -> dict[str, Any]:
        """A model's addresses; their schemas are added to `schemas`."""
        served = place.crossing.main.served
        examples = self._examples.get(served.identity)
        if examples is None:
            examples = self._examples[served.identity] = examples_of(served)
        schemas |= request_schemas(served, self._settings, examples.row)
        base = f"/v2/models/{quote(place.name, safe='')}"
        asked = operations.Asked(served, examples, self._security)
        made = {
            base: operations.get(f"Inputs and outputs of {place.name}", self._security, also=("503",)),
            f"{base}/ready": operations.get(f"Whether {place.name} can answer", self._security, also=("503",)),
            f"{base}/infer": {"post": asked.infer()},
            f"{base}/explain": {"post": asked.explain()},
            f"{base}/stream": {"post": asked.stream()},
        }
        return {**made, f"{base}/labels": {"post": asked.labels()}} if takes_labels else made
