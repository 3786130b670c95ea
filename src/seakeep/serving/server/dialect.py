"""Dialect: what one file of `dialects` offers, and which of them a server speaks.

A cloud that starts the server's image says so by variables of its own. Such a variable switches the cloud's dialect on, and where it
names a port, the server listens there on every address, whatever flags and settings say: the cloud knocks nowhere else. A file of
`dialects` names these variables, `CALLED_BY` and `PORT`, where its cloud sets any that it sets for nothing else.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.errors import UsageError
from seakeep.serving.server.form import Form, Script
from seakeep.serving.server.forms import json
from seakeep.serving.server.receiving import check_plain, media_of
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.weighing import Scale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seakeep.core.model import Input
    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers

GROUP = "serving.server.dialects"
MODEL = "{model}"
_CSV = "text/csv"
_PORTS = range(1, 65_536)


class BadDialect(UsageError):
    """A dialect cannot be spoken as asked."""

    @classmethod
    def several_models(cls, dialect: str, path: str, names: Sequence[str]) -> BadDialect:
        return cls(
            f"{dialect} asks at {path}, which names no model, and {len(names)} models are served: {', '.join(names)}",
            cause="One container of that contract answers for one model.",
            fix=f"Serve one of them, or leave {dialect!r} out of serve.dialects.",
            dialect=dialect,
            names=tuple(names),
        )

    @classmethod
    def port(cls, variable: str, found: str) -> BadDialect:
        return cls(
            f"{variable} is {found!r}, expected a port from 1 to 65535",
            where="environment",
            cause="The platform that starts the container sets it.",
            fix=f"Correct it in the platform's specification of the container, or unset {variable}.",
            name=variable,
            value=found,
        )

    @classmethod
    def route(cls, variable: str, found: str) -> BadDialect:
        return cls(
            f"{variable} is {found!r}, expected a path that begins with /",
            where="environment",
            cause="The platform that starts the container sets it.",
            fix=f"Correct it in the platform's specification of the container, or unset {variable}.",
            name=variable,
            value=found,
        )


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of asking.

    predict: path of a prediction; "{model}" stands for a model's name, a path without it is for the only one. media: types that a
    body may have. versioned: path of a prediction by one version, "{version}" in it, where there is one. most_bytes: of a body and of an answer, where the contract has a limit.
    read: (body, media type, the model's inputs) to a body in the server's own form; raises Refusal.
    write: (answer, its id or None, the header Accept, the body's media type) to headers and body; raises Refusal.
    page: (path, board, whether all is ready) to status and content of a GET; None where there is no such page.
    """

    name: str
    predict: str
    read: Callable[[bytes, str, Sequence[Input]], bytes]
    write: Callable[[bytes, Answered, str, str], tuple[HeaderList, bytes]]
    page: Callable[[str, Board, bool], tuple[int, Any] | None]
    media: tuple[str, ...] = ("application/json",)
    versioned: str | None = None
    most_bytes: int | None = None

    @property
    def form(self) -> Form:
        """The form of its bodies: they are turned into JSON, and its answers are made of JSON's."""
        opened = Form(f"{self.name}, opened", self._opened, self.most_bytes)
        return Form(self.name, self._script, self.most_bytes, opened=opened)

    def _script(self, contract: Contract, served: Served) -> Script:
        own, scale = self._opened(contract, served), Scale(contract)

        def opened(body: bytes, headers: Headers) -> bytes:
            check_plain(headers)
            media = media_of(headers, self.media)
            if media.startswith(_CSV):
                scale.csv(body)
            else:
                scale.json(body, nested=True)
            return self.read(body, media, contract.inputs)

        def read(body: bytes, headers: Headers) -> Ask:
            return own.read(opened(body, headers), headers)

        def key(body: bytes, headers: Headers) -> str | None:
            with contextlib.suppress(Refusal):
                return own.key(opened(body, headers), headers)
            return None

        return Script(read, own.write, key, opened)

    def _opened(self, contract: Contract, served: Served) -> Script:
        """For bodies that are in the server's own form already."""
        own = json.FORM.script(contract, served)

        def write(answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
            _, content = own.write(answered, headers)
            return self.write(content, answered, headers.get("accept") or "", media_of(headers, self.media))

        return Script(own.read, write, own.key)


def names() -> tuple[str, ...]:
    """Every dialect's name."""
    return plugins.names(GROUP)


def load(wanted: Sequence[str], environ: Mapping[str, str]) -> tuple[Dialect, ...]:
    """The dialects called so. Raises UsageError, for a name that is none; BadDialect, for variables that cannot be."""
    return tuple(plugins.load(GROUP, name).dialect(environ) for name in wanted)


def in_cloud(
    wanted: Sequence[str], host: str, port: int, environ: Mapping[str, str]
) -> tuple[tuple[str, ...], str, int]:
    """Dialects, host and port that hold in this environment: as given, unless a cloud's own variables say more."""
    for name in names():
        module = plugins.load(GROUP, name)
        if getattr(module, "CALLED_BY", "") not in environ:
            continue
        wanted = tuple(dict.fromkeys((*wanted, name)))
        own = _port_of(module.PORT, environ)
        host, port = (host, port) if own is None else ("0.0.0.0", own)  # noqa: S104  (the cloud's network is outside)
    return tuple(wanted), host, port


def check_models(dialects: Sequence[Dialect], models: Sequence[str]) -> None:
    """Raise BadDialect, if a path that names no model could mean several."""
    own = tuple(dict.fromkeys(models))
    for dialect in dialects:
        if MODEL not in dialect.predict and len(own) > 1:
            raise BadDialect.several_models(dialect.name, dialect.predict, own)


def _port_of(variable: str, environ: Mapping[str, str]) -> int | None:
    """The port that a variable names, None where it is not set. Raises BadDialect."""
    text = environ.get(variable)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or int(text) not in _PORTS:
        raise BadDialect.port(variable, text)
    return int(text)


def route_of(variable: str, environ: Mapping[str, str], default: str) -> str:
    """The path that a variable names. Raises BadDialect."""
    path = environ.get(variable, default)
    if not path.startswith("/") or not path.isprintable() or " " in path:
        raise BadDialect.route(variable, path)
    return path
