"""Our contract as TFMD's Schema, told so that TFDV finds the same anomalies as we do, as far as it can.

Called by integrations.tfx. Where TFMD has no rule for one of ours, the rule is on the list of what was lost; what TFMD can hold but not
judge (that an INT is a timestamp, which column is the label) goes into tags, so that the contract comes back whole.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind
from seakeep.integrations._tfx import tags
from seakeep.integrations._tfx.carried import Lost
from seakeep.integrations._tfx.domains_in import DECIMAL, WHOLE
from seakeep.integrations._tfx.errors import BadProto
from seakeep.integrations._tfx.files import protos
from seakeep.integrations._tfx.limits_in import DISTANCES
from seakeep.integrations._tfx.narrow import narrowed, shortest
from seakeep.integrations._tfx.schema_in import BYTES, FLOAT, INT, STRUCT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.schema import ColumnSchema, Schema

TYPES = {
    Kind.INTEGER: INT,
    Kind.NUMBER: FLOAT,
    Kind.BOOLEAN: INT,
    Kind.STRING: BYTES,
    Kind.TIMESTAMP: INT,
    Kind.DURATION: INT,
    Kind.BINARY: BYTES,
    Kind.STRUCT: STRUCT,
    Kind.NULL: BYTES,
}
_TAGGED = (Kind.BOOLEAN, Kind.TIMESTAMP, Kind.DURATION, Kind.BINARY, Kind.NULL)
_LARGEST = 2**63 - 1


def schema_out(schema: Schema) -> tuple[Any, tuple[Lost, ...]]:
    """The Schema proto of a contract, and what it cannot say."""
    return _Writer(schema).written()


class _Writer:
    """Writes one contract, collecting what is lost."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.message = protos("schema_pb2").Schema()
        self.lost: list[Lost] = []

    def written(self) -> tuple[Any, tuple[Lost, ...]]:
        schema, message = self.schema, self.message
        message.annotation.tag.append(tags.write("name", schema.name))
        message.default_environment.extend(
            _environment(each) for each in schema.default_in or schema.known_environments
        )
        self._rows()
        for name, column in schema.columns.items():
            self._feature(message.feature.add(), name, column, (name,))
        for rule in schema.rules:
            said = rule.holds or f"{', '.join(rule.refers)} in {rule.to}"
            self._lose("table", f"rule {rule.name!r}: {said}", "TFDV judges statistics and sees no rows.")
        return message, tuple(dict.fromkeys(self.lost))

    def _lose(self, where: str, what: str, why: str) -> None:
        self.lost.append(Lost(where, what, why))

    def _rows(self) -> None:
        schema, limits = self.schema, self.message.dataset_constraints
        if schema.rows_at_least:
            limits.min_examples_count = schema.rows_at_least
        if schema.rows_at_most is not None:
            limits.max_examples_count = schema.rows_at_most
        if schema.growth_at_least is not None:
            limits.num_examples_drift_comparator.min_fraction_threshold = schema.growth_at_least
        if schema.growth_at_most is not None:
            limits.num_examples_drift_comparator.max_fraction_threshold = schema.growth_at_most

    def _feature(self, target: Any, name: str, column: ColumnSchema, path: tuple[str, ...]) -> None:
        if not name:
            raise BadProto.not_written(
                f"column {'.'.join(path)!r}", "it has no name", "Rename it: seakeep schema rename FILE '' NAME."
            )
        target.name = name
        place, leaf = ".".join(path), self._counts(target, column)
        if leaf.kind not in TYPES:
            raise BadProto.not_written(
                f"column {place!r}",
                "the contract does not say what the list holds",
                "Say it in the contract: items: {kind: integer}.",
            )
        target.type = TYPES[leaf.kind]
        self._presence(target, column, leaf, place)
        self._environments(target, column, name if len(path) == 1 else "")
        self._domain(target, leaf, path)
        self._counted(target, leaf, place)
        for kind in ("drift", "skew"):
            self._compare(getattr(target, f"{kind}_comparator"), leaf, getattr(leaf, kind), f"{place}: {kind}")
        self._annotate(target, column, leaf, path)

    def _counts(self, target: Any, column: ColumnSchema) -> ColumnSchema:
        """How many values a row holds; returns what the innermost list holds."""
        levels = []
        while column.kind is Kind.LIST and column.items is not None:
            levels.append((column.length_at_least, column.length_at_most))
            column = column.items
        if not levels:
            target.value_count.min = target.value_count.max = 1
            return column
        nested = len(levels) > 1
        for low, high in levels:
            limits = target.value_counts.value_count.add() if nested else target.value_count
            limits.SetInParent()
            if low is not None:
                limits.min = low
            if high is not None:
                limits.max = high
        return column

    def _presence(self, target: Any, column: ColumnSchema, leaf: ColumnSchema, place: str) -> None:
        least = 1 - column.missing_at_most
        if not column.required:
            if least > 0 or column.present_at_least:
                self._lose(
                    place,
                    f"missing_at_most: {column.missing_at_most:g}",
                    "TFDV takes a feature with a least presence for required; this one may be absent.",
                )
            return
        if least > 0:
            target.presence.min_fraction = least
        target.presence.min_count = max(1, column.present_at_least)
        if least <= 0 and not column.present_at_least:
            self._lose(
                place, "required, and may be all missing", "TFDV takes a feature without a value for an absent one."
            )
        if leaf.kind is Kind.NUMBER and leaf.nan == "missing" and 0 < column.missing_at_most < 1:
            self._lose(place, "NaN among the missing values", "TFDV counts NaN as values that are present.")

    def _environments(self, target: Any, column: ColumnSchema, name: str) -> None:
        outside = list(column.not_in)
        if name and (column.available == "after" or name == self.schema.label) and "serving" not in outside:
            outside.append("serving")
        target.in_environment.extend(_environment(each) for each in column.in_ if each not in outside)
        target.not_in_environment.extend(_environment(each) for each in outside)
        defaults = self.schema.default_in or self.schema.known_environments
        if column.in_:  # TFDV adds in_environment to the defaults; ours are the only ones
            others = [each for each in defaults if each not in column.in_ and each not in outside]
            target.not_in_environment.extend(_environment(each) for each in others)

    def _domain(self, target: Any, leaf: ColumnSchema, path: tuple[str, ...]) -> None:
        place = ".".join(path)
        if leaf.kind is Kind.STRUCT:
            target.struct_domain.SetInParent()
            for name, column in leaf.fields.items():
                self._feature(target.struct_domain.feature.add(), name, column, (*path, name))
        elif leaf.kind is Kind.NUMBER:
            self._floats(target.float_domain, leaf, place)
        elif leaf.kind is Kind.BOOLEAN:
            target.bool_domain.SetInParent()
            if leaf.values is not None and len(leaf.values) < 2:
                self._lose(place, f"values {list(leaf.values)}", "A BoolDomain has both.")
        elif leaf.kind in (Kind.INTEGER, Kind.TIMESTAMP, Kind.DURATION):
            self._integers(target, leaf, place)
        else:
            self._bytes(target, leaf, place)

    def _integers(self, target: Any, leaf: ColumnSchema, place: str) -> None:
        low, high = leaf.minimum, leaf.maximum
        if leaf.values is not None:
            numbers = [int(value) for value in leaf.values] or [0]
            low = min(numbers) if low is None else max(low, min(numbers))
            high = max(numbers) if high is None else min(high, max(numbers))
            if set(numbers) != set(range(min(numbers), max(numbers) + 1)) or leaf.others_at_most:
                self._lose(
                    place,
                    f"values {_shown(leaf.values)}",
                    "TFMD lists no integers; their least and greatest became bounds.",
                )
        if leaf.kind is Kind.TIMESTAMP and low is None and high is None:
            target.time_domain.integer_format = 3  # UNIX_MICROSECONDS
            return
        domain = target.int_domain
        domain.SetInParent()
        for end, bound, rounded in (("min", low, math.ceil), ("max", high, math.floor)):
            if bound is not None and math.isfinite(bound):
                setattr(domain, end, max(-_LARGEST - 1, min(_LARGEST, rounded(bound))))
        if leaf.semantics == "categorical":
            domain.is_categorical = True

    def _floats(self, domain: Any, leaf: ColumnSchema, place: str) -> None:
        domain.SetInParent()
        for end, bound in (("min", leaf.minimum), ("max", leaf.maximum)):
            if bound is None or math.isinf(bound):
                continue
            narrow = narrowed(float(bound))
            setattr(domain, end, narrow)
            if shortest(narrow) != bound:
                self._lose(
                    place, f"{end} {bound!r}", f"TFMD holds bounds as 32-bit floats: it is {shortest(narrow)!r}."
                )
        if leaf.nan == "refused" or (leaf.nan == "missing" and not leaf.missing_at_most):
            domain.disallow_nan = True
        if not leaf.infinite:
            domain.disallow_inf = True

    def _bytes(self, target: Any, leaf: ColumnSchema, place: str) -> None:
        numbers = {WHOLE: "int_domain", DECIMAL: "float_domain"}.get(leaf.pattern, "")
        if leaf.pattern and not numbers:
            self._lose(place, f"pattern {leaf.pattern!r}", "TFMD knows no regular expressions.")
        images = leaf.semantics == "image"
        if leaf.length_at_least is not None or (leaf.length_at_most is not None and not images):
            self._lose(
                place,
                f"length {leaf.length_at_least} to {leaf.length_at_most}",
                "TFMD bounds the number of values, not the length of text.",
            )
        if leaf.values is not None and leaf.kind is Kind.STRING:
            domain = self.message.string_domain.add(name=place)
            domain.value.extend(str(value) for value in leaf.values)
            target.domain = place
            if leaf.others_at_most:
                target.distribution_constraints.min_domain_mass = 1 - leaf.others_at_most
            if leaf.semantics:
                self._lose(
                    place, f"semantics {leaf.semantics}", "A feature has one domain, and the list of values is it."
                )
        elif numbers:
            getattr(target, numbers).SetInParent()
        elif images:
            target.image_domain.SetInParent()
            if leaf.length_at_most is not None:
                target.image_domain.max_image_byte_size = leaf.length_at_most
        elif leaf.semantics:
            getattr(target, f"{leaf.semantics}_domain").SetInParent()

    def _counted(self, target: Any, leaf: ColumnSchema, place: str) -> None:
        if leaf.sensitive:
            self._lose(place, f"sensitive {leaf.sensitive}", "TFMD says nothing of how values may be kept.")
        if leaf.unique:
            self._lose(place, "unique", "TFMD bounds how many different values there are, not how often one comes.")
        low, high = leaf.distinct_at_least, leaf.distinct_at_most
        if low is None and high is None:
            return
        if leaf.kind is not Kind.STRING and leaf.semantics != "categorical":
            self._lose(
                place,
                f"distinct {low} to {high}",
                "TFDV counts different values of text and categorical integers alone.",
            )
            return
        if low is not None:
            target.unique_constraints.min = low
        if high is not None:
            target.unique_constraints.max = high

    def _compare(self, target: Any, leaf: ColumnSchema, thresholds: Mapping[str, float], where: str) -> None:
        fields = {ours: theirs for theirs, ours in DISTANCES.items()}
        for name, threshold in thresholds.items():
            text = leaf.kind is Kind.STRING or leaf.semantics == "categorical"
            if name not in fields:
                self._lose(where, f"{name}: {threshold:g}", "TFDV has no such distance.")
            elif name != "jensen_shannon" and not text:
                self._lose(
                    where,
                    f"{name}: {threshold:g}",
                    "TFDV compares shares of values of text and categorical integers alone.",
                )
            else:
                getattr(target, fields[name]).threshold = threshold**2 if name == "jensen_shannon" else threshold

    def _annotate(self, target: Any, column: ColumnSchema, leaf: ColumnSchema, path: tuple[str, ...]) -> None:
        tagged = target.annotation.tag
        if leaf.kind in _TAGGED:
            tagged.append(tags.write("kind", leaf.kind.value))
        if leaf.kind is Kind.NUMBER and leaf.nan == "missing":
            tagged.append(tags.write("nan", "missing"))
        roles = [role for role in tags.ROLES if getattr(self.schema, role) == path[0]] if len(path) == 1 else []
        if roles:
            tagged.append(tags.write("role", ",".join(roles)))
        if column.available == "after":
            tagged.append(tags.write("available", "after"))
        if column.deprecated:
            target.lifecycle_stage = 5  # DEPRECATED
            tagged.append(tags.write("deprecated", column.deprecated))
        if column.note:
            target.annotation.comment.append(column.note)


def _environment(name: str) -> str:
    """TFX's documentation writes its environments in capitals."""
    return name.upper() if name in ("training", "serving") else name


def _shown(values: tuple[object, ...]) -> str:
    return ", ".join(map(str, values[:5])) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
