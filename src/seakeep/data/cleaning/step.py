"""Cleaning steps: what may be done to a table, declared in one line of text that stands in files, records and digests.

One file in `steps` is one step; its name is the step's. A step is a frozen dataclass `Step`, read from and written as one line
of YAML: `set_missing: {columns: [age], values: [-1]}`. What it does is one of four things: it gives columns new values
(`rewritten`), keeps some rows (`kept`), drops columns (`dropped`), or drops rows that repeat others (`repeated`).
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from seakeep.core import plugins
from seakeep.core.codec import BadDocument, Json, from_plain, to_plain
from seakeep.data.cleaning.errors import BadCleaning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

GROUP = "data.cleaning.steps"
_COMMON = ("at_most", "requests")
_LISTS = ("columns", "by", "values", "formats", "levels", "spelt_true", "spelt_false", "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """What every step has.

    at_most: the largest share of rows (0 to 1) that it may change; if more, the report fails, since then something new is
    wrong upstream. requests: "cleaned" states that requests and tables to be scored arrive with this cleaning done, which a step
    must say that changes a feature.
    """

    at_most: float = 1.0
    requests: Literal["", "cleaned"] = ""

    @property
    def name(self) -> str:
        """The step's name: that of its file."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def text(self) -> str:
        """The step as one line, as it is declared; what has its default is left out."""
        defaults = {each.name: to_plain(_default(each)) for each in dataclasses.fields(self)}
        plain = {name: value for name, value in _fields(self).items() if value != defaults[name]}
        inside = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in plain.items())
        return f"{self.name}: {{{inside}}}"

    def __str__(self) -> str:
        return self.text

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that the table must have."""
        return tuple(getattr(self, "columns", ()))

    @property
    def changes(self) -> tuple[str, ...]:
        """Columns whose values it changes."""
        return ()

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:  # noqa: ARG002  (for those that have any)
        """New values by column, row by row. Raises BadCleaning, for a column of another type."""
        return {}

    def kept(self) -> pl.Expr | None:
        """Which rows stay, row by row; None for all."""
        return None

    def dropped(self) -> tuple[str, ...]:
        """Columns left out."""
        return ()

    def repeated(self, types: Mapping[str, pl.DataType]) -> tuple[str, ...]:  # noqa: ARG002
        """Columns by which rows repeat others and are dropped, the first of each kept; none for no such step."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting(Cleaning):
    """A step that gives the named columns new values."""

    columns: tuple[str, ...]

    @property
    def changes(self) -> tuple[str, ...]:
        """The columns."""
        return self.columns


def step(name: str, **options: Any) -> Cleaning:
    """The step `name` with these options. Raises UsageError, for an unknown step; BadCleaning, for an option.

    >>> step("set_missing", columns=["age"], values=[-1]).text
    'set_missing: {columns: ["age"], values: [-1]}'
    """
    kind: Any = plugins.load(GROUP, name).Step
    fields = {each.name: each for each in dataclasses.fields(kind)}
    for option in options:
        if option not in fields:
            raise BadCleaning.unknown_option(name, option, fields)
    for option, each in fields.items():
        if option not in options and each.default is dataclasses.MISSING is each.default_factory:
            raise BadCleaning.absent_option(name, option, kind.EXAMPLE)
    plain = {option: _listed(option, value) for option, value in options.items()}
    try:
        made = cast("Cleaning", from_plain(kind, to_plain(plain), path=name))
    except (BadDocument, TypeError) as error:
        raise BadCleaning.wrong_option(name, str(getattr(error, "found", error)), kind.EXAMPLE) from error
    if not 0 <= made.at_most <= 1:
        raise BadCleaning.wrong_option(name, f"at_most is {made.at_most}, expected a share of 0 to 1", kind.EXAMPLE)
    check = getattr(made, "check", None)
    if check is not None and (wrong := check()):
        raise BadCleaning.wrong_option(name, wrong, kind.EXAMPLE)
    return made


def declared(steps: Sequence[str | Cleaning]) -> tuple[Cleaning, ...]:
    """Steps given as text or as they are. Raises BadCleaning, UsageError."""
    if isinstance(steps, str) or not hasattr(steps, "__iter__"):
        raise BadCleaning.no_list(steps)
    return tuple(each if isinstance(each, Cleaning) else from_text(each) for each in steps)


def from_text(text: object) -> Cleaning:
    """The step in one line of text."""
    from seakeep.data.cleaning.files import parsed_step

    return parsed_step(text)


def _fields(made: Cleaning) -> dict[str, Json]:
    """Options in the order they are read best: own ones first."""
    names = [each.name for each in dataclasses.fields(made)]
    return {
        name: to_plain(getattr(made, name)) for name in (*(each for each in names if each not in _COMMON), *_COMMON)
    }


def _listed(option: str, value: Any) -> Any:
    """One value stands for a list of one where a list is expected."""
    if option in _LISTS and not isinstance(value, list | tuple):
        return [value]
    return list(value) if isinstance(value, tuple) else value


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default
