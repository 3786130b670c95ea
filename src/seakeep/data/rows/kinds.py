"""The kinds of a rule's parts: every operator and function is held to what it takes, before any row is read.

Integers and numbers mix; a text beside a timestamp is read as ISO 8601, in UTC; nothing else is converted. The result is a tree of
`Typed` parts, which `lowering` needs to know exact whole numbers from floating ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.rows.errors import BadRule
from seakeep.data.rows.patterns import checked_pattern
from seakeep.data.rows.tree import COMPARISONS, Call, Column, Node, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.data.rows.tree import Place

NUMBERS = (Kind.INTEGER, Kind.NUMBER)
LINES = (*NUMBERS, Kind.TIMESTAMP, Kind.DURATION)
COMPARABLE = (*LINES, Kind.STRING, Kind.BOOLEAN)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Typed:
    """A part of a rule, its kind, and its typed parts."""

    node: Node
    kind: Kind
    arguments: tuple[Typed, ...] = ()

    @property
    def place(self) -> Place:
        return self.node.place


@dataclass(frozen=True, slots=True)
class Function:
    """usage: how it is written. least, most: how many arguments; None for any number. takes: the kinds of each argument, the
    last of them for all that follow. gives: the kind of the answer, from the arguments'.
    """

    usage: str
    least: int
    most: int | None
    takes: tuple[tuple[Kind, ...], ...]
    gives: Callable[[tuple[Kind, ...]], Kind]


def _always(kind: Kind) -> Callable[[tuple[Kind, ...]], Kind]:
    return lambda _kinds: kind


def _joint(kinds: tuple[Kind, ...]) -> Kind:
    """The kind of several values of one family."""
    return Kind.NUMBER if Kind.NUMBER in kinds else kinds[0]


_ANY, _TEXT, _TIME = tuple(Kind), (Kind.STRING,), (Kind.TIMESTAMP,)
_IN_WORDS = (_TEXT, _TEXT)
FUNCTIONS: Mapping[str, Function] = {
    "is_missing": Function("is_missing(x)", 1, 1, (_ANY,), _always(Kind.BOOLEAN)),
    "length": Function(
        "length(text, list or bytes)", 1, 1, ((Kind.STRING, Kind.LIST, Kind.BINARY),), _always(Kind.INTEGER)
    ),
    "lower": Function("lower(text)", 1, 1, (_TEXT,), _always(Kind.STRING)),
    "upper": Function("upper(text)", 1, 1, (_TEXT,), _always(Kind.STRING)),
    "matches": Function('matches(text, "pattern")', 2, 2, _IN_WORDS, _always(Kind.BOOLEAN)),
    "starts_with": Function("starts_with(text, beginning)", 2, 2, _IN_WORDS, _always(Kind.BOOLEAN)),
    "ends_with": Function("ends_with(text, ending)", 2, 2, _IN_WORDS, _always(Kind.BOOLEAN)),
    "contains": Function("contains(text, part)", 2, 2, _IN_WORDS, _always(Kind.BOOLEAN)),
    "abs": Function("abs(number)", 1, 1, ((*NUMBERS, Kind.DURATION),), lambda kinds: _float(kinds[0])),
    "round": Function("round(number)", 1, 1, (NUMBERS,), _always(Kind.NUMBER)),
    "floor": Function("floor(number)", 1, 1, (NUMBERS,), _always(Kind.NUMBER)),
    "ceil": Function("ceil(number)", 1, 1, (NUMBERS,), _always(Kind.NUMBER)),
    "min": Function("min(a, b, …)", 2, None, (LINES,), _joint),
    "max": Function("max(a, b, …)", 2, None, (LINES,), _joint),
    "coalesce": Function("coalesce(a, b, …)", 2, None, (COMPARABLE,), _joint),
    "year": Function("year(time)", 1, 1, (_TIME,), _always(Kind.INTEGER)),
    "month": Function("month(time)", 1, 1, (_TIME,), _always(Kind.INTEGER)),
    "day": Function("day(time)", 1, 1, (_TIME,), _always(Kind.INTEGER)),
    "hour": Function("hour(time)", 1, 1, (_TIME,), _always(Kind.INTEGER)),
    "weekday": Function("weekday(time)", 1, 1, (_TIME,), _always(Kind.INTEGER)),
    "days_between": Function("days_between(earlier, later)", 2, 2, (_TIME, _TIME), _always(Kind.NUMBER)),
}
"""What rules may call. Those that take several values take them of one family (see `same_family`)."""
_ALIKE = ("min", "max", "coalesce")
DEEPEST_CHOICE = 4
"""How often `min`, `max` and `coalesce` may stand within each other: each looks at its parts several times."""


def typed(
    node: Node, kinds: Mapping[str, Kind], text: str, *, pattern_fault: Callable[[str], str] = checked_pattern
) -> Typed:
    """The tree with the kind of every part; `kinds`: of the columns. Raises BadRule, pointing at what does not fit.

    pattern_fault: why a pattern cannot be used, "" where it can.
    """
    if isinstance(node, Value):
        return Typed(node, node.kind)
    if isinstance(node, Column):
        if node.name not in kinds:
            raise BadRule.unknown_column(node.name, text, node.place, kinds)
        return Typed(node, kinds[node.name])
    parts = tuple(typed(argument, kinds, text, pattern_fault=pattern_fault) for argument in node.arguments)
    parts, kind = _Call(node, parts, text, pattern_fault).typed()
    return Typed(node, kind, parts)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call whose parts have their kinds already."""

    node: Call
    parts: tuple[Typed, ...]
    text: str
    pattern_fault: Callable[[str], str]

    def typed(self) -> tuple[tuple[Typed, ...], Kind]:
        name = self.node.name
        if name in ("and", "or", "not", "if"):
            return self._all_boolean()
        if name in COMPARISONS or name in ("in", "between"):
            return self._compared()
        if name in ("+", "-", "*", "/", "%", "negative"):
            return self._arithmetic()
        return self._function()

    def _all_boolean(self) -> tuple[tuple[Typed, ...], Kind]:
        for part in self.parts:
            if part.kind is not Kind.BOOLEAN:
                found = f"{self.node.name!r} joins what is true or false; this is {a(part.kind)}"
                raise BadRule.kinds(found, self.text, part.place, fix="Compare it with something: x > 0.")
        return self.parts, Kind.BOOLEAN

    def _compared(self) -> tuple[tuple[Typed, ...], Kind]:
        parts = self._as_times(self.parts)
        ordered = self.node.name not in ("=", "!=", "in")
        if ordered and parts[0].kind is Kind.BOOLEAN:
            found = f"true and false have no order, so {self.node.name!r} says nothing of them"
            raise BadRule.kinds(found, self.text, self.node.place, fix="Write the column alone, or: not x.")
        return self._alike(parts), Kind.BOOLEAN

    def _alike(self, parts: tuple[Typed, ...]) -> tuple[Typed, ...]:
        """The parts, all of one family that can be compared."""
        first = parts[0]
        for part in parts:
            if part.kind not in COMPARABLE:
                found = f"{a(part.kind)} cannot be compared"
                raise BadRule.kinds(found, self.text, part.place, fix="Ask is_missing(x) or length(x) of it.")
            if not same_family(first.kind, part.kind):
                found = f"{a(first.kind)} is compared with {a(part.kind)}"
                raise BadRule.kinds(found, self.text, part.place, fix=_converting(first.kind, part.kind))
        return parts

    def _as_times(self, parts: tuple[Typed, ...]) -> tuple[Typed, ...]:
        """The parts; texts among them are read as timestamps where another part is one."""
        if not any(part.kind is Kind.TIMESTAMP for part in parts):
            return parts
        return tuple(self._as_time(part) for part in parts)

    def _as_time(self, part: Typed) -> Typed:
        node = part.node
        if not isinstance(node, Value) or not isinstance(node.value, str):
            return part
        microseconds = moment(node.value)
        if microseconds is None:
            raise BadRule.moment(node.value, self.text, node.place)
        return Typed(Value(microseconds, Kind.TIMESTAMP, node.place), Kind.TIMESTAMP)

    def _arithmetic(self) -> tuple[tuple[Typed, ...], Kind]:
        parts = self._as_times(self.parts) if self.node.name == "-" else self.parts
        families = tuple(Kind.NUMBER if part.kind in NUMBERS else part.kind for part in parts)
        kind = _ARITHMETIC.get((self.node.name, *families))
        if kind is None:
            told = " and ".join(a(part.kind) for part in parts)
            found = f"{self.node.name.replace('negative', '-')!r} is not defined for {told}"
            fix = "Numbers go with numbers; a timestamp takes a length of time, as in departed + 2h."
            raise BadRule.kinds(found, self.text, self.node.place, fix=fix)
        return parts, kind

    def _function(self) -> tuple[tuple[Typed, ...], Kind]:
        name, count = self.node.name, len(self.parts)
        function = FUNCTIONS.get(name)
        if function is None:
            place = (self.node.place[0], self.node.place[0] + len(name))
            raise BadRule.unknown_function(name, self.text, place, FUNCTIONS)
        if count < function.least or (function.most is not None and count > function.most):
            raise BadRule.arguments(name, function.usage, self.text, self.node.place, count=count)
        timed = name in _ALIKE or _TIME in function.takes
        parts = tuple(map(self._as_time, self.parts)) if function.takes[0] == _TIME else self.parts
        parts = self._as_times(parts) if timed else parts
        for number, part in enumerate(parts):
            self._check_taken(function, number, part)
        if name in _ALIKE:
            self._alike(parts)
            self._check_depth()
        if name == "matches":
            self._check_pattern(parts[1])
        return parts, function.gives(tuple(part.kind for part in parts))

    def _check_depth(self) -> None:
        if _choices(self.node) > DEEPEST_CHOICE:
            raise BadRule.too_deep(self.text, self.node.place, DEEPEST_CHOICE)

    def _check_taken(self, function: Function, number: int, part: Typed) -> None:
        takes = function.takes[min(number, len(function.takes) - 1)]
        if part.kind not in takes:
            wanted = " or ".join(kind.value for kind in takes)
            found = f"{self.node.name} takes {wanted} here; this is {a(part.kind)}"
            raise BadRule.kinds(found, self.text, part.place, fix=f"Write {function.usage}.")

    def _check_pattern(self, part: Typed) -> None:
        node = part.node
        if not isinstance(node, Value):
            found = "the pattern of matches is written out as text, not taken from a column"
            raise BadRule.kinds(found, self.text, part.place, fix='Write matches(code, "[A-Z]{3}").')
        reason = self.pattern_fault(str(node.value))
        if reason:
            raise BadRule.pattern(str(node.value), reason, self.text, node.place)


