"""Calls that are not let in: without a token, with one that does not hold, or too often. Nothing of a token is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.refusals.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence


class Shut(Refusal):
    """A call that the gate keeps out."""

    @classmethod
    def no_token(cls) -> Shut:
        return cls(
            "no_token",
            "the request brings no bearer token",
            status=401,
            field="Authorization",
            found="nothing",
            expected="Bearer and a token",
            fix="Send the header Authorization: Bearer TOKEN; whoever runs the server makes one: seakeep tokens add NAME --scope predict",
        )

    @classmethod
    def unknown(cls) -> Shut:
        return cls(
            "wrong_token",
            "the bearer token is not known here",
            status=401,
            field="Authorization",
            found="another token",
            expected="a token that was made for this server and not taken back",
            fix="Ask whoever runs the server for a new one.",
        )

    @classmethod
    def expired(cls) -> Shut:
        return cls(
            "expired_token",
            "the bearer token has expired",
            status=401,
            field="Authorization",
            found="a token whose time is over",
            expected="a token that holds",
            fix="Ask whoever runs the server for a new one.",
        )

    @classmethod
    def scope(cls, needed: str, held: Sequence[str]) -> Shut:
        return cls(
            "wrong_scope",
            f"the token may not do this: it lacks the scope {needed}",
            status=403,
            field="Authorization",
            found=", ".join(held),
            expected=needed,
            fix="Use a token of that scope; none includes another.",
        )

    @classmethod
    def often(cls, rate: float, seconds: int) -> Shut:
        return cls(
            "too_often",
            f"the token asks more often than {rate:g} times a second",
            status=429,
            field="Authorization",
            found=f"more than {rate:g} requests a second",
            expected=f"at most {rate:g} requests a second",
            fix=f"Wait {seconds} s (Retry-After), send more rows in a request, or ask for a higher rate.",
            retry_seconds=seconds,
        )
