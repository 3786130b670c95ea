"""Random tables with planted faults, for holding Seakeep and TFDV side by side: a seed gives a table, a later one, and what was done to it."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass
from typing import Any

import polars as pl

Values = list[Any]
_WORDS = ("ewr", "jfk", "lga", "äöü", "東京", "", "x" * 40, "true", "12", "a b")


@dataclass(frozen=True)
class Tables:
    """before: what a contract is made from. after: the next span. faults: what was planted, by name and column."""

    before: pl.DataFrame
    after: pl.DataFrame
    faults: tuple[tuple[str, str], ...]


def tables(seed: int) -> Tables:
    """The two tables of a seed. Every fourth seed has no fault; every twentieth some thousand rows."""
    random_ = random.Random(seed)
    rows = random_.randrange(1500, 4000) if seed % 20 == 7 else random_.randrange(40, 400)
    makers = list(MAKERS)
    names = [makers[(seed + i) % len(makers)] for i in range(random_.randrange(4, 9))]
    before, after = {}, {}
    for i, kind in enumerate(names):
        make = MAKERS[kind](random_)
        before[f"{kind}_{i}"], after[f"{kind}_{i}"] = make(rows), make(rows)
    faults = []
    wanted = (
        []
        if seed % 4 == 3
        else [sorted(FAULTS)[seed % len(FAULTS)], *random_.sample(sorted(FAULTS), random_.randrange(3))]
    )
    for fault in wanted:
        name = _planted(fault, after, random_, rows)
        if name:
            faults.append((fault, name))
    return Tables(_frame(before), _frame(after), tuple(faults))


def _planted(fault: str, after: dict[str, Values], random_: random.Random, rows: int) -> str:
    """Change the first column, in random order, that the fault fits; its name, or "" where there is none."""
    names = random_.sample(sorted(after), len(after))
    if fault == "new_column":
        name = f"extra_{len(after)}"
        after[name] = [random_.randrange(9) for _ in range(rows)]
        return name
    if fault == "dropped_column":
        del after[names[0]]
        return names[0]
    for name in names:
        changed = FAULTS[fault](after[name], random_, rows)
        if changed is not None and name.partition("_")[0] not in ("nested", "struct", "moment", "bytes"):
            after[name] = changed
            return name
    return ""


def _frame(columns: dict[str, Values]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: pl.Series(values, dtype=_dtype(values), strict=False) for name, values in columns.items()}
    )


def _dtype(values: Values) -> Any:
    present = [value for value in values if value is not None]
    if present and any(isinstance(value, float) for value in present):
        return pl.Float64
    if present and isinstance(present[0], int) and not isinstance(present[0], bool):
        return pl.Int64
    return None


def _some(random_: random.Random, make: Any, share: float) -> Any:
    return lambda rows: [None if random_.random() < share else make() for _ in range(rows)]


def _share(random_: random.Random) -> float:
    return random_.choice((0.0, 0.0, 0.1, 0.6))


def _categories(random_: random.Random) -> Any:
    words = random_.sample(_WORDS, random_.randrange(2, 6))
    weights = [random_.random() ** 2 + 0.05 for _ in words]
    return _some(random_, lambda: random_.choices(words, weights)[0], _share(random_))


def _numbers(random_: random.Random) -> Any:
    middle, width = random_.choice(((0.0, 1.0), (1000.0, 3.0), (-5.0, 0.01), (1e12, 1e9)))
    return _some(random_, lambda: random_.gauss(middle, width), _share(random_))


def _lists(random_: random.Random) -> Any:
    least = random_.choice((0, 1, 2))
    most = least + random_.choice((0, 1, 4))
    make: Any = (lambda: random_.randrange(100)) if random_.random() < 0.5 else (lambda: random_.choice(_WORDS[:4]))
    return _some(random_, lambda: [make() for _ in range(random_.randint(least, most))], random_.choice((0.0, 0.2)))


def _structs(random_: random.Random) -> Any:
    words = _WORDS[:3]
    return _some(random_, lambda: {"n": random_.randrange(50), "w": random_.choice(words)}, 0.0)


def _nested(random_: random.Random) -> Any:
    def make() -> list[list[int]]:
        return [[random_.randrange(9) for _ in range(random_.randint(1, 3))] for _ in range(random_.randint(1, 2))]

    return _some(random_, make, 0.0)


_START = dt.datetime(2024, 1, 1)

MAKERS: dict[str, Any] = {
    "category": _categories,
    "number": _numbers,
    "integer": lambda r: _some(r, lambda: r.randrange(-20, 500), _share(r)),
    "flag": lambda r: _some(r, lambda: r.random() < 0.3, _share(r)),
    "word": lambda r: _some(r, lambda: f"id-{r.randrange(10**6):06d}", _share(r)),
    "ratio": lambda r: _some(r, lambda: r.choice((0.0, 0.5, 1.0, r.random())), _share(r)),
    "moment": lambda r: _some(r, lambda: _START + dt.timedelta(seconds=r.randrange(10**6)), _share(r)),
    "list": _lists,
    "constant": lambda r: _some(r, lambda: 7, 0.0),
    "struct": _structs,
    "digits": lambda r: _some(r, lambda: str(r.randrange(30)), _share(r)),
    "decimal": lambda r: _some(r, lambda: f"{r.random():.2f}", 0.0),
    "nested": _nested,
    "bytes": lambda r: _some(r, lambda: bytes([r.randrange(128, 256) for _ in range(r.randrange(3))]), _share(r)),
    "wide": lambda r: _some(r, lambda: r.choice((2**53 + 1, -(2**62), 0, 5)), _share(r)),
}


def _floats(values: Values) -> bool:
    return any(isinstance(value, float) for value in values)


def _texts(values: Values) -> bool:
    return any(isinstance(value, str) for value in values)


def _integers(values: Values) -> bool:
    return any(type(value) is int for value in values)


def _somewhere(values: Values, random_: random.Random, share: float, make: Any) -> Values:
    return [make(value) if random_.random() < share else value for value in values]


def _only(fits: Any, make: Any) -> Any:
    return lambda values, random_, rows: make(values, random_, rows) if fits(values) else None


FAULTS: dict[str, Any] = {
    "new_column": lambda values, random_, rows: None,
    "dropped_column": lambda values, random_, rows: None,
    "nulls": lambda values, random_, rows: _somewhere(values, random_, 0.7, lambda _: None),
    "one_null": lambda values, random_, rows: [None, *values[1:]],
    "all_null": _only(lambda v: _floats(v) or _texts(v) or _integers(v), lambda v, r, n: [None] * n),
    "new_category": _only(_texts, lambda v, r, n: _somewhere(v, r, 0.3, lambda _: "atl")),
    "rare_category": _only(_texts, lambda v, r, n: ["zrh", *v[1:]]),
    "case_changed": _only(_texts, lambda v, r, n: _somewhere(v, r, 0.5, lambda t: t and t.upper())),
    "text_for_numbers": _only(_integers, lambda v, r, n: [None if x is None else f"n{x}" for x in v]),
    "numbers_for_text": _only(_texts, lambda v, r, n: [r.randrange(9) for _ in v]),
    "floats_for_integers": _only(_integers, lambda v, r, n: [None if x is None else float(x) + 0.5 for x in v]),
    "nan": _only(_floats, lambda v, r, n: _somewhere(v, r, 0.1, lambda _: math.nan)),
    "infinity": _only(_floats, lambda v, r, n: [math.inf, *v[1:]]),
    "minus_infinity": _only(_floats, lambda v, r, n: [-math.inf, math.inf, *v[2:]]),
    "too_big": _only(lambda v: _floats(v) or _integers(v), lambda v, r, n: [type(_first(v))(10**13), *v[1:]]),
    "too_small": _only(lambda v: _floats(v) or _integers(v), lambda v, r, n: [type(_first(v))(-(10**13)), *v[1:]]),
    "shifted": _only(_floats, lambda v, r, n: [None if x is None else x * 3 + 1 for x in v]),
    "one_value": _only(_texts, lambda v, r, n: [_first(v)] * n),
    "longer_lists": _only(
        lambda v: any(isinstance(x, list) for x in v),
        lambda v, r, n: [x + x + x if isinstance(x, list) and len(x) > 0 else x for x in v],
    ),
    "empty_lists": _only(
        lambda v: any(isinstance(x, list) for x in v), lambda v, r, n: _somewhere(v, r, 0.3, lambda _: [])
    ),
}  # fmt: skip


def _first(values: Values) -> Any:
    return next(value for value in values if value is not None)
