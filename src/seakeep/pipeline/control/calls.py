"""Calls and answers of the control server, without a socket: a path, a method, a body in; a status and JSON or text out.

The registry is opened for each call and closed again, as its database belongs to one thread; opening takes about a millisecond, and a
registry that was replaced or is renewed behind its address is seen at once. Reading waits for no writer.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from seakeep.core.codec import to_plain
from seakeep.core.errors import RegistryError, SeakeepError
from seakeep.pipeline.control import alerts, gates
from seakeep.pipeline.control.refusals import Refused
from seakeep.pipeline.control.verdicts import refuse_another, verdict_of
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.pipeline.rollouts.record import load, status_of
from seakeep.pipeline.verbs import find_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seakeep.core.codec import Json
    from seakeep.pipeline.control.pulse import Pulse
    from seakeep.pipeline.control.tokens import Guard
    from seakeep.pipeline.rollouts.record import Status
    from seakeep.registry import Registry

MOST_PARAMETERS = 8
PATHS = (
    "/healthz",
    "/metrics",
    "/alerts",
    "/rollouts/{name}",
    "/rollouts/{name}/verdict",
    *(f"/rollouts/{{name}}/gates/{gate}" for gate in gates.GATES),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request. target: path and query as they came. headers: by lower-case name."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, whole."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Desk:
    """Answers calls about one name's rollouts. clock: Unix seconds."""

    def __init__(
        self,
        name: str,
        guard: Guard,
        pulse: Pulse,
        *,
        home: Path | str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name, self.guard, self.pulse, self.home, self.clock = name, guard, pulse, home, clock

    def answer(self, call: Call) -> Answer:
        """The answer to a call, whatever it is: nothing is raised."""
        try:
            return self._answer(call)
        except Refused as refused:
            return refusal(refused)
        except RegistryError as error:
            print(error, file=sys.stderr)
            return refusal(Refused.registry(error.found), {"retry-after": "2"})
        except SeakeepError as error:
            print(error, file=sys.stderr)
            return refusal(Refused.broken())
        except Exception:  # noqa: BLE001  (one call that breaks must not end the server; the trace is told)
            traceback.print_exc()
            return refusal(Refused.broken())

    def _answer(self, call: Call) -> Answer:
        path, query = _parsed(call.target)
        parts = tuple(unquote(part) for part in path.split("/")[1:])
        if path == "/healthz":
            return self._only(call, "GET", self._health)
        if path == "/metrics":
            return self._only(call, "GET", lambda: self._metrics(call))
        if path == "/alerts":
            return self._alerts(call)
        if parts[0] == "rollouts" and len(parts) in (2, 3) and parts[2:] in ((), ("verdict",)):
            return self._only(call, "GET", lambda: self._rollout(call, parts, query))
        if parts[0] == "rollouts" and len(parts) == 4 and parts[2] == "gates" and parts[3] in gates.GATES:
            return self._only(call, "POST", lambda: self._gate(call, parts[1], parts[3], query))
        raise Refused.path(path, PATHS)

    def _only(self, call: Call, method: str, then: Callable[[], Answer]) -> Answer:
        if call.method != method and not (method == "GET" and call.method == "HEAD"):
            raise Refused.method(call.method, method, call.target.partition("?")[0])
        return then()

    def _health(self) -> Answer:
        alive = self.pulse.is_alive()
        return _json({"status": "ok" if alive else "stuck", **self.pulse.as_plain()}, status=200 if alive else 503)

    def _metrics(self, call: Call) -> Answer:
        self.guard.check_reading(call.headers.get("authorization"))
        from seakeep.pipeline.control.metrics import text

        with find_registry(self.home) as registry:
            told = text(registry)
        return Answer(200, told.encode(), "text/plain; version=0.0.4; charset=utf-8")

    def _alerts(self, call: Call) -> Answer:
        if call.method == "POST":
            self.guard.check(call.headers.get("authorization"))
            told = alerts.read_alerts(_content(call))
            with find_registry(self.home) as registry:
                received = alerts.receive(registry, told, now=self.clock())
            return _json(to_plain(received))
        return self._only(call, "GET", lambda: self._firing(call))

    def _firing(self, call: Call) -> Answer:
        self.guard.check_reading(call.headers.get("authorization"))
        with find_registry(self.home) as registry:
            found = alerts.firing(registry)
        return _json({"firing": [alerts.as_plain(each) for each in found]})

    def _rollout(self, call: Call, parts: tuple[str, ...], query: Mapping[str, str]) -> Answer:
        self.guard.check_reading(call.headers.get("authorization"))
        with find_registry(self.home) as registry:
            found = self._status(registry, parts[1])
            refuse_another(found.rollout, query)
            told = verdict_of(found)
            if len(parts) == 2:
                told |= {"decisions": to_plain(found.rollout.decisions), "next_look": found.next_look}
                told["alerts"] = [alerts.as_plain(each) for each in alerts.firing(registry, self.name)]
                told["report"] = to_plain(found.report)
        return _tagged(_json(told), call.headers.get("if-none-match", ""))

    def _gate(self, call: Call, name: str, gate: str, query: Mapping[str, str]) -> Answer:
        if not isinstance(_content(call), dict):
            raise Refused.structure("the body", _content(call), "an object")
        with find_registry(self.home) as registry:
            found = self._status(registry, name)
        refuse_another(found.rollout, query)
        return _json(to_plain(gates.answer(gate, found)))

    def _status(self, registry: Registry, name: str) -> Status:
        """The rollout as it stands. Raises Refused for another name, or where there is none."""
        if name != self.name:
            raise Refused.other_name(name, self.name)
        try:
            found = status_of(load(registry, name)[0])
        except CannotRollOut:
            raise Refused.no_rollout(name) from None
        challenger = found.rollout.challenger
        if found.rollout.phase == "promoted" and challenger.release not in registry.route(name).releases:
            raise Refused.displaced(name, challenger)
        return found


def refusal(refused: Refused, headers: Mapping[str, str] | None = None) -> Answer:
    """A refusal as an answer."""
    told = dict(headers or {})
    if refused.allow:
        told["allow"] = refused.allow
    if refused.status == 401:
        told["www-authenticate"] = "Bearer"
    return _json(to_plain(refused.as_answer()), status=refused.status, headers=told)


def _parsed(target: str) -> tuple[str, dict[str, str]]:
    """Path and query. Raises Refused for a parameter that is there twice."""
    path, _, asked = target.partition("?")
    try:
        pairs = parse_qsl(asked, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise Refused.query("query", target, f"at most {MOST_PARAMETERS} parameters") from None
    query = dict(pairs)
    if len(query) != len(pairs):
        doubled = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise Refused.query(doubled, "there twice", "one value")
    return path, query


def _content(call: Call) -> object:
    """The JSON body. Raises Refused."""
    kind = call.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Refused.content_type(kind)
    try:
        found = json.loads(call.body.decode(), object_pairs_hook=_once)
        json.dumps(found, ensure_ascii=False).encode()  # half a character, which no database takes
    except (ValueError, RecursionError) as error:
        raise Refused.json(str(error)) from None
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON, whose keys are there once: of two, every reader takes another one."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _json(content: Json, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(content, allow_nan=False).encode() + b"\n"
    return Answer(status, body, headers={"cache-control": "no-cache", **(headers or {})})


def _tagged(answer: Answer, known: str) -> Answer:
    """With an ETag; 304 without a body where the client has it."""
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
    headers = {**answer.headers, "etag": tag}
    same = tag in (each.strip().removeprefix("W/") for each in known.split(","))
    return Answer(304 if same else answer.status, b"" if same else answer.body, headers=headers)
