"""TFDV's anomaly types and our check codes. A test holds the list against the proto, so that a type that is new there fails here.

A type without a code of ours is named in GAPS with the reason; read from a file it keeps its name, as the code "tfx.<type>".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seakeep.integrations._tfx.carried import Gap

CODES: dict[str, str] = {
    "BOOL_TYPE_BIG_INT": "schema.domain",
    "BOOL_TYPE_BYTES_NOT_INT": "schema.kind",
    "BOOL_TYPE_BYTES_NOT_STRING": "schema.kind",
    "BOOL_TYPE_FLOAT_NOT_INT": "schema.kind",
    "BOOL_TYPE_FLOAT_NOT_STRING": "schema.kind",
    "BOOL_TYPE_INT_NOT_STRING": "schema.kind",
    "BOOL_TYPE_SMALL_INT": "schema.domain",
    "BOOL_TYPE_STRING_NOT_INT": "schema.kind",
    "BOOL_TYPE_UNEXPECTED_STRING": "schema.domain",
    "BOOL_TYPE_UNEXPECTED_FLOAT": "schema.bounds",
    "ENUM_TYPE_BYTES_NOT_STRING": "schema.kind",
    "ENUM_TYPE_FLOAT_NOT_STRING": "schema.kind",
    "ENUM_TYPE_INT_NOT_STRING": "schema.kind",
    "ENUM_TYPE_INVALID_UTF8": "schema.invalid_utf8",
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": "schema.domain",
    "FEATURE_TYPE_HIGH_NUMBER_VALUES": "schema.length",
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": "schema.missing_rate",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT": "schema.present",
    "FEATURE_TYPE_LOW_NUMBER_VALUES": "schema.length",
    "FEATURE_TYPE_NOT_PRESENT": "schema.all_missing",
    "FEATURE_TYPE_NO_VALUES": "schema.length",
    "FEATURE_TYPE_UNEXPECTED_REPEATED": "schema.kind",
    "FEATURE_TYPE_HIGH_UNIQUE": "schema.distinct",
    "FEATURE_TYPE_LOW_UNIQUE": "schema.distinct",
    "FEATURE_TYPE_NO_UNIQUE": "schema.distinct",
    "FLOAT_TYPE_BIG_FLOAT": "schema.bounds",
    "FLOAT_TYPE_NOT_FLOAT": "schema.kind",
    "FLOAT_TYPE_SMALL_FLOAT": "schema.bounds",
    "FLOAT_TYPE_STRING_NOT_FLOAT": "schema.pattern",
    "FLOAT_TYPE_NON_STRING": "schema.kind",
    "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER": "schema.kind",
    "FLOAT_TYPE_HAS_NAN": "schema.nan_refused",
    "FLOAT_TYPE_HAS_INF": "schema.infinite",
    "INT_TYPE_BIG_INT": "schema.bounds",
    "INT_TYPE_INT_EXPECTED": "schema.kind",
    "INT_TYPE_NOT_INT_STRING": "schema.pattern",
    "INT_TYPE_NOT_STRING": "schema.kind",
    "INT_TYPE_SMALL_INT": "schema.bounds",
    "INT_TYPE_STRING_EXPECTED": "schema.kind",
    "INT_TYPE_UNKNOWN_TYPE_NUMBER": "schema.kind",
    "LOW_SUPPORTED_IMAGE_FRACTION": "schema.semantics",
    "SCHEMA_MISSING_COLUMN": "schema.missing_column",
    "SCHEMA_NEW_COLUMN": "schema.unexpected_column",
    "SCHEMA_TRAINING_SERVING_SKEW": "schema.missing_column",
    "STRING_TYPE_NOW_FLOAT": "schema.kind",
    "STRING_TYPE_NOW_INT": "schema.kind",
    "COMPARATOR_CONTROL_DATA_MISSING": "drift.rows",
    "COMPARATOR_TREATMENT_DATA_MISSING": "drift.rows",
    "COMPARATOR_L_INFTY_HIGH": "drift.l_infinity",
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": "drift.jensen_shannon",
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH": "drift.normalised_absolute_difference",
    "NO_DATA_IN_SPAN": "schema.rows",
    "COMPARATOR_LOW_NUM_EXAMPLES": "schema.growth",
    "COMPARATOR_HIGH_NUM_EXAMPLES": "schema.growth",
    "DATASET_LOW_NUM_EXAMPLES": "schema.rows",
    "DATASET_HIGH_NUM_EXAMPLES": "schema.rows_at_most",
    "VALUE_NESTEDNESS_MISMATCH": "schema.kind",
    "UNEXPECTED_DATA_TYPE": "schema.kind",
    "EMBEDDING_SHAPE_INVALID": "schema.length",
    "MAX_IMAGE_BYTE_SIZE_EXCEEDED": "schema.length",
    "INVALID_FEATURE_SHAPE": "schema.length",
}
"""By type, the check that finds the same. Comparators are drift, or skew where TFDV compares with serving."""

_REFUSED = "A contract that contradicts itself is refused when it is read, so no table is judged by it."
_TENSORS = "It is about columns that TensorFlow puts together to one tensor."
_TOKENS = "It is about tokens of a vocabulary, which statistics of text here do not know."
_DERIVED = "It is about columns that TFDV derives itself."
GAPS: dict[str, tuple[Gap, str]] = {
    "UNKNOWN_TYPE": ("never", "It says nothing."),
    "MULTIPLE_REASONS": ("never", "It sums up; the reasons themselves are carried over."),
    "BOOL_TYPE_INVALID_CONFIG": ("never", _REFUSED),
    "DOMAIN_INVALID_FOR_TYPE": ("never", _REFUSED),
    "FEATURE_MISSING_NAME": ("never", _REFUSED),
    "FEATURE_MISSING_TYPE": ("never", _REFUSED),
    "INVALID_SCHEMA_SPECIFICATION": ("never", _REFUSED),
    "INVALID_DOMAIN_SPECIFICATION": ("never", _REFUSED),
    "SPARSE_FEATURE_MISSING_VALUE": ("never", _TENSORS),
    "SPARSE_FEATURE_MISSING_INDEX": ("never", _TENSORS),
    "SPARSE_FEATURE_LENGTH_MISMATCH": ("never", _TENSORS),
    "SPARSE_FEATURE_NAME_COLLISION": ("never", _TENSORS),
    "WEIGHTED_FEATURE_NAME_COLLISION": ("never", _TENSORS),
    "WEIGHTED_FEATURE_MISSING_VALUE": ("never", _TENSORS),
    "WEIGHTED_FEATURE_MISSING_WEIGHT": ("never", _TENSORS),
    "WEIGHTED_FEATURE_LENGTH_MISMATCH": ("never", _TENSORS),
    "SEMANTIC_DOMAIN_UPDATE": ("never", "It proposes a domain, and finds no fault in the table."),
    "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES": ("never", _TOKENS),
    "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES": ("never", _TOKENS),
    "SEQUENCE_VALUE_TOO_SMALL_FRACTION": ("never", _TOKENS),
    "SEQUENCE_VALUE_TOO_LARGE_FRACTION": ("never", _TOKENS),
    "FEATURE_COVERAGE_TOO_LOW": ("never", _TOKENS),
    "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH": ("never", _TOKENS),
    "NLP_WRONG_LOCATION": ("never", _TOKENS),
    "STATS_NOT_AVAILABLE": (
        "notimpl",
        "What statistics do not tell makes a check here inconclusive, under that check's own code.",
    ),
    "DERIVED_FEATURE_BAD_LIFECYCLE": ("never", _DERIVED),
    "DERIVED_FEATURE_INVALID_SOURCE": ("never", _DERIVED),
    "CUSTOM_VALIDATION": ("never", "Its meaning is known to its maker; write a row rule that says the same."),
}
"""By type, why none of our checks says the same."""

TYPES: dict[str, str] = {
    "schema.kind": "UNEXPECTED_DATA_TYPE",
    "schema.all_missing": "FEATURE_TYPE_NOT_PRESENT",
    "schema.missing_rate": "FEATURE_TYPE_LOW_FRACTION_PRESENT",
    "schema.present": "FEATURE_TYPE_LOW_NUMBER_PRESENT",
    "schema.nan": "FLOAT_TYPE_HAS_NAN",
    "schema.nan_refused": "FLOAT_TYPE_HAS_NAN",
    "schema.infinite": "FLOAT_TYPE_HAS_INF",
    "schema.domain": "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
    "schema.invalid_utf8": "ENUM_TYPE_INVALID_UTF8",
    "schema.missing_column": "SCHEMA_MISSING_COLUMN",
    "schema.unexpected_column": "SCHEMA_NEW_COLUMN",
    "schema.rows": "DATASET_LOW_NUM_EXAMPLES",
    "schema.rows_at_most": "DATASET_HIGH_NUM_EXAMPLES",
    "drift.l_infinity": "COMPARATOR_L_INFTY_HIGH",
    "skew.l_infinity": "COMPARATOR_L_INFTY_HIGH",
    "drift.jensen_shannon": "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    "skew.jensen_shannon": "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
    "drift.normalised_absolute_difference": "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
    "skew.normalised_absolute_difference": "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
    "drift.rows": "COMPARATOR_CONTROL_DATA_MISSING",
    "skew.rows": "COMPARATOR_CONTROL_DATA_MISSING",
}
"""By code, the type that says the same; of codes with two sides see SIDES, and all others are CUSTOM_VALIDATION."""

SIDES: dict[str, tuple[str, str]] = {
    "schema.length": ("FEATURE_TYPE_LOW_NUMBER_VALUES", "FEATURE_TYPE_HIGH_NUMBER_VALUES"),
    "schema.distinct": ("FEATURE_TYPE_LOW_UNIQUE", "FEATURE_TYPE_HIGH_UNIQUE"),
    "schema.growth": ("COMPARATOR_LOW_NUM_EXAMPLES", "COMPARATOR_HIGH_NUM_EXAMPLES"),
}
"""By code, the types where the observed value is below the limit, and above."""
