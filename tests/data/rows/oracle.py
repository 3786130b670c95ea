"""Row rules in plain Python, value by value: what tests hold the Polars expressions to. It shares no code with seakeep.

A rule is a tuple (operation, kind, parts…); `text` writes it, `answer` gives its value for one row: None where it is missing.
Kinds: I whole numbers, N floating numbers, S text, B booleans, T timestamps and D durations in microseconds.
"""

from __future__ import annotations

import json
import math
import re

import numpy as np
from hypothesis import strategies as st

LIMIT = 1 << 63
COLUMNS = {"i": "I", "small": "I", "wide": "I", "f": "N", "odd name": "N", "s": "S", "cat": "S", "b": "B", "late": "B"}
COLUMNS |= {"at": "T", "day": "T", "zoned": "T", "d": "D", "clock": "D"}
TEXTS = ["", "a", "A", "ab", "Ab b", "é", "Éa", "aé ", "1", 'q"', "b\\", "JFK", "jfk"]
PATTERNS = ["a.*", "[A-Z]{3}", "", "a|b", r"\w+ ?b?", "(?i)jfk"]


def text(rule) -> str:
    """The rule, every operation in brackets."""
    name, kind, *parts = rule
    if name == "column":
        return f"`{parts[0]}`" if " " in parts[0] else parts[0]
    if name == "value":
        return value_text(kind, parts[0])
    told = [text(part) for part in parts]
    if name == "if":
        return f"(if {told[0]} then {told[1]})"
    if name in ("and", "or"):
        return "(" + f" {name} ".join(told) + ")"
    if name in ("not", "-1"):
        return f"({'not ' if name == 'not' else '-'}{told[0]})"
    if name == "in":
        return f"({told[0]} in ({', '.join(told[1:])}))"
    if name == "between":
        return f"({told[0]} between {told[1]} and {told[2]})"
    if re.fullmatch(r"[a-z_]+", name):
        return f"{name}({', '.join(told)})"
    return f"({told[0]}{name}{told[1]})"


def value_text(kind, value) -> str:
    if kind == "S":
        return json.dumps(value, ensure_ascii=False)
    if kind == "B":
        return str(value).lower()
    if kind == "D":
        return f"{value // 1_000_000}.{value % 1_000_000:06}s"
    if kind == "T":
        return f'"{np.datetime64(value, "us")}"'
    return repr(value)


def answer(rule, row):
    """The rule's value for a row, by column name."""
    name, kind, *parts = rule
    if name == "column":
        return plain(row[parts[0]])
    if name == "value":
        return parts[0]
    if name in ("and", "or", "not", "if"):
        return logic(name, [answer(part, row) for part in parts])
    kinds = [part[1] for part in parts]
    given = [answer(part, row) for part in parts]
    if name == "is_missing":
        return given[0] is None
    if name == "coalesce":
        found = next((each for each in given if each is not None), None)
        return found if found is None or kind != "N" else float(found)
    if name == "between":
        low = compare(">=", given[:2], kinds[:2])
        return logic("and", [low, compare("<=", [given[0], given[2]], [kinds[0], kinds[2]])])
    if name == "in" and given[0] is not None:
        return any(compare("=", [given[0], each], kinds) for each in given[1:])
    if any(each is None for each in given):
        return None
    if name in SIGNS:
        return compare(name, given, kinds)
    return whole(compute(name, kind, given, kinds), kind)


def plain(value):
    return None if isinstance(value, float) and math.isnan(value) else value


def logic(name, given):
    if name == "not":
        return None if given[0] is None else not given[0]
    if name == "if":
        name, given = "or", [logic("not", given[:1]), given[1]]
    decided = name == "or"
    if decided in given:
        return decided
    return None if None in given else not decided


SIGNS = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def compare(sign, given, kinds):
    if None in given:
        return None
    if "N" in kinds:
        given = [float(each) for each in given]
    return SIGNS[sign](*given)


def compute(name, kind, given, kinds):
    first, second = given[0], given[-1]
    if name in TEXTUAL:
        return TEXTUAL[name](*given)
    if name in CLOCK:
        return CLOCK[name](np.datetime64(first, "us"))
    if name == "days_between":
        return float(second - first) / 86_400_000_000
    if name in ("min", "max"):
        return {"min": min, "max": max}[name](float(each) if kind == "N" else each for each in given)
    if "T" in kinds or (kinds == ["D", "D"] and name in "+-"):
        return {"+": first + second, "-": first - second}[name]
    if kinds == ["D"]:
        return {"-1": -first, "abs": abs(first)}[name]
    with np.errstate(all="ignore"):
        return ARITHMETIC[name](*(np.float64(each) for each in given))


def remainder(a, b):
    if b == 0 or math.isinf(a) or math.isinf(b):
        return math.nan
    return a - np.floor(a / b) * b


ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else math.nan,
    "%": remainder,
    "-1": lambda a: -a,
    "abs": abs,
    "round": np.rint,
    "floor": np.floor,
    "ceil": np.ceil,
}
TEXTUAL = {
    "length": len,
    "lower": str.lower,
    "upper": str.upper,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": lambda value, part: part in value,
    "matches": lambda value, pattern: re.fullmatch(pattern, value) is not None,
}
CLOCK = {
    "year": lambda at: int(at.astype("datetime64[Y]").astype(int)) + 1970,
    "month": lambda at: int(at.astype("datetime64[M]").astype(int)) % 12 + 1,
    "day": lambda at: (
        int((at.astype("datetime64[D]") - at.astype("datetime64[M]").astype("datetime64[D]")).astype(int)) + 1
    ),
    "hour": lambda at: int(at.astype("datetime64[h]").astype(int)) % 24,
    "weekday": lambda at: (int(at.astype("datetime64[D]").astype(int)) + 3) % 7 + 1,
}


