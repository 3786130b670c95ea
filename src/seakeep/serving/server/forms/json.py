"""JSON: the Open Inference Protocol's tensors (`inputs`), rows by column name (`rows`), and columns by name (`columns`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.form import Notation, Reading, form_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.serving.served import Served
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers

MEDIA = "application/json"
HEADERS = [("content-type", MEDIA)]


def reader(contract: Contract) -> Reading:
    """What reads bodies for one model."""
    from seakeep.serving.server.decoding import Decoder
    from seakeep.serving.server.keys import Peek

    decode, peek = Decoder(contract).read, Peek(contract.key).key
    return Reading(lambda body, _: decode(body), lambda body, _: peek(body))


def writer(served: Served) -> Callable[[Answered, Headers], tuple[HeaderList, bytes]]:
    """What writes answers of one release."""
    from seakeep.serving.server.answering import Answers
    from seakeep.serving.server.forms import binary

    answers = Answers(served)

    def write(answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
        del headers
        return binary.write(answers, answered) if answered.ask.binary else (HEADERS, answers.write(*answered))

    return write


NOTATION = Notation("json", (MEDIA,), reader, writer)
FORM = form_of(NOTATION, NOTATION)
