"""Request ids: the client's own where it is fit to stand in a log and a header, else one of ours; the same in every line about a request."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seakeep.serving.server.form import Headers

HEADER = "x-request-id"
REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that this task answers."""
BEARER: ContextVar[str] = ContextVar("bearer", default="")
"""Whose token that request brought, by the token's name."""
_FIT = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_BOOT_BYTES = 6


class Ids:
    """Names requests. An own id begins with this worker's run, so that no two are alike."""

    def __init__(self) -> None:
        self._boot, self._numbers = secrets.token_hex(_BOOT_BYTES), count(1)

    def name(self, headers: Headers) -> str:
        """The request's id; every line that this task logs from now on carries it."""
        given = headers.get(HEADER)
        own = given if given is not None and _FIT.fullmatch(given) else f"{self._boot}-{next(self._numbers):x}"
        REQUEST.set(own)
        return own
