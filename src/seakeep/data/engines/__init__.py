"""Engines: where a table's work is done. `local` is the default; `ray` and `spark` are one file each. Same answers, by test.

An engine does one thing: it answers units of a table, each once, in order. On that stand two primitives (`fold`,
`map_batches`), and on those whatever can be asked of a table on many machines: profile, validate, score, evaluate.
An address names an engine: `local`, `ray://head:10001`, `ray://auto`, `ray://local[2]`, `spark://master:7077`,
`spark://local[2]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "BadEngine": "_errors",
    "CannotConnect": "_errors",
    "CannotPublish": "_folding",
    "Engine": "_job",
    "EngineBroke": "_errors",
    "LOCAL": "_connecting",
    "NotDescribable": "_describing",
    "NotVisible": "_errors",
    "Call": "_job",
    "ROWS": "_folding",
    "WorkersDiffer": "_errors",
    "as_text": "_describing",
    "connect": "_connecting",
    "connected": "_connecting",
    "counts_of": "_folding",
    "each": "_folding",
    "files_of": "_models",
    "fold": "_folding",
    "from_text": "_describing",
    "known_counts": "_units",
    "map_batches": "_folding",
    "model_of": "_models",
    "name_of": "_job",
    "named": "_job",
    "once": "_models",
    "packed": "_units",
    "place_of": "_connecting",
    "profile": "_profiling",
    "unpacked": "_units",
}

__all__ = [
    "LOCAL",
    "ROWS",
    "BadEngine",
    "Call",
    "CannotConnect",
    "CannotPublish",
    "Engine",
    "EngineBroke",
    "NotDescribable",
    "NotVisible",
    "WorkersDiffer",
    "as_text",
    "connect",
    "connected",
    "counts_of",
    "each",
    "files_of",
    "fold",
    "from_text",
    "known_counts",
    "map_batches",
    "model_of",
    "name_of",
    "named",
    "once",
    "packed",
    "place_of",
    "profile",
    "unpacked",
]

if TYPE_CHECKING:
    from seakeep.data.engines._connecting import LOCAL, connect, connected, place_of
    from seakeep.data.engines._describing import NotDescribable, as_text, from_text
    from seakeep.data.engines._errors import BadEngine, CannotConnect, EngineBroke, NotVisible, WorkersDiffer
    from seakeep.data.engines._folding import ROWS, CannotPublish, counts_of, each, fold, map_batches
    from seakeep.data.engines._job import Call, Engine, name_of, named
    from seakeep.data.engines._models import files_of, model_of, once
    from seakeep.data.engines._profiling import profile
    from seakeep.data.engines._units import known_counts, packed, unpacked

__getattr__, __dir__ = lazily(__name__, _HOMES)
