"""Access: what a server asks of those who ask it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.core.token_files import read_tokens

if TYPE_CHECKING:
    from pathlib import Path


class BadAccess(UsageError):
    """A server cannot keep its gate as asked."""

    @classmethod
    def rate(cls, name: str, found: float, expected: str) -> BadAccess:
        return cls(
            f"access.{name} is {found:g}, expected {expected}",
            cause="A rate is requests a second, a burst what may come at once after a pause.",
            fix=f"Change it in seakeep.toml: [access] {name} = …",
            name=name,
        )

    @classmethod
    def nobody(cls, rate: float) -> BadAccess:
        return cls(
            f"access.rate is {rate:g} requests a second, and there is no file of tokens",
            cause="The rate is of a token; without tokens it would hold nobody.",
            fix="Make a token, and name its file: seakeep tokens add NAME --scope predict; access.tokens = FILE",
            rate=rate,
        )


@dataclass(frozen=True, slots=True)
class Access:
    """What a request must bring.

    tokens: file of those that are believed (see core.tokens); None where nobody needs one. rate: requests a second that a token may
    make on this server, all workers together, where it has no limit of its own; 0 for no limit. burst_seconds: so much of its rate
    may come at once after a pause, and at least one request.
    Raises: BadAccess, BadTokenFile.
    """

    tokens: Path | None = None
    rate: float = 0.0
    burst_seconds: float = 1.0

    def __post_init__(self) -> None:
        for name, least in (("rate", 0.0), ("burst_seconds", 0.0)):
            found = getattr(self, name)
            if not (math.isfinite(found) and found >= least):
                raise BadAccess.rate(name, found, f"a number of at least {least:g}")
        if self.rate and self.tokens is None:
            raise BadAccess.nobody(self.rate)
        if self.tokens is not None:
            read_tokens(self.tokens)
