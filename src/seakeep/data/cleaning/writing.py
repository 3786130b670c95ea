"""Writing a dataset as one Parquet file, batch by batch, whole or not at all. Called by `seakeep clean`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.files import CannotWrite, replacing
from seakeep.data.cleaning.errors import BadCleaning
from seakeep.data.frames import FAILURES, schema_of

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core.dataset import Dataset


def write_table(dataset: Dataset, path: Path) -> None:
    """Write every row to `path`, streaming. Raises CannotWrite; DataError, naming a file that cannot be read; BadCleaning, where
    the output is one of the files read.
    """
    if str(path.absolute()) in dataset.source.files():
        raise BadCleaning.over_itself(str(path))
    schema_of(dataset)
    with replacing(path) as temporary:
        try:
            pl.concat(dataset.pieces()).sink_parquet(temporary)
        except FAILURES as error:
            if isinstance(error, OSError):
                raise
            _find_torn(dataset)
            raise CannotWrite.because(path, OSError(str(error).partition("\n")[0])) from error


def _find_torn(dataset: Dataset) -> None:
    """Read the pieces one by one, so that the error names the file."""
    from seakeep.data.frames import fetch

    for number, piece in enumerate(dataset.pieces()):
        fetch(dataset, number, piece)
