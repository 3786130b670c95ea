"""What came along and what did not: a noun with the list of everything that it cannot say.

Two formats never say the same, and a converter that drops the difference silently makes a contract weaker than anybody knows.
So every converter here returns a `Carried`, and each thing that stayed behind is a `Lost`, by name, with why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Gap = Literal["never", "notyet", "notimpl"]


@dataclass(frozen=True, slots=True)
class Lost:
    """One thing that was not carried over.

    where: the column or table it was said of. what: the field's name, with its value where that is short. why: one sentence.
    gap: "never" (the other side has no such notion), "notyet" (it cannot yet), "notimpl" (we could).
    """

    where: str
    what: str
    why: str
    gap: Gap = "never"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Carried(Generic[T]):
    """A converted value and what it could not take along; `lost` is empty where the two say the same."""

    value: T
    lost: tuple[Lost, ...] = ()
