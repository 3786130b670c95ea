"""Row rules of a contract: read from YAML nodes, and refused where an expression cannot be read or does not fit the columns.

Called by `reading`, and by `writing` for contracts that were made in Python. What an expression may say is decided by data.rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.schema import RowRule
from seakeep.data.contract.errors import BadContract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.schema import ColumnSchema
    from seakeep.data.contract.nodes import Place

RULE_KEYS = RowRule.__slots__[1:]


def read_rules(place: Place, columns: Mapping[str, ColumnSchema], known: tuple[str, ...]) -> tuple[RowRule, ...]:
    """The rules below `rules`. known: the environments that a rule may name. Raises BadContract, at the line."""
    return tuple(_rule(name, rule, columns, known) for name, rule in place.keys(None).items())


def _rule(name: str, place: Place, columns: Mapping[str, ColumnSchema], known: tuple[str, ...]) -> RowRule:
    fields = place.keys(RULE_KEYS)
    if "refers" in fields:
        refers = fields["refers"]
        for item in refers.items() if refers.is_list else (refers,):
            item.choice(columns)
    return RowRule(
        name,
        holds=_holds(name, fields["holds"], columns) if "holds" in fields else "",
        refers=_names(fields.get("refers")),
        to=fields["to"].text() if "to" in fields else "",
        by=_names(fields.get("by")),
        broken_at_most=fields["broken_at_most"].share() if "broken_at_most" in fields else 0.0,
        not_in=environments(fields["not_in"], known) if "not_in" in fields else (),
        note=fields["note"].text() if "note" in fields else "",
    )


def _holds(name: str, place: Place, columns: Mapping[str, ColumnSchema]) -> str:
    text = place.text()
    refuse_rule(name, text, columns, place.where)
    return text


def refuse_rule(name: str, holds: str, columns: Mapping[str, ColumnSchema], where: str) -> None:
    """Raise BadContract, if a rule's expression cannot be read, or does not fit the contract's columns."""
    from seakeep.data.rows.errors import BadRule
    from seakeep.data.rows.expression import Expression

    try:
        Expression.of(holds).typed({name: column.kind for name, column in columns.items()})
    except BadRule as error:
        raise BadContract.rule(name, error, where) from error


def _names(place: Place | None) -> tuple[str, ...]:
    return () if place is None else place.texts()


def environments(place: Place, known: tuple[str, ...]) -> tuple[str, ...]:
    """One environment or a list of them, each of the known ones."""
    return tuple(item.choice(known) for item in (place.items() if place.is_list else (place,)))
