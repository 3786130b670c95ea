"""The domain of a TFX feature as rules of a column: values, bounds, NaN, patterns of numbers that are text.

Called by schema_in for each domain that states a rule. What a kind of ours cannot keep is put on the list of what was lost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from seakeep.core.kinds import Kind
from seakeep.integrations._tfx.carried import Lost
from seakeep.integrations._tfx.errors import BadProto
from seakeep.integrations._tfx.narrow import shortest

if TYPE_CHECKING:
    from seakeep.core.schema import ColumnSchema, Semantics

WHOLE, DECIMAL = r"\s*[+-]?\d+\s*", r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*|\s*[+-]?(inf|infinity|nan)\s*"


class Domains:
    """Reads domains. where: the file; lost: the list that is added to."""

    def __init__(self, where: str, lost: list[Lost]) -> None:
        self.where, self.lost = where, lost

    def integers(self, column: ColumnSchema, domain: Any, path: tuple[str, ...]) -> ColumnSchema:
        """Whole numbers with bounds, or text of them."""
        low, high = (getattr(domain, end) if domain.HasField(end) else None for end in ("min", "max"))
        self._ordered(low, high, path)
        if column.kind is Kind.STRING:
            self._text_bounds(low, high, path)
            return replace(column, pattern=WHOLE)
        if not column.kind.is_numeric:
            if column.kind is not Kind.BOOLEAN:
                why = f"A column of kind {column.kind.value} has no bounds."
                self.lost.append(Lost(".".join(path), f"bounds {low} to {high}", why))
            return column
        semantics: Semantics = "categorical" if domain.is_categorical and column.kind is Kind.INTEGER else ""
        return replace(column, minimum=low, maximum=high, semantics=semantics)

    def floats(self, column: ColumnSchema, domain: Any, path: tuple[str, ...]) -> ColumnSchema:
        """Numbers with bounds, and what of NaN and infinite values; or text of them."""
        low, high = (shortest(getattr(domain, end)) if domain.HasField(end) else None for end in ("min", "max"))
        self._ordered(low, high, path)
        if column.kind is Kind.STRING:
            self._text_bounds(low, high, path)
            return replace(column, pattern=DECIMAL)
        if column.kind is not Kind.NUMBER:
            return replace(column, minimum=low, maximum=high) if column.kind is Kind.INTEGER else column
        infinite = not domain.disallow_inf and (low is None or high is None)  # infinite values break bounds, too
        if infinite and (low is not None or high is not None):
            end, value = ("maximum", "inf") if high is not None else ("minimum", "-inf")
            self.lost.append(
                Lost(".".join(path), f"{value} beyond the {end}", "Infinite values are allowed or not, both of them.")
            )
        nan: Literal["refused", "allowed"] = "refused" if domain.disallow_nan else "allowed"
        return replace(column, minimum=low, maximum=high, nan=nan, infinite=infinite)

    def _text_bounds(self, low: object, high: object, path: tuple[str, ...]) -> None:
        if low is not None or high is not None:
            self.lost.append(
                Lost(
                    ".".join(path),
                    f"bounds {low} to {high}",
                    "The column is text of numbers; convert it on reading, and bound it.",
                    "notimpl",
                )
            )

    def _ordered(self, low: Any, high: Any, path: tuple[str, ...]) -> None:
        if low is not None and high is not None and low > high:
            raise BadProto.contradiction(
                f"{self.where}, feature {'.'.join(path)!r}", f"its min {low} is above its max {high}"
            )

    def strings(self, column: ColumnSchema, domain: Any, path: tuple[str, ...]) -> ColumnSchema:
        """A list of values."""
        values = tuple(dict.fromkeys(domain.value))
        if column.kind is not Kind.STRING:
            self.lost.append(
                Lost(
                    ".".join(path),
                    f"{len(values)} values",
                    f"A column of kind {column.kind.value} has no list of text.",
                )
            )
            return column
        return replace(column, values=values)

    def booleans(self, column: ColumnSchema, domain: Any, path: tuple[str, ...]) -> ColumnSchema:
        """Two values: of text, or 0 and 1."""
        texts = tuple(text for text in (domain.true_value, domain.false_value) if text)
        if column.kind is Kind.STRING and texts:
            return replace(column, values=texts)
        if column.kind is Kind.INTEGER:
            return replace(column, values=(0, 1))
        if column.kind is Kind.NUMBER:
            self.lost.append(
                Lost(
                    ".".join(path),
                    "the values 0 and 1 alone",
                    "Numbers have bounds here and no list of values.",
                    "notimpl",
                )
            )
            return replace(column, minimum=0.0, maximum=1.0)
        return column

    def image(self, column: ColumnSchema, domain: Any, path: tuple[str, ...]) -> ColumnSchema:
        """Bytes of images, and how many."""
        del path
        most = domain.max_image_byte_size if domain.HasField("max_image_byte_size") else None
        kind = Kind.BINARY if column.kind is Kind.STRING else column.kind
        return replace(column, kind=kind, semantics="image", length_at_most=most)

    def time(self, column: ColumnSchema, domain: Any, path: tuple[str, ...]) -> ColumnSchema:
        """A time in a form of TFX's; a timestamp of ours where that is known."""
        if column.kind is Kind.TIMESTAMP:
            return column
        form = domain.string_format or type(domain).IntegerTimeFormat.Name(domain.integer_format)
        self.lost.append(
            Lost(
                ".".join(path),
                f"time_domain {form}",
                "It states no rule that TFDV keeps; convert the column on reading.",
                "notimpl",
            )
        )
        return column