def whole(value, kind):
    """The value in its kind; missing where it has none."""
    if kind in "TD":
        if isinstance(value, float):
            value = None if math.isnan(value) or not -LIMIT <= value < LIMIT else int(np.rint(value))
        return None if value is None or not -LIMIT <= value < LIMIT else value
    return plain(float(value)) if kind == "N" else value


def column(kind):
    return st.sampled_from([("column", kind, name) for name, each in COLUMNS.items() if each == kind])


VALUES = {
    "I": st.integers(0, 3) | st.sampled_from([(1 << 53) + 1, LIMIT - 1]),
    "N": st.sampled_from([0.0, 0.5, 1.5, 2.5, 1e300]) | st.floats(0, 1e6),
    "S": st.sampled_from(TEXTS),
    "B": st.booleans(),
    "T": st.integers(-(10**15), 10**15),
    "D": st.integers(0, 10**13),
}


def made(kind, depth):
    """Rules of a kind, up to `depth` operations within each other."""
    leaf = column(kind) | VALUES[kind].map(lambda value: ("value", kind, value)) if kind != "T" else column(kind)
    if depth == 0:
        return leaf

    def of(*kinds):
        return [made(each, depth - 1) for each in kinds]

    def call(names, *kinds):
        return st.tuples(st.sampled_from(names), st.just(kind), *of(*kinds))

    number = st.sampled_from(["I", "N"]).flatmap(lambda each: made(each, depth - 1))
    family = {"I": made("I", depth - 1), "N": number}.get(kind, made(kind, depth - 1) if kind in "TDSB" else None)
    both = st.tuples(st.just("coalesce"), st.just(kind), made(kind, depth - 1), family)
    if kind == "B":
        return leaf | both | truths(depth, call, number)
    if kind == "N":
        two = st.tuples(st.sampled_from(list("+-*/%")), st.just("N"), number, number)
        one = st.tuples(st.sampled_from(["-1", "abs", "round", "floor", "ceil"]), st.just("N"), number)
        least = st.tuples(st.sampled_from(["min", "max"]), st.just("N"), made("N", depth - 1), number)
        return leaf | both | two | one | least | call(["/"], "D", "D") | call(["days_between"], "T", "T")
    if kind == "I":
        return leaf | both | call(["length"], "S") | call(["min", "max"], "I", "I") | call(list(CLOCK), "T")
    if kind == "S":
        return leaf | both | call(["lower", "upper"], "S")
    if kind == "T":
        return leaf | both | call(["+", "-"], "T", "D") | call(["+"], "D", "T") | call(["min", "max"], "T", "T")
    scaled = st.tuples(st.sampled_from("*/"), st.just("D"), made("D", depth - 1), number)
    turned = st.tuples(st.just("*"), st.just("D"), number, made("D", depth - 1))
    return leaf | both | call(["-"], "T", "T") | call(["+", "-"], "D", "D") | call(["-1", "abs"], "D") | scaled | turned


def truths(depth, call, number):
    """Rules that are true or false, other than a column."""
    signs = st.sampled_from(list(SIGNS))
    compared = [st.tuples(signs, st.just("B"), made(each, depth - 1), made(each, depth - 1)) for each in "STD"]
    dated = st.tuples(signs, st.just("B"), made("T", depth - 1), VALUES["T"].map(lambda value: ("value", "T", value)))
    numbers = st.tuples(signs, st.just("B"), number, number)
    between = st.tuples(st.just("between"), st.just("B"), number, number, number)
    several = st.lists(made("B", depth - 1), min_size=2, max_size=3)
    joined = st.tuples(st.sampled_from(["and", "or"]), several).map(lambda found: (found[0], "B", *found[1]))
    words = call(["contains", "starts_with", "ends_with"], "S", "S")
    matched = st.tuples(made("S", depth - 1), st.sampled_from(PATTERNS))
    matches = matched.map(lambda found: ("matches", "B", found[0], ("value", "S", found[1])))
    missing = st.sampled_from("INSBTD").flatmap(lambda each: call(["is_missing"], each))
    logical = joined | call(["not"], "B") | call(["if"], "B", "B") | call(["=", "!="], "B", "B")
    return logical | dated | numbers | between | words | matches | missing | listed(depth) | st.one_of(compared)


def listed(depth):
    def of(kind):
        values = st.lists(VALUES[kind].map(lambda value: ("value", kind, value)), min_size=1, max_size=5)
        return st.tuples(made(kind, depth - 1), values).map(lambda found: ("in", "B", found[0], *found[1]))

    return st.sampled_from("INSBD").flatmap(of)


def mentions(rule) -> bool:
    """Whether a rule names a column."""
    return rule[0] == "column" or (rule[0] != "value" and any(mentions(part) for part in rule[2:]))
