"""TFMD's Schema as our contract.

Called by integrations.tfx. What is hard is what a proto leaves out: a feature without `presence` may be absent, one without
`value_count` may hold anything, FLOAT may be NaN unless it is forbidden; and TFX has no type for booleans and times, so an INT is an
integer unless the caller, or a tag that our own writer left, says otherwise. Every field that is set is carried over or told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind
from seakeep.core.schema import ColumnSchema, Schema, Semantics
from seakeep.data.contract.contradictions import contradictions
from seakeep.integrations._tfx import tags
from seakeep.integrations._tfx.carried import Lost
from seakeep.integrations._tfx.domains_in import Domains
from seakeep.integrations._tfx.errors import BadProto
from seakeep.integrations._tfx.fields import lost_fields
from seakeep.integrations._tfx.limits_in import distances, limit, limits, rest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

BYTES, INT, FLOAT, STRUCT = 1, 2, 3, 4
KINDS = {BYTES: Kind.STRING, INT: Kind.INTEGER, FLOAT: Kind.NUMBER, STRUCT: Kind.STRUCT}
_PHYSICAL = {
    Kind.INTEGER: (Kind.BOOLEAN, Kind.TIMESTAMP, Kind.DURATION),
    Kind.STRING: (Kind.BINARY, Kind.NULL),
}
NOT_JUDGED = ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED")
"""Stages whose features TFDV does not judge."""


def schema_in(
    message: Any, *, where: str, name: str = "", kinds: Mapping[str, Kind] | None = None
) -> tuple[Schema, tuple[Lost, ...]]:
    """The contract that a Schema proto says, and what of it ours cannot say.

    kinds: of columns that TFX holds as INT or BYTES and that are booleans, timestamps, durations or bytes.
    Raises: BadProto, for features without a name, twice the same, or rules that no table could keep.
    """
    reader = _Reader(message, where, dict(kinds or {}))
    said = tags.read(message.annotation.tag)
    columns = {}
    for feature in message.feature:
        if not feature.name:
            raise BadProto.contradiction(where, "a feature has no name")
        if feature.name in columns:
            raise BadProto.contradiction(where, f"the feature {feature.name!r} occurs twice")
        columns[feature.name] = reader.column(feature, (feature.name,))
    rows = message.dataset_constraints
    growth = rows.num_examples_drift_comparator
    reader.unused_domains()
    named = tuple(dict.fromkeys(_environment(each) for each in message.default_environment))
    others = dict.fromkeys(e for c in columns.values() for e in (*c.in_, *c.not_in) if e not in ("training", "serving"))
    others |= dict.fromkeys(each for each in named if each not in ("training", "serving"))
    found = Schema(
        name or said.get("name", "table"),
        columns,
        label=reader.roles.get("label"),
        time=reader.roles.get("time"),
        key=reader.roles.get("key"),
        rows_at_least=max(1, rows.min_examples_count) if rows.HasField("min_examples_count") else 1,
        rows_at_most=limit(rows, "max_examples_count", where),
        growth_at_least=limit(growth, "min_fraction_threshold", where),
        growth_at_most=limit(growth, "max_fraction_threshold", where),
        environments=tuple(others),
        default_in=() if set(named) == {"training", "serving"} and not others else named,
    )
    for each in contradictions(found):
        raise BadProto.contradiction(where, each.found)
    return found, tuple(dict.fromkeys((*lost_fields(message, "schema"), *reader.lost)))


def _environment(name: str) -> str:
    """Our name of an environment: TRAINING and SERVING, however they are written, are ours.

    >>> _environment("TRAINING"), _environment("EVAL")
    ('training', 'EVAL')
    """
    return name.lower() if name.lower() in ("training", "serving") else name


class _Reader:
    """Reads features, collecting what is lost and which columns have roles."""

    def __init__(self, message: Any, where: str, kinds: dict[str, Kind]) -> None:
        self.where, self.kinds = where, kinds
        self.domains = {each.name: each for each in message.string_domain}
        self.numbers = {each.name: each for each in (*message.int_domain, *message.float_domain)}
        self.used: set[str] = set()
        self.roles: dict[str, str] = {}
        self.lost: list[Lost] = []
        self.domains_of = Domains(where, self.lost)

    def column(self, feature: Any, path: tuple[str, ...]) -> ColumnSchema:
        place, said = ".".join(path), tags.read(feature.annotation.tag)
        leaf = self._leaf(feature, path, said)
        leaf = replace(
            leaf,
            **self._distinct(feature.unique_constraints, leaf.kind, place),
            drift=distances(feature.drift_comparator, leaf.kind, f"{place}: drift", lost=self.lost),
            skew=distances(feature.skew_comparator, leaf.kind, f"{place}: skew", lost=self.lost),
        )
        if leaf.kind is Kind.NUMBER and said.get("nan") == "missing":
            leaf = replace(leaf, nan="missing")
        found = self._shaped(feature, leaf, place)
        found = replace(
            found, **self._presence(feature), **self._told(feature, said), **self._environments(feature, path)
        )
        if len(path) == 1:
            self.roles |= {role: feature.name for role in tags.ROLES if role in said.get("role", "").split(",")}
        if found.deprecated:
            found = replace(
                found, required=False
            )  # as TFDV has it; nobody can be asked for a column that nobody should use
        if said.get("available") == "after":
            return replace(found, available="after", not_in=tuple(e for e in found.not_in if e != "serving"))
        return found

    def unused_domains(self) -> None:
        """Domains of the schema that no feature names."""
        for name in (*self.domains, *self.numbers):
            if name not in self.used:
                self.lost.append(Lost("schema", f"domain {name!r}", "No feature names it."))

    def _leaf(self, feature: Any, path: tuple[str, ...], said: Mapping[str, str]) -> ColumnSchema:
        """The kind of the values, and the rules of the domain."""
        place = ".".join(path)
        if feature.type not in KINDS and not feature.HasField("domain") and not feature.HasField("string_domain"):
            self.lost.append(
                Lost(place, "type", "The schema does not tell it, and TFDV refuses such a feature; taken for text.")
            )
        kind = self._kind(KINDS.get(feature.type, Kind.STRING), place, said)
        column = ColumnSchema(kind, infinite=kind is Kind.NUMBER, nan="allowed" if kind is Kind.NUMBER else "missing")
        domain = feature.WhichOneof("domain_info")
        if domain is None or domain in (
            "audio_domain",
            "video_domain",
            "content_chunk_domain",
            "mid_domain",
            "time_of_day_domain",
        ):
            return self._mass(feature, column, place)
        value = getattr(feature, domain)
        if domain == "domain":
            self.used.add(value)
            if value not in self.domains and value not in self.numbers:
                raise BadProto.contradiction(
                    f"{self.where}, feature {place!r}", f"its domain {value!r} is not in the schema"
                )
            value = self.domains.get(value) or self.numbers[value]
        kinds = {"IntDomain": self.domains_of.integers, "FloatDomain": self.domains_of.floats, "StringDomain": self.domains_of.strings,
                 "BoolDomain": self.domains_of.booleans, "StructDomain": self._struct, "ImageDomain": self.domains_of.image,
                 "TimeDomain": self.domains_of.time}  # fmt: skip
        reader = kinds.get(value.DESCRIPTOR.name)
        if reader is not None:
            return self._mass(feature, reader(column, value, path), place)
        semantics: Semantics = "url" if domain == "url_domain" else "natural_language"
        return self._mass(feature, replace(column, semantics=semantics) if kind is Kind.STRING else column, place)

    def _kind(self, physical: Kind, place: str, said: Mapping[str, str]) -> Kind:
        wanted = self.kinds.get(f"{place}[]", self.kinds.get(place)) or (
            Kind(said["kind"]) if said.get("kind") in {k.value for k in Kind} else None
        )
        return wanted if wanted in _PHYSICAL.get(physical, ()) and wanted is not None else physical

    def _mass(self, feature: Any, column: ColumnSchema, place: str) -> ColumnSchema:
        if not feature.HasField("distribution_constraints"):
            return column
        mass = feature.distribution_constraints.min_domain_mass
        if column.values is None:
            self.lost.append(
                Lost(place, f"min_domain_mass: {mass:g}", "It asks for a list of values, and there is none.")
            )
            return column
        return replace(column, others_at_most=rest_of(mass))

    def _struct(self, column: ColumnSchema, domain: Any, path: tuple[str, ...]) -> ColumnSchema:
        if column.kind is not Kind.STRUCT:
            return column
        fields = {each.name: self.column(each, (*path, each.name)) for each in domain.feature}
        return replace(column, fields=fields)

    def _shaped(self, feature: Any, leaf: ColumnSchema, place: str) -> ColumnSchema:
        """The leaf, or lists of it, by how many values a row may hold."""
        shape, counts = feature.WhichOneof("shape_type"), []
        if shape == "shape":
            sizes = [dim.size for dim in feature.shape.dim]
            counts = [] if sizes in ([], [1]) else [(size, size) for size in sizes]
            if len(counts) > 1:
                total = 1
                for size in sizes:
                    total *= size
                counts = [(total, total)]
                self.lost.append(
                    Lost(
                        place,
                        f"shape {sizes}",
                        f"A row holds {total} values in one list; how they are folded is a model's.",
                    )
                )
        elif shape == "value_counts":
            counts = [limits(each, place) for each in feature.value_counts.value_count]
        elif shape == "value_count" and limits(feature.value_count, place) != (1, 1):
            counts = [limits(feature.value_count, place)]
        if not counts and self.kinds.get(place) is Kind.LIST:
            counts = [(None, None) if shape is None else (1, 1)]
        for low, high in counts:
            if high is not None and (low or 0) > high:
                raise BadProto.contradiction(
                    f"{self.where}, feature {place!r}", f"at least {low} and at most {high} values in a row"
                )
        for low, high in reversed(counts):
            leaf = ColumnSchema(Kind.LIST, items=leaf, length_at_least=low, length_at_most=high)
        return leaf

    def _presence(self, feature: Any) -> dict[str, Any]:
        kind = feature.WhichOneof("presence_constraints")
        if kind == "group_presence":
            needed = feature.group_presence.required
            return {"required": needed, "missing_at_most": 0.0 if needed else 1.0}
        fraction, count = feature.presence.min_fraction, feature.presence.min_count
        if not 0 <= fraction <= 1:
            raise BadProto.contradiction(
                f"{self.where}, feature {feature.name!r}", f"min_fraction is {fraction:g}, a share is expected"
            )
        always = feature.WhichOneof("shape_type") == "shape"  # a fixed shape leaves no row without a value
        return {
            "required": fraction > 0 or count > 0,
            "missing_at_most": 0.0 if always else rest_of(fraction),
            "present_at_least": count if count > 1 or (count == 1 and not fraction) else 0,
        }

    def _distinct(self, counted: Any, kind: Kind, place: str) -> dict[str, Any]:
        low, high = limits(counted, place)
        if (low, high) == (None, None):
            return {}
        if kind in (Kind.BINARY, Kind.STRUCT, Kind.NULL):
            why = f"Different values of {kind.value} columns are not counted here."
            self.lost.append(Lost(place, f"unique_constraints {low} to {high}", why, "notimpl"))
            return {}
        return {"distinct_at_least": low, "distinct_at_most": high}

    def _environments(self, feature: Any, path: tuple[str, ...]) -> dict[str, Any]:
        inside = tuple(_environment(each) for each in feature.in_environment)
        outside = tuple(_environment(each) for each in feature.not_in_environment)
        if len(path) > 1:
            if inside or outside:
                self.lost.append(Lost(".".join(path), "environments", "A field is where its struct is.", "notimpl"))
            return {}
        return {"in_": inside, "not_in": outside}

    def _told(self, feature: Any, said: Mapping[str, str]) -> dict[str, Any]:
        """Stage and notes."""
        stage = (
            type(feature)
            .DESCRIPTOR.fields_by_name["lifecycle_stage"]
            .enum_type.values_by_number[feature.lifecycle_stage]
            .name
        )
        deprecated = said.get("deprecated", "") or f"lifecycle stage {stage}"
        others = [tag for tag in feature.annotation.tag if not tags.is_ours(tag)]
        notes = [*feature.annotation.comment, *([f"tags: {', '.join(others)}"] if others else [])]
        if stage not in ("UNKNOWN_STAGE", *NOT_JUDGED):
            notes.append(f"lifecycle stage {stage}")
        return {
            "deprecated": deprecated if stage in NOT_JUDGED or feature.deprecated else "",
            "note": "; ".join(notes),
        }
