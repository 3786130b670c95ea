"""What an expression must be to enter a dataset: row-wise, and the same text on every machine.

Called by data.steps. Python functions are refused, since their text says nothing of what they do, and so is whatever looks at
other rows, since a table is read in pieces. What is hard: Polars answers for an expression's root alone; asked for the
whole, it takes `x - x.mean()` for row-wise.
"""

from __future__ import annotations

import polars as pl

from seakeep.core.errors import UsageError
from seakeep.data.errors import BadStep


def text_of(name: str, expression: object) -> str:
    """The expression's complete text. Raises BadStep, if it is not row-wise or calls Python; UsageError, if it is none."""
    if not isinstance(expression, pl.Expr):
        raise UsageError(
            f"{name} must be a Polars expression, found {expression!r}",
            fix="For example: polars.col('arr_delay') > 15",
            name=name,
            value=expression,
        )
    text: str = expression.meta.serialize(format="json")
    if '"AnonymousFunction":' in text or '"PythonUdf":' in text:
        raise BadStep.python_function(name)
    if not _is_row_wise(expression):
        raise BadStep.looks_at_other_rows(name, str(expression))
    return text


def _is_row_wise(expression: pl.Expr) -> bool:
    """Whether every part gives each row a value from that row alone. What Polars cannot tell (list.eval) counts as not."""
    meta = expression.meta
    try:
        alone = meta.is_row_separable() and (meta.is_length_preserving() or meta.is_scalar())
    except pl.exceptions.PolarsError:
        return False
    return alone and all(_is_row_wise(part) for part in meta.pop())
