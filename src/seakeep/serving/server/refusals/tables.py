"""Rows by place, CSV, Arrow, and answers that a cloud's contract does not hold. Raised by `dialects` and `forms`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = 20


class BadTable(Refusal):
    """Tables that are no JSON."""

    @classmethod
    def width(cls, field: str, found: int, names: Sequence[str]) -> BadTable:
        listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
        return cls(
            "wrong_shape",
            f"{field} has {found} values, expected {len(names)}",
            field=field[:SHOWN],
            found=f"{found} values",
            expected=f"in this order: {listed}",
            fix="Send a value for each of them, null where one is missing; or objects with the columns' names.",
        )

    @classmethod
    def csv(cls, problem: str, line: int) -> BadTable:
        return cls(
            "malformed_csv",
            f"the body is not CSV: {problem} at line {line}",
            field="body",
            found=f"line {line}",
            expected='CSV (RFC 4180) in UTF-8, a row a line, with " around values that have a comma',
            fix='Write a quotation mark within a value as "", or send application/json.',
        )

    @classmethod
    def arrow(cls, problem: str) -> BadTable:
        return cls(
            "malformed_arrow",
            f"the body is not Arrow's IPC format: {problem[:SHOWN]}",
            field="body",
            found=problem[:SHOWN],
            expected="a stream or a file of Arrow's IPC format",
            fix="Write it with: pyarrow.ipc.new_stream(sink, table.schema).write_table(table)",
        )

    @classmethod
    def packed_arrow(cls) -> BadTable:
        return cls(
            "malformed_arrow",
            "the body's buffers are packed, expected them plain",
            field="body",
            found="buffers packed with LZ4 or Zstandard",
            expected="plain buffers; the body as a whole may be packed",
            cause="A packed buffer says itself how large it will be, which a server cannot believe.",
            fix="Write it without compression=…, and send it with the header Content-Encoding: gzip.",
        )

    @classmethod
    def arrow_type(cls, name: str, found: str, expected: str) -> BadTable:
        return cls(
            "wrong_datatype",
            f"input {name!r} has the Arrow type {shown(found)}, expected {expected}",
            field=name[:SHOWN],
            found=found[:SHOWN],
            expected=expected,
            fix=f"Cast the column to {expected}.",
        )

    @classmethod
    def long_texts(cls, name: str, found: int, most: int) -> BadTable:
        return cls(
            "body_too_large",
            f"the texts of {name!r} have {found} bytes, more than the {most} of the body they came in",
            status=413,
            field=name[:SHOWN],
            found=f"{found} bytes",
            expected=f"at most {most} bytes",
            cause="A dictionary or views stand for more than they hold.",
            fix="Send fewer rows at once, or plain utf8.",
        )

    @classmethod
    def no_arrow(cls) -> BadTable:
        return cls(
            "wrong_content_type",
            "this server reads and writes no Arrow, since pyarrow is not installed beside it",
            status=415,
            field="Content-Type",
            found="Arrow's IPC format",
            expected="JSON, CSV or JSON lines",
            fix="Send application/json; or where the server runs: pip install 'seakeep[arrow]'",
        )

    @classmethod
    def twice(cls, name: str) -> BadTable:
        return cls(
            "duplicate_input",
            f"column {shown(name)} is given more than once",
            field=name[:SHOWN],
            found="two columns of that name",
            expected="one",
            fix="Send one of them.",
        )

    @classmethod
    def answer_too_large(cls, found: int, limit: int, contract: str) -> BadTable:
        return cls(
            "answer_too_large",
            f"the answer has {found} bytes, more than the {limit} that {contract} lets through",
            status=413,
            field="instances",
            found=f"{found} bytes",
            expected=f"at most {limit} bytes",
            fix="Send fewer instances at once.",
        )

    @classmethod
    def long_stream(cls, most: int) -> BadTable:
        return cls(
            "answer_too_large",
            f"the stream has {most} bytes of answers, which is the most that one may have",
            status=413,
            field="lines",
            found=f"more than {most} bytes",
            expected=f"at most {most} bytes of answers a stream",
            fix="Go on with the rest in another stream, or score a table with seakeep score.",
        )

    @classmethod
    def no_verb(cls, path: str, verb: str) -> BadTable:
        return cls(
            "unknown_path",
            f"this server does not {shown(verb)} over TensorFlow Serving's protocol",
            status=404,
            field="path",
            found=path[:SHOWN],
            expected="…:predict",
            fix="Ask :predict, which answers the label and the probabilities, or the value.",
        )
