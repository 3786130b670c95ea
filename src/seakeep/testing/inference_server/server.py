"""Server: what is judged, asked over HTTP by its address alone. Answers that every requirement needs are asked for once.

Each request has a connection of its own, so that a server which breaks one does not break the judgement of the next.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from seakeep.testing.inference_server.requirement import Broken, NotOffered, Unknown, hold
from seakeep.testing.inference_server.tensors import Tensor, candidates, declared, flat, judge_outputs

TIMEOUT_SECONDS = 30.0
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: by name in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    def succeeded(self) -> str:
        """That the status is 200. Raises Broken."""
        hold(self.status == 200, f"the status is {self.status}, expected 200: {self._told()}")
        return "the status is 200"

    def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Broken."""
        try:
            found = json.loads(self.body)
        except ValueError:
            raise Broken(f"the body is no JSON: {self._told()}") from None
        hold(isinstance(found, dict), f"the body is no JSON object: {self._told()}")
        return dict(found)

    def ok(self) -> dict[str, Any]:
        """The body of a request that succeeded. Raises Broken."""
        self.succeeded()
        return self.object()

    def refused(self) -> str:
        """That it is an error with its text. Raises Broken."""
        hold(self.status >= 400, f"the status is {self.status}, expected an error: {self._told()}")
        error = self.object().get("error")
        hold(
            isinstance(error, str) and error, f"status {self.status}, but the body has no text `error`: {self._told()}"
        )
        return f"{self.status}: {error}"

    def _told(self) -> str:
        return repr(self.body[:_SHOWN])


class Server:
    """A server and the model of it that is asked.

    Parameters: url: of its root, "http://127.0.0.1:8080". model: its name.
        example: V2 inputs that the model takes; made up from its metadata by default. headers: sent along (a token).
    """

    def __init__(self, url: str, model: str, *, example: list[Tensor] | None, headers: dict[str, str]) -> None:
        self.url, self.model, self.headers = urlsplit(url.rstrip("/")), model, headers
        self._given = example
        self.metadata = cache(self._metadata)
        self.example = cache(self._example)

    @property
    def path(self) -> str:
        """Of the model."""
        return f"v2/models/{quote(self.model, safe='')}"

    def get(self, path: str) -> Answer:
        """GET."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        """POST of JSON, unless headers say otherwise; an underscore in their names is a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._ask("POST", path, body, {"content-type": "application/json", **named})

    def infer(self, body: object, *, version: str = "") -> Answer:
        """The answer to a V2 request."""
        within = f"/versions/{quote(version, safe='')}" if version else ""
        return self.post(f"{self.path}{within}/infer", json.dumps(body).encode())

    def outputs(self, body: object) -> list[Tensor]:
        """The outputs of a good request, as they must be. Raises Broken."""
        try:
            return judge_outputs(self.infer(body).ok().get("outputs"))
        except Broken as broken:
            raise Broken(f"a good request has no good answer: {broken}") from None

    def declared(self, side: str) -> list[Tensor]:
        """Inputs or outputs by the metadata. Raises Unknown."""
        try:
            return [declared(one) for one in self.metadata().get(side) or ()]
        except Broken as broken:
            raise Unknown(f"the model's metadata are wrong: {broken}") from None

    def version(self) -> str:
        """One that may be asked for. Raises NotOffered."""
        versions = self.metadata().get("versions")
        if not versions or not isinstance(versions, list):
            raise NotOffered("the model has no versions")
        return str(versions[-1])

    def extensions(self) -> list[str]:
        """What the server says it can do beyond the protocol."""
        try:
            return list(self.get("v2").ok().get("extensions") or ())
        except (Broken, OSError):
            return []

    def batchable(self) -> list[Tensor]:
        """The example, if all declared inputs leave the first dimension open. Raises NotOffered."""
        inputs = self.declared("inputs")
        if inputs and not all(one["shape"] and one["shape"][0] < 0 for one in inputs):
            raise NotOffered("the model takes no batches")
        return self.example()

    def _metadata(self) -> dict[str, Any]:
        try:
            return self.get(self.path).ok()
        except Broken as broken:
            raise Unknown(f"the model's metadata cannot be read: {broken}") from None

    def _example(self) -> list[Tensor]:
        if self._given is not None:
            return [{**one, "data": flat(one["data"])} for one in self._given]
        inputs = self.declared("inputs")
        if not inputs:
            raise Unknown("the model's metadata declare no inputs to make a request of")
        answers = []
        for made in candidates(inputs):
            answers.append(self.infer({"inputs": made}))
            if answers[-1].status == 200:
                return made
        raise Unknown(f"no request that was made up from the metadata is taken: {answers[-1].body[:_SHOWN]!r}")

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        secure = self.url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self.url.hostname or "", self.url.port, timeout=TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request(method, f"{self.url.path}/{path}", body, {**self.headers, **headers})
                answer = connection.getresponse()
                named = {name.lower(): value for name, value in answer.getheaders()}
                return Answer(answer.status, named, answer.read())
            except http.client.HTTPException as error:
                raise ConnectionError(f"{type(error).__name__}: {error}") from None
