"""Repository: the protocol's extension of that name: what there is to be asked, and loading and unloading it by request.

The repository is what the server was started with. Loading and unloading reach all workers before they are answered, and are refused
unless the server was started so that models may be changed: whoever may unload a model can end a service.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from seakeep.core.errors import DataError
from seakeep.serving.server.pages import JSON
from seakeep.serving.server.parsing import check_members, decode_object, typed
from seakeep.serving.server.refusals import BadCall
from seakeep.serving.server.refusals.repository import BadChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.serving.server.fleet import Fleet
    from seakeep.serving.server.lanes import Lane
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.repository.shelf import Shelf

PATH = "/v2/repository"
_MODELS = f"{PATH}/models/"
_INDEX = f"{PATH}/index"
_WAIT_SECONDS = 20.0
_CHANGES = 32
"""At the same time; more wait for their turn. Nobody else's work does."""
_STATES = {"loading": "LOADING", "asleep": "READY", "unloaded": "UNAVAILABLE"}
_REASONS = {
    "loading": "it is being loaded",
    "asleep": "not in memory; the next request loads it",
    "unloaded": "unloaded by request",
}
Change = Literal["load", "unload"]


class Repository:
    """Answers for one worker. Parameters: shelf: of what is unloaded, None where nothing may be changed."""

    def __init__(self, fleet: Fleet, shelf: Shelf | None) -> None:
        self._fleet, self._shelf = fleet, shelf
        self._threads = ThreadPoolExecutor(_CHANGES, thread_name_prefix="repository")  # made when they are needed

    def index(self, *, ready: bool = False) -> list[dict[str, str]]:
        """Name, version, state and reason of each release. Parameters: ready: only of those that can be asked."""
        entries = list(self._entries())
        return [entry for entry in entries if not ready or entry["state"] == "READY"]

    def change(self, name: str, change: Change, parameters: Mapping[str, Any]) -> None:
        """Load or unload a model, in all workers. Blocks; for any thread but the loop's. Raises Refusal."""
        places = self._fleet.board.places
        if name not in places:
            raise BadCall.unknown_model(name, list(places))
        if self._shelf is None:
            raise BadChange.fixed(change)
        for parameter in parameters:
            if (change, parameter) != ("unload", "unload_dependents"):
                raise BadChange.parameter(change, parameter)
        try:
            revision = self._shelf.put(name, unloaded=change == "unload")
        except DataError:  # the disk is full
            raise BadChange.not_everywhere(change, name, 0) from None
        self._fleet.look_at_shelf()
        if not self._shelf.all_took(revision, seconds=_WAIT_SECONDS):
            raise BadChange.not_everywhere(change, name, _WAIT_SECONDS)

    async def answer(self, method: str, asked: str, body: bytes) -> Page:
        """Status, headers and body of an answer to HTTP. What waits for other workers waits in threads of its own, and is
        done to its end whether or not the client stays. Raises Refusal.
        """
        path = asked.rstrip("/")
        if method != "POST":
            raise BadCall.method(method, "POST", path)
        given = decode_object(body) if body.strip() else {}
        if path == _INDEX:
            check_members("the body", given, ("ready",))
            ready = typed(given, "ready", bool, "true or false") or False
            return 200, JSON, json.dumps(self.index(ready=ready)).encode()
        name, change = self._named(path)
        check_members("the body", given, ("parameters",))
        parameters = typed(given, "parameters", dict, "an object") or {}
        changing = asyncio.get_running_loop().run_in_executor(self._threads, self.change, name, change, parameters)
        await asyncio.shield(changing)
        return 200, JSON, b"{}"

    def _named(self, path: str) -> tuple[str, Change]:
        """The model and the change that a path names."""
        name, _, change = path.removeprefix(_MODELS).rpartition("/")
        if path.startswith(_MODELS):
            if change == "load":
                return unquote(name), "load"
            if change == "unload":
                return unquote(name), "unload"
        raise BadCall.unknown_path(path, (_INDEX, f"{_MODELS}{{model}}/load", f"{_MODELS}{{model}}/unload"))

    def _entries(self) -> Iterator[dict[str, str]]:
        for place in self._fleet.board.places.values():
            for version, lane in place.versions.items():
                yield {"name": place.name, "version": version, **_state(lane)}


def _state(lane: Lane) -> dict[str, str]:
    if lane.engine is not None:
        return {"state": "READY", "reason": ""}
    return {"state": _STATES[lane.rest], "reason": _REASONS[lane.rest]}
