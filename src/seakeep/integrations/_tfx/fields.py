"""The fate of every field of TFMD's Schema: carried over, or lost, with the reason. A test holds this list against the proto itself.

Called by schema_in, which walks a schema's set fields by it, so that nothing can be dropped that is not named here. A field that
a newer tensorflow-metadata adds is refused when the file is read (see files) until it gets a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.integrations._tfx.carried import Gap, Lost

if TYPE_CHECKING:
    from collections.abc import Iterator

CARRIED = frozenset({
    "Schema.feature", "Schema.string_domain", "Schema.float_domain", "Schema.int_domain", "Schema.default_environment",
    "Schema.annotation", "Schema.dataset_constraints",
    "Feature.name", "Feature.deprecated", "Feature.presence", "Feature.group_presence", "Feature.shape", "Feature.value_count",
    "Feature.value_counts", "Feature.type", "Feature.domain", "Feature.int_domain", "Feature.float_domain",
    "Feature.string_domain", "Feature.bool_domain", "Feature.struct_domain", "Feature.natural_language_domain",
    "Feature.image_domain", "Feature.url_domain", "Feature.time_domain", "Feature.distribution_constraints",
    "Feature.annotation", "Feature.skew_comparator", "Feature.drift_comparator", "Feature.in_environment",
    "Feature.not_in_environment", "Feature.lifecycle_stage", "Feature.unique_constraints",
    "FeaturePresence.min_fraction", "FeaturePresence.min_count", "FeaturePresenceWithinGroup.required",
    "FixedShape.dim", "Dim.size", "ValueCount.min", "ValueCount.max", "ValueCountList.value_count",
    "IntDomain.name", "IntDomain.min", "IntDomain.max", "IntDomain.is_categorical",
    "FloatDomain.name", "FloatDomain.min", "FloatDomain.max", "FloatDomain.disallow_nan", "FloatDomain.disallow_inf",
    "StringDomain.name", "StringDomain.value", "BoolDomain.name", "BoolDomain.true_value", "BoolDomain.false_value",
    "StructDomain.feature", "DistributionConstraints.min_domain_mass",
    "ImageDomain.max_image_byte_size",
    "TimeDomain.integer_format", "TimeDomain.string_format",
    "Annotation.tag", "Annotation.comment",
    "DatasetConstraints.num_examples_drift_comparator", "DatasetConstraints.min_examples_count",
    "DatasetConstraints.max_examples_count",
    "NumericValueComparator.min_fraction_threshold", "NumericValueComparator.max_fraction_threshold",
    "FeatureComparator.infinity_norm", "FeatureComparator.jensen_shannon_divergence",
    "FeatureComparator.normalized_abs_difference",
    "InfinityNorm.threshold", "JensenShannonDivergence.threshold", "NormalizedAbsoluteDifference.threshold",
    "UniqueConstraints.min", "UniqueConstraints.max",
})  # fmt: skip
"""Fields that a Schema of ours says, in whole; what of them it cannot say in a single case is told by schema_in."""

_TENSORS = "It says how columns become TensorFlow's tensors; a model's graph here starts at the columns."
_VOCABULARY = "It is about tokens of a vocabulary, which statistics of text here do not know."
LOST: dict[str, tuple[Gap, str]] = {
    "Schema.sparse_feature": ("never", _TENSORS),
    "Schema.weighted_feature": ("never", _TENSORS),
    "Schema.represent_variable_length_as_ragged": ("never", _TENSORS),
    "Schema.tensor_representation_group": ("never", _TENSORS),
    "StructDomain.sparse_feature": ("never", _TENSORS),
    "Feature.audio_domain": ("never", "It states no rule; the column is held to its kind."),
    "Feature.video_domain": ("never", "It states no rule; the column is held to its kind."),
    "Feature.content_chunk_domain": ("never", "It states no rule; the column is held to its kind."),
    "Feature.mid_domain": ("never", "It states no rule; the column is held to its kind."),
    "Feature.time_of_day_domain": ("notimpl", "Times of day have no kind here; TFDV holds no column to it either."),
    "Feature.validation_derived_source": ("never", "It marks a column that TFDV made itself; tables do not have it."),
    "Feature.sequence_metadata": ("never", "It is a hint for cutting sequences before a model, no rule."),
    "Dim.name": ("never", "Dimensions of lists have no names here."),
    "FloatDomain.is_embedding": ("never", "It is a hint for models, no rule."),
    "FloatDomain.is_categorical": ("notimpl", "Numbers that are names are integers or text here."),
    "FloatDomain.embedding_dim": ("notimpl", "TFDV does check it for embeddings; say length_at_least and length_at_most."),
    "FloatDomain.embedding_type": ("never", "It is a hint for models, no rule."),
    "StringDomain.is_categorical": ("never", "Text with a list of values is categorical as it stands."),
    "NaturalLanguageDomain.vocabulary": ("never", _VOCABULARY),
    "NaturalLanguageDomain.coverage": ("never", _VOCABULARY),
    "NaturalLanguageDomain.token_constraints": ("never", _VOCABULARY),
    "NaturalLanguageDomain.sequence_length_constraints": ("never", _VOCABULARY),
    "ImageDomain.minimum_supported_image_fraction": ("notimpl", "Images are not decoded here."),
    "Annotation.extra_metadata": ("never", "Its meaning is known to its maker alone."),
    "DatasetConstraints.num_examples_version_comparator": ("notimpl", "Growth is judged against the previous span, not a version of it."),
    "JensenShannonDivergence.source": ("never", "Bins here are quantiles of both tables together, whatever histogram TFDV takes."),
}  # fmt: skip


def lost_fields(message: Any, where: str) -> Iterator[Lost]:
    """Everything that is set in a message of a schema and is not carried over, with where it stands."""
    for field, value in message.ListFields():
        name = f"{message.DESCRIPTOR.name}.{field.name}"
        if name in LOST:
            gap, why = LOST[name]
            yield Lost(where, _said(field, value), why, gap)
        elif field.message_type is not None:
            for item in value if field.is_repeated else [value]:
                yield from lost_fields(item, _place(message, field, item, where))


def _place(message: Any, field: Any, item: Any, where: str) -> str:
    """Where a message below this one stands: a feature by its path, others where they are."""
    if field.message_type.name != "Feature":
        return where
    below = item.name or "(no name)"
    return below if message.DESCRIPTOR.name == "Schema" else f"{where}.{below}"


def _said(field: Any, value: Any) -> str:
    if field.message_type is None and not field.is_repeated:
        return f"{field.name}: {value}"
    if field.is_repeated and not (field.message_type is not None and field.message_type.GetOptions().map_entry):
        named = [str(getattr(item, "name", "")) for item in value]
        return f"{field.name} {', '.join(named)}".rstrip(", ") if any(named) else f"{field.name} ({len(value)})"
    return str(field.name)
