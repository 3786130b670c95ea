"""Form: one way in which a request's body is written, and its answer; and what a transport hands on of a request.

A form is made ready for one model (`script`), since what can be decoded quickly depends on the model's inputs. Nothing
of it knows how the request came: HTTP and gRPC bodies go the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered

HeaderList = list[tuple[str, str]]


class Headers(Protocol):
    """A request's headers, by lower-case name."""

    def get(self, name: str, /) -> str | None: ...

    def __contains__(self, name: object, /) -> bool: ...


NO_HEADERS: Mapping[str, str] = {}


class Script(NamedTuple):
    """A form made ready for one model.

    read: a body to what it asks. write: an answer to headers and body. Both raise Refusal.
    key: the key by which a request is dealt to an arm, None where there is none that can be read; never raises.
    open: a body to one of the form that `Form.opened` is, where reading that is less work; None where there is none.
    """

    read: Callable[[bytes, Headers], Ask]
    write: Callable[[Answered, Headers], tuple[HeaderList, bytes]]
    key: Callable[[bytes, Headers], str | None]
    open: Callable[[bytes, Headers], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing a request and its answer.

    name: unlike any other's. script: makes it ready for a model. most_bytes: of a body, where the form has a limit of its own.
    uncounted: statuses that are not the end of what was asked: whoever asks in this form looks on, and counts the end.
    opened: the form into which `Script.open` turns bodies of this one; answers are written alike.
    """

    name: str
    script: Callable[[Contract, Served], Script]
    most_bytes: int | None = None
    uncounted: tuple[int, ...] = ()
    opened: Form | None = None


class Reading(NamedTuple):
    """The half of a script that reads."""

    read: Callable[[bytes, Headers], Ask]
    key: Callable[[bytes, Headers], str | None]


class Notation(NamedTuple):
    """What one file of `forms` offers: a media type's reader, made for a contract, and its writer, made for a release.

    media: types that name it; the first is the usual one.
    """

    name: str
    media: tuple[str, ...]
    reader: Callable[[Contract], Reading]
    writer: Callable[[Served], Callable[[Answered, Headers], tuple[HeaderList, bytes]]]


def form_of(asked: Notation, answered: Notation) -> Form:
    """The form of bodies in one notation that are answered in another."""

    def script(contract: Contract, served: Served) -> Script:
        reading = asked.reader(contract)
        return Script(reading.read, answered.writer(served), reading.key)

    return Form(asked.name if asked is answered else f"{asked.name} to {answered.name}", script)


class Request(NamedTuple):
    """What is asked of a model: a body, the form that it is in, and the headers that came with it.

    until: by time.perf_counter, when nobody waits for the answer any more. priority: 1 before 2 before 3, see traffic.urgency.
    first: of the priorities that the caller may claim.
    """

    body: bytes
    form: Form
    headers: Headers
    until: float = math.inf
    priority: int = 2
    first: int = 1
