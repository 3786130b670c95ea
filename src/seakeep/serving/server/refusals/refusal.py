"""Refusals: every way in which a request can be wrong, with its status, its code and its words; one class a place.

A refusal names the field, what was found there, what was expected and what to do. Its `code` is one of CODES, so that
refusals can be counted by reason without an open end. Whatever a client sent is shortened before it is said back.
"""

from __future__ import annotations

import math

from seakeep.core.errors import RequestError

CODES = (
    "malformed_json",
    "malformed_csv",
    "malformed_encoding",
    "malformed_arrow",
    "malformed_protobuf",
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
    "broken_rule",
    "wrong_interval",
    "not_calibrated",
    "wrong_samples",
    "no_baseline",
    "reserved_value",
    "binary_tensors",
    "wrong_key",
    "wrong_prediction_id",
    "wrong_label",
    "too_many_rows",
    "body_too_large",
    "body_too_slow",
    "answer_too_large",
    "wrong_timeout",
    "wrong_priority",
    "too_busy",
    "too_late",
    "wrong_content_type",
    "wrong_method",
    "unknown_path",
    "unknown_model",
    "unloaded_model",
    "not_changeable",
    "not_everywhere",
    "unknown_version",
    "no_token",
    "wrong_token",
    "expired_token",
    "wrong_scope",
    "too_often",
)
SHOWN = 80
_UNAUTHENTICATED = 401


class Refusal(RequestError):
    """A request that is not answered, and why.

    code: one of CODES. field: the input, member or header at fault. observed, expected: what was there and what should be.
    allow: the methods allowed, for 405. retry_seconds: when asking again may help, for 429 and 503; 0 where it never does.
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
        retry_seconds: float = 0.0,
    ) -> None:
        self.code, self.field, self.expected, self.allow = code, field, expected, allow
        self.retry_seconds = retry_seconds
        self.observed = found if isinstance(found, str) else shown(found)
        super().__init__(sentence, status=status, cause=cause, fix=fix)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Headers of the answer, beside its Content-Type."""
        told = {
            "allow": self.allow,
            "retry-after": str(math.ceil(self.retry_seconds)) if self.retry_seconds else "",
            "www-authenticate": "Bearer" if self.status == _UNAUTHENTICATED else "",
        }
        return [(name, value) for name, value in told.items() if value]

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


def shown(value: object) -> str:
    """A value as it may be said back: at most 80 characters.

    >>> shown("x" * 200)[-3:]
    "…x'"
    """
    try:
        text = ascii(value) if isinstance(value, str) else repr(value)
    except RecursionError:  # nested as deeply as a parser takes it, which is deeper than it can be written
        text = kind_of(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 2]}…{text[-2:]}"


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "an array", str: "text", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null" if value is None else type(value).__name__)
