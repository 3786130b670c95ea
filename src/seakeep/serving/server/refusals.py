"""Refusals: every way in which a request can be wrong, with its status, its code and its words.

A refusal names the field, what was found there, what was expected and what to do. Its `code` is one of CODES, so that
refusals can be counted by reason without an open end. Whatever a client sent is shortened before it is said back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import RequestError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CODES = (
    "malformed_json",
    "not_utf8",
    "empty_body",
    "too_deep",
    "number_out_of_range",
    "wrong_structure",
    "unknown_member",
    "missing_member",
    "unknown_input",
    "not_an_input",
    "missing_input",
    "duplicate_input",
    "unknown_output",
    "wrong_datatype",
    "wrong_shape",
    "wrong_rows",
    "wrong_value",
    "missing_value",
    "outside_domain",
    "reserved_value",
    "binary_tensors",
    "too_many_rows",
    "body_too_large",
    "body_too_slow",
    "wrong_content_type",
    "wrong_method",
    "unknown_path",
    "unknown_model",
    "unknown_version",
)
_SHOWN = 80


class Refusal(RequestError):
    """A request that is not answered, and why.

    code: one of CODES. field: the input, member or header at fault. observed, expected: what was there and what should be.
    allow: the methods allowed, for 405.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        status: int = 400,
        field: str = "",
        found: object = "",
        expected: str = "",
        cause: str = "",
        fix: str = "",
        allow: str = "",
    ) -> None:
        self.code, self.field, self.expected, self.allow = code, field, expected, allow
        self.observed = found if isinstance(found, str) else shown(found)
        super().__init__(sentence, status=status, cause=cause, fix=fix)

    def as_answer(self) -> dict[str, str]:
        """The JSON body of the answer."""
        answer = {
            "error": self.found,
            "code": self.code,
            "field": self.field,
            "found": self.observed,
            "expected": self.expected,
            "fix": self.fix,
        }
        return {**answer, "cause": self.cause} if self.cause else answer

    @classmethod
    def malformed(cls, problem: str, body: bytes, at: int | None) -> Refusal:
        place, near = "", ""
        if at is not None:
            line, column = body.count(b"\n", 0, at) + 1, at - body.rfind(b"\n", 0, at)
            place = f" at line {line}, column {column}"
            near = body[max(0, at - 20) : at + 20].decode("utf-8", "replace")
        special = near if any(word in near for word in ("NaN", "Infinity")) else ""
        return cls(
            "malformed_json",
            f"the body is not JSON: {problem}{place}",
            field="body",
            found=near,
            expected="JSON text (RFC 8259)",
            cause="NaN and Infinity are not JSON." if special else "",
            fix="Send null for a missing value." if special else "Check it with: python -m json.tool < body.json",
        )

    @classmethod
    def not_utf8(cls, body: bytes, at: int, reason: str) -> Refusal:
        return cls(
            "not_utf8",
            f"the body is not UTF-8: {reason} at byte {at}",
            field="body",
            found=body[at : at + 4].hex(" "),
            expected="JSON text in UTF-8",
            fix="Encode the body as UTF-8.",
        )

    @classmethod
    def empty(cls) -> Refusal:
        return cls(
            "empty_body",
            "the body is empty",
            field="body",
            found="0 bytes",
            expected='a JSON object with "inputs" or "rows"',
            fix="""Send one: curl -H 'Content-Type: application/json' -d '{"rows": [{…}]}' …""",
        )

    @classmethod
    def too_deep(cls) -> Refusal:
        return cls(
            "too_deep",
            "the body is nested too deeply",
            field="body",
            found="hundreds of nested arrays or objects",
            expected="at most some ten levels",
            fix="Send tensors as flat arrays.",
        )

    @classmethod
    def out_of_range(cls, path: str) -> Refusal:
        return cls(
            "number_out_of_range",
            f"the number at {path} is beyond what a double or a 64-bit integer holds",
            field=path,
            found="a number with more digits or a larger exponent",
            expected="an absolute value up to 1.8e308; integers from -2^63 to 2^63-1",
            fix="Send null for a missing value.",
        )

    @classmethod
    def structure(cls, field: str, found: object, expected: str) -> Refusal:
        return cls(
            "wrong_structure",
            f"{field} is {kind_of(found)}, expected {expected}",
            field=field,
            found=found,
            expected=expected,
            fix="The form is that of the Open Inference Protocol V2, or rows; GET the model's path for its inputs.",
        )

    @classmethod
    def unknown_member(cls, where: str, name: str, known: Sequence[str]) -> Refusal:
        near = nearest(name, known)
        return cls(
            "unknown_member",
            f"{where} has a member {shown(name)}, which is not known",
            field=name[:_SHOWN],
            found=name[:_SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Rename it to {near!r}." if near else "Leave it out.",
        )

    @classmethod
    def missing_member(cls, where: str, name: str, expected: str) -> Refusal:
        return cls(
            "missing_member",
            f"{where} lacks {name!r}",
            field=name,
            found="nothing",
            expected=expected,
            fix=f"Add {name!r}: {expected}.",
        )

    @classmethod
    def both_forms(cls) -> Refusal:
        return cls(
            "wrong_structure",
            'the body has both "inputs" and "rows", expected one of them',
            field="rows",
            found="inputs and rows",
            expected='"inputs" (tensors) or "rows" (objects)',
            fix="Send two requests.",
        )

    @classmethod
    def neither_form(cls) -> Refusal:
        return cls(
            "missing_member",
            'the body has neither "inputs" nor "rows"',
            field="inputs",
            found="neither",
            expected='"inputs" (tensors of the Open Inference Protocol V2) or "rows" (objects)',
            fix='Send {"rows": [{"column": value, …}]}.',
        )

    @classmethod
    def unknown_input(cls, name: str, known: Sequence[str], model: str) -> Refusal:
        near = nearest(name, known)
        return cls(
            "unknown_input",
            f"the model {model!r} has no input {shown(name)}",
            field=name[:_SHOWN],
            found=name[:_SHOWN],
            expected="one of " + ", ".join(known),
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Rename it to {near!r}." if near else f"Leave it out; GET /v2/models/{model} lists the inputs.",
        )

    @classmethod
    def not_an_input(cls, name: str, why: str) -> Refusal:
        return cls(
            "not_an_input",
            f"column {name!r} is {why}, so it cannot be an input",
            field=name,
            found=name,
            expected="columns that are known when the prediction is asked for",
            fix=f"Leave {name!r} out.",
        )

    @classmethod
    def missing_input(cls, name: str, expected: str, *, row: int | None = None) -> Refusal:
        return cls(
            "missing_input",
            f"input {name!r} is missing{'' if row is None else f' from row {row}'}",
            field=name,
            found="nothing",
            expected=expected,
            fix=f"Add {name!r}: {expected}.",
        )

    @classmethod
    def duplicate(cls, name: str) -> Refusal:
        return cls(
            "duplicate_input",
            f"input {name!r} is given more than once",
            field=name,
            found="two tensors of that name",
            expected="one",
            fix="Send one of them.",
        )

    @classmethod
    def unknown_output(cls, name: str, known: Sequence[str]) -> Refusal:
        near = nearest(name, known)
        return cls(
            "unknown_output",
            f"there is no output {shown(name)}",
            field="outputs",
            found=name[:_SHOWN],
            expected="some of " + ", ".join(known),
            fix=f"Ask for {near!r}." if near else 'Leave "outputs" out to get all.',
        )

    @classmethod
    def datatype(cls, name: str, found: object, expected: Sequence[str]) -> Refusal:
        return cls(
            "wrong_datatype",
            f"input {name!r} has the datatype {shown(found)}, expected {' or '.join(expected)}",
            field=name,
            found=found,
            expected=" or ".join(expected),
            fix=f'Send "datatype": "{expected[0]}", and data of that type.',
        )

    @classmethod
    def shape(cls, name: str, found: object, count: int) -> Refusal:
        return cls(
            "wrong_shape",
            f"input {name!r} claims the shape {shown(found)}, but its data has {count} values",
            field=name,
            found=found,
            expected=f"[{count}] or [{count}, 1]",
            fix=f'Send "shape": [{count}], or the data that the shape claims.',
        )

    @classmethod
    def rows_differ(cls, name: str, rows: int, other: str, other_rows: int) -> Refusal:
        return cls(
            "wrong_rows",
            f"input {name!r} has {rows} rows, {other!r} has {other_rows}",
            field=name,
            found=f"{rows} rows",
            expected=f"{other_rows} rows",
            fix="Send as many values for every input.",
        )

    @classmethod
    def no_rows(cls, field: str) -> Refusal:
        return cls(
            "wrong_rows",
            f"{field} has no rows",
            field=field,
            found="0 rows",
            expected="at least 1 row",
            fix="Send a row, or no request.",
        )

    @classmethod
    def too_many_rows(cls, rows: int, limit: int) -> Refusal:
        return cls(
            "too_many_rows",
            f"the request has {rows} rows, more than the limit of {limit}",
            status=413,
            field="rows",
            found=f"{rows} rows",
            expected=f"at most {limit} rows",
            fix="Send several requests, score a table with seakeep score, or serve with a larger row_limit.",
        )

    @classmethod
    def value(cls, name: str, row: int, found: object, expected: str) -> Refusal:
        return cls(
            "wrong_value",
            f"input {name!r} is {shown(found)} in row {row}, expected {expected}",
            field=name,
            found=found,
            expected=expected,
            fix=f"Send {expected}, or null where it is missing.",
        )

    @classmethod
    def missing_value(cls, name: str, row: int, expected: str, policy: str) -> Refusal:
        allowed = "the schema allows no missing value" if policy == "schema" else "this server lets no missing value in"
        return cls(
            "missing_value",
            f"input {name!r} is null in row {row}, but {allowed}",
            field=name,
            found="null",
            expected=expected,
            fix=f"Send a value; or set missing_at_most above 0 for {name!r} in the schema, or serve with missing='accept'.",
        )

    @classmethod
    def outside(cls, name: str, row: int, found: object, expected: str) -> Refusal:
        return cls(
            "outside_domain",
            f"input {name!r} is {shown(found)} in row {row}, outside of what the schema allows",
            field=name,
            found=found,
            expected=expected,
            fix="Send an allowed value, or serve with domain='accept' to score it as unseen.",
        )

    @classmethod
    def reserved(cls, name: str, row: int, found: object) -> Refusal:
        return cls(
            "reserved_value",
            f"input {name!r} has in row {row} the value that stands for a missing one inside",
            field=name,
            found=found,
            expected="any other value, or null",
            fix="Send null where the value is missing.",
        )

    @classmethod
    def binary(cls, where: str) -> Refusal:
        return cls(
            "binary_tensors",
            "tensors in binary form are not offered",
            field=where,
            found="binary data",
            expected='JSON values in "data"',
            fix='Send "data", and leave the binary_data parameters and Inference-Header-Content-Length out.',
        )

    @classmethod
    def too_large(cls, found: int | None, limit: int) -> Refusal:
        size = "more" if found is None else f"{found} bytes, more"
        return cls(
            "body_too_large",
            f"the body has {size} than the limit of {limit} bytes",
            status=413,
            field="body",
            found=f"more than {limit} bytes" if found is None else f"{found} bytes",
            expected=f"at most {limit} bytes",
            fix="Send several requests, score a table with seakeep score, or raise serve.max_body_mb in seakeep.toml.",
        )

    @classmethod
    def too_slow(cls, seconds: float) -> Refusal:
        return cls(
            "body_too_slow",
            f"the body did not arrive within {seconds:g} seconds",
            status=408,
            field="body",
            found="a part of it",
            expected="as many bytes as Content-Length states, or the last chunk",
            fix="Check the length that is sent, send less at once, or serve with a larger read_seconds.",
        )

    @classmethod
    def content_type(cls, found: str) -> Refusal:
        return cls(
            "wrong_content_type",
            f"the body's Content-Type is {shown(found)}",
            status=415,
            field="Content-Type",
            found=found[:_SHOWN],
            expected="application/json, in UTF-8",
            fix="Send the header Content-Type: application/json.",
        )

    @classmethod
    def content_encoding(cls, found: str) -> Refusal:
        return cls(
            "wrong_content_type",
            f"the body's Content-Encoding is {shown(found)}",
            status=415,
            field="Content-Encoding",
            found=found[:_SHOWN],
            expected="no Content-Encoding",
            fix="Send the body as it is, not compressed.",
        )

    @classmethod
    def method(cls, found: str, allow: str, path: str) -> Refusal:
        return cls(
            "wrong_method",
            f"{path[:_SHOWN]} does not take {found[:20]}",
            status=405,
            field="method",
            found=found[:20],
            expected=allow,
            fix=f"Use {allow.split(',', maxsplit=1)[0]}.",
            allow=allow,
        )

    @classmethod
    def unknown_path(cls, path: str, known: Iterable[str]) -> Refusal:
        known = list(known)
        near = nearest(path[:200], known)
        return cls(
            "unknown_path",
            f"there is nothing at {shown(path)}",
            status=404,
            field="path",
            found=path[:_SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Did you mean {near}?" if near else "GET /v2 says what is served.",
        )

    @classmethod
    def unknown_model(cls, name: str, known: Sequence[str]) -> Refusal:
        near = nearest(name[:200], known)
        return cls(
            "unknown_model",
            f"there is no model {shown(name)}",
            status=404,
            field="model",
            found=name[:_SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Did you mean {near!r}?" if near else f"Serve it with: seakeep serve {name[:_SHOWN]}",
        )

    @classmethod
    def unknown_version(cls, model: str, version: str, known: Sequence[str]) -> Refusal:
        return cls(
            "unknown_version",
            f"the model {model!r} has no version {shown(version)} here",
            status=404,
            field="version",
            found=version[:_SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Use one of them, or leave the version out: /v2/models/{model}/infer",
        )


def shown(value: object) -> str:
    """A value as it may be said back: at most 80 characters.

    >>> shown("x" * 200)[-3:]
    "…x'"
    """
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 2]}…{text[-2:]}"


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "an array", str: "text", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null" if value is None else type(value).__name__)