def _choices(node: Node) -> int:
    """How many of _ALIKE stand within each other."""
    if not isinstance(node, Call):
        return 0
    return (node.name in _ALIKE) + max(map(_choices, node.arguments), default=0)


def same_family(first: Kind, second: Kind) -> bool:
    """Whether values of the two kinds can be compared: of one kind, or both numbers."""
    return first is second or (first in NUMBERS and second in NUMBERS)


def moment(text: str) -> int | None:
    """Microseconds since 1970 UTC of an ISO 8601 date or time, in UTC where it names no zone; None where it is none.

    >>> moment("1970-01-02"), moment("1970-01-01T01:00:00+01:00"), moment("tomorrow")
    (86400000000, 0, None)
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH) // _EPOCH.resolution


def a(kind: Kind) -> str:
    """A kind with its article: "an integer", "a string"."""
    return f"{'an' if kind is Kind.INTEGER else 'a'} {kind.value}"


def _float(kind: Kind) -> Kind:
    return kind if kind is Kind.DURATION else Kind.NUMBER


def _converting(first: Kind, second: Kind) -> str:
    kinds = {first, second}
    if Kind.STRING in kinds and kinds & set(NUMBERS):
        return "Write the number without quotes; if the column is text, write the value in quotes."
    if Kind.DURATION in kinds and kinds & set(NUMBERS):
        return "Give the number a unit, as in 2h, or divide the length of time by one: (b - a) / 1h."
    return "Compare what is of one kind."


_N, _T, _D = Kind.NUMBER, Kind.TIMESTAMP, Kind.DURATION
_ARITHMETIC: dict[tuple[str | Kind, ...], Kind] = {
    **{(sign, _N, _N): _N for sign in "+-*/%"},
    ("negative", _N): _N,
    ("negative", _D): _D,
    ("+", _T, _D): _T,
    ("+", _D, _T): _T,
    ("-", _T, _D): _T,
    ("-", _T, _T): _D,
    ("+", _D, _D): _D,
    ("-", _D, _D): _D,
    ("*", _D, _N): _D,
    ("*", _N, _D): _D,
    ("/", _D, _N): _D,
    ("/", _D, _D): _N,
}
