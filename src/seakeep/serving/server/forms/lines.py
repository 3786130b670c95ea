"""JSON lines: a row a line, and in the answer a prediction a line, in the same order. What streams are made of, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.form import Notation, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.serving.served import Served
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers

MEDIA = ("application/x-ndjson", "application/ndjson", "application/jsonlines", "application/jsonl")


def reader(contract: Contract) -> Reading:
    """What reads bodies for one model."""
    from seakeep.serving.server.decoding import Decoder
    from seakeep.serving.server.keys import Peek

    decode, peek = Decoder(contract).read_lines, Peek(contract.key).key
    return Reading(lambda body, _: decode(body), lambda body, _: peek(b'{"rows":[' + _first(body) + b"]}"))


def writer(served: Served) -> Callable[[Answered, Headers], tuple[HeaderList, bytes]]:
    """What writes answers of one release."""
    from seakeep.serving.server.answering import Answers
    from seakeep.serving.server.tabular import about

    answers = Answers(served)

    def write(answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
        del headers
        return [("content-type", MEDIA[0]), *about(served, answered)], answers.lines(*answered)

    return write


def _first(body: bytes) -> bytes:
    return next((line for line in body.split(b"\n", 8) if line.strip()), b"")


NOTATION = Notation("lines", MEDIA, reader, writer)
