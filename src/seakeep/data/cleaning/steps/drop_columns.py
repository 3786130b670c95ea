"""Leave columns out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seakeep.data.cleaning.step import Cleaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Cleaning):
    """columns: to leave out."""

    EXAMPLE: ClassVar[str] = "drop_columns: {columns: [constant, copy_of_id]}"

    columns: tuple[str, ...]

    def dropped(self) -> tuple[str, ...]:
        """The columns."""
        return self.columns
