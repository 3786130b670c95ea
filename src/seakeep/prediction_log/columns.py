"""Names of a prediction log's own columns. They all begin with "@", so that a model's inputs keep their own names.

Standard library only: a server's worker imports this file.
"""

from __future__ import annotations

from typing import Final, Literal

Role = Literal["champion", "challenger", "shadow", "pinned", "batch"]
Outcome = Literal["answered", "refused", "failed"]

ROLES: Final[tuple[Role, ...]] = ("champion", "challenger", "shadow", "pinned", "batch")
ANSWERING: Final[tuple[Role, ...]] = ("champion", "challenger", "pinned", "batch")
"""Roles whose answer was given; a shadow's rows repeat the same requests. "batch" are rows of a table that was scored."""
OUTCOMES: Final[tuple[Outcome, ...]] = ("answered", "refused", "failed")

MARK: Final = "@"
ID: Final = "@id"
TIME: Final = "@time"
KEY: Final = "@key"
DEALT: Final = "@dealt"
RELEASE: Final = "@release"
VERSION: Final = "@version"
ROLE: Final = "@role"
REVISION: Final = "@revision"
LATENCY: Final = "@latency_ms"
OUTCOME: Final = "@outcome"
REASON: Final = "@reason"
SAMPLED: Final = "@sampled"
BROKEN: Final = "@broken"
PREDICTION: Final = "@prediction"
PROBABILITY: Final = "@probability_"
LABEL: Final = "@label"
LABELLED: Final = "@labelled"

RELEASE_DIGITS: Final = 12

OWN: Final = (
    *(ID, TIME, KEY, DEALT, RELEASE, VERSION, ROLE, REVISION, LATENCY, OUTCOME, REASON, SAMPLED, BROKEN),
    *(PREDICTION, LABEL, LABELLED),
)


def is_own(name: str) -> bool:
    """Whether a column of this name is the log's, so that no input may be called so."""
    return name in OWN or name.startswith(PROBABILITY)


def probability(value: bool | float | str) -> str:
    """The column of a class's probability: "@probability_true" for True, as an answer writes its classes.

    >>> probability(True), probability("late"), probability(3)
    ('@probability_true', '@probability_late', '@probability_3')
    """
    return f"{PROBABILITY}{text(value)}"


def text(value: bool | float | str) -> str:
    """A class or label as text: booleans as JSON writes them.

    >>> text(False), text(2), text("2")
    ('false', '2', '2')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)
