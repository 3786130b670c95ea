"""JSON: the Open Inference Protocol's tensors (`inputs`), and rows by column name (`rows`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.form import Form, Script

if TYPE_CHECKING:
    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers

MEDIA = "application/json"
HEADERS = [("content-type", MEDIA)]


def script(contract: Contract, served: Served) -> Script:
    """The form for one model."""
    from seakeep.serving.server.answering import Answers
    from seakeep.serving.server.decoding import Decoder
    from seakeep.serving.server.keys import Peek
    from seakeep.serving.server.receiving import check_headers

    decode, peek, answers = Decoder(contract).read, Peek(contract.key).key, Answers(served)

    def read(body: bytes, headers: Headers) -> Ask:
        check_headers(headers)
        return decode(body)

    def write(answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
        del headers
        return HEADERS, answers.write(*answered)

    return Script(read, write, lambda body, _: peek(body))


FORM = Form("json", script)
