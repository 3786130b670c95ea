"""Where tables come from, one file each; the file's name is the ending of the files that it reads.

A format's module has `open_files(paths, *, called, options) -> Source`: a source of these files (absolute, in order), read
no further than to name the one that is torn, empty or of another make. `memory` has `open_table(data) -> Source`. Sources of
any make are held to their promises by `seakeep.testing.check_source`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from seakeep.core.dataset import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


@runtime_checkable
class FileSource(Source, Protocol):
    """A source of several files, which may differ: read compares their columns once every step is applied."""

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file, in the order of `files()`."""

    def file_of(self, piece: int) -> str:
        """The file that a piece is of, by the piece's number."""


def reads_columns_apart(source: Source) -> bool:
    """Whether reading some columns of a piece costs that share of reading all: its class says COLUMNS_APART = True."""
    return bool(getattr(type(source), "COLUMNS_APART", False))
