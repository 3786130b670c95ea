"""Contracts as Hypothesis draws them: every field, at every depth, and none that contradicts itself."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, Kind, RowRule, Schema
from seakeep.data.contract.contradictions import contradictions
from seakeep.data.rows.tree import Call, Column, canonical

TRICKY = [
    "no",
    "1",
    "1.5",
    "null",
    "~",
    "",
    " x ",
    "a: b",
    "#",
    "- a",
    "2013-01-01",
    "é",
    "\n",
    "\x00",
    "🛬",
    "'",
    '"',
    "\\",
    "<<",
]
TEXT = st.text(max_size=12) | st.sampled_from(TRICKY)
SHARES = st.floats(0, 1)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
VALUES = {
    Kind.STRING: TEXT,
    Kind.INTEGER: st.integers(-(2**63), 2**63),
    Kind.BOOLEAN: st.booleans(),
}
DISTANCES = {
    Kind.STRING: ["jensen_shannon", "l_infinity", "missing_rate", "psi"],
    Kind.NUMBER: ["kolmogorov_smirnov", "missing_rate", "psi", "wasserstein"],
    Kind.TIMESTAMP: ["kolmogorov_smirnov"],
}
SEMANTICS = {
    Kind.STRING: ["", "url", "natural_language"],
    Kind.BINARY: ["", "image"],
    Kind.INTEGER: ["", "categorical"],
}
COUNTED = {Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.STRING, Kind.TIMESTAMP, Kind.DURATION}
PATTERNS = ["", ".*", r"(?s).*", r"(?s)(?:a|\d+|'|[^x])*.*"]
ENVIRONMENTS = ["training", "serving", "batch"]
LIMITS = st.tuples(st.none() | st.integers(0, 10), st.none() | st.integers(10, 10**9))


@st.composite
def column_schemas(draw, *, depth: int = 2, top: bool = True):
    """A column's contract; lists and structs hold others, `depth` levels deep."""
    kind = draw(st.sampled_from(Kind))
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    values = draw(st.none() | st.lists(VALUES[kind], max_size=60).map(tuple)) if kind in VALUES else None
    free = values is None
    length = draw(LIMITS) if free and kind in (Kind.STRING, Kind.BINARY, Kind.LIST) else (None, None)
    distinct = draw(LIMITS) if free and kind in COUNTED else (None, None)
    inner = column_schemas(depth=depth - 1, top=False)
    nested = {
        "items": draw(st.none() | inner) if kind is Kind.LIST and depth else None,
        "fields": draw(st.dictionaries(TEXT, inner, max_size=2)) if kind is Kind.STRUCT and depth else {},
    }
    deprecated = draw(TEXT) if top and draw(st.booleans()) else ""
    return ColumnSchema(
        kind,
        required=draw(st.booleans()) if top and not deprecated else not deprecated,
        missing_at_most=draw(SHARES),
        values=values,
        others_at_most=draw(SHARES),
        minimum=low if free and kind.is_numeric and draw(st.booleans()) else None,
        maximum=high if free and kind.is_numeric and draw(st.booleans()) else None,
        infinite=draw(st.booleans()),
        unique=draw(st.booleans()),
        present_at_least=draw(st.integers(0, 5)),
        length_at_least=length[0],
        length_at_most=length[1],
        nan=draw(st.sampled_from(["missing", "allowed", "refused"])) if kind is Kind.NUMBER else "missing",
        distinct_at_least=distinct[0],
        distinct_at_most=distinct[1],
        pattern=draw(st.sampled_from(PATTERNS)) if free and kind is Kind.STRING else "",
        semantics=draw(st.sampled_from(SEMANTICS.get(kind, [""]))),
        drift=draw(_thresholds(kind)),
        skew=draw(_thresholds(kind)),
        deprecated=deprecated,
        sensitive=draw(st.sampled_from(_ways(kind))) if top else "",
        note=draw(TEXT),
        **nested,
        **(draw(_places()) if top else {}),
    )


def _ways(kind):
    return ["", "drop", "hash"] if kind in (Kind.STRING, Kind.INTEGER) else ["", "drop"]


@st.composite
def _thresholds(draw, kind):
    names = draw(st.lists(st.sampled_from(DISTANCES.get(kind, ["missing_rate"])), unique=True, max_size=2))
    return {name: draw(st.floats(0, 1e300)) for name in names}


@st.composite
def _places(draw):
    named = draw(st.lists(st.sampled_from(ENVIRONMENTS), unique=True))
    cut = draw(st.integers(0, len(named)))
    in_ = tuple(named[:cut])
    available = draw(st.sampled_from(["before", "after"]))
    return {"in_": in_, "not_in": tuple(named[cut:]), "available": "before" if "serving" in in_ else available}


@st.composite
def row_rules(draw, columns: list[str]):
    """A rule over these columns."""
    common = {"broken_at_most": draw(SHARES), "not_in": draw(st.sampled_from([(), ("batch",)])), "note": draw(TEXT)}
    if draw(st.booleans()):
        holds = canonical(Call("is_missing", (Column(draw(st.sampled_from(columns))),)))
        return RowRule(draw(TEXT), holds=draw(st.sampled_from([holds, f"not({holds})", f"  {holds}"])), **common)
    refers = tuple(draw(st.lists(st.sampled_from(columns), min_size=1, max_size=3)))
    by = tuple(draw(TEXT.filter(bool)) for _ in refers)
    return RowRule(draw(TEXT), refers=refers, to=draw(TEXT.filter(bool)), by=by, **common)


@st.composite
def schemas(draw):
    """A contract that contradicts itself nowhere."""
    columns = draw(st.dictionaries(TEXT, column_schemas(), max_size=4))
    roles = [draw(st.none() | st.sampled_from(sorted(columns))) if columns else None for _ in range(3)]
    growth = draw(st.tuples(st.none() | st.floats(0, 1), st.none() | st.floats(1, 1e300)))
    rules = draw(st.lists(row_rules(sorted(columns)), max_size=3, unique_by=lambda rule: rule.name)) if columns else []
    schema = Schema(
        draw(TEXT),
        columns,
        *roles,
        rows_at_least=draw(st.integers(0, 10)),
        rows_at_most=draw(st.none() | st.integers(10, 10**9)),
        growth_at_least=growth[0],
        growth_at_most=growth[1],
        environments=("batch",),
        default_in=draw(st.sampled_from([(), ("training",), ("training", "batch")])),
        rules=tuple(rules),
    )
    if any(contradictions(schema)):
        schema = Schema(schema.name, columns, environments=("batch",), rules=tuple(rules))
    assume(not any(contradictions(schema)))
    return schema
