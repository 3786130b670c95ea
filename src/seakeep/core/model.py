"""Model: one ONNX graph from raw columns to predictions, features and estimator together. No pickle, anywhere.

Graph inputs: one tensor a raw column, shape (rows,), named as the column, typed by the null contract (features.nulls).
Graph outputs: `features` float32 (rows, features): what the estimator was fitted on; for classification `probabilities`
float32 (rows, classes) and `decision` int64 (rows,), an index into `classes`; for regression `value` float32 (rows,).
`features` lie on the way to the answer and cost nothing beside it; asked for alone, they cost as much, since ONNX Runtime computes
the whole graph.

The explanation file, where there is one, is NumPy's NPZ without pickled objects:
  trees:  kind="trees", feature int32, threshold float32, left int32, right int32 (-1 in leaves), missing_left bool,
          value float64 (nodes, outputs), cover float64 (rows of training that reached the node), root int32 (trees),
          base float64 (outputs,), link ("identity", "sigmoid", "softmax", "exp"). A row goes left when x <= threshold.
  linear: kind="linear", coefficients float64 (features, outputs), intercept float64 (outputs,), mean float64 (features,),
          link as above.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seakeep.core.codec import BadDocument, digest, from_json, to_json
from seakeep.core.files import write_bytes, write_text
from seakeep.core.kinds import Kind, Task
from seakeep.core.schema import Schema
from seakeep.core.statistics import Statistics

GRAPH_FILE = "model.onnx"
FACTS_FILE = "model.json"
SCHEMA_FILE = "schema.json"
STATISTICS_FILE = "statistics.json"
EXPLANATION_FILE = "explanation.npz"


@dataclass(frozen=True, slots=True)
class Input:
    """A raw column that the graph reads."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model, ready to run anywhere ONNX Runtime does.

    graph: the ONNX file's bytes. inputs: raw columns in the graph's order. classes: label values by index; empty for
    regression. features: names of the feature vector's items. sources: raw columns that each feature reads, by feature
    name. estimator: readable, "LGBMClassifier(n_estimators=200)". schema: the raw table's contract. statistics: of the
    raw training table. explanation: bytes of the NPZ above, empty where there is none.
    """

    name: str
    task: Task
    graph: bytes
    inputs: tuple[Input, ...]
    schema: Schema
    statistics: Statistics
    classes: tuple[bool | int | float | str, ...] = ()
    features: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    estimator: str = ""
    explanation: bytes = b""

    @property
    def digest(self) -> str:
        """SHA-256 of the graph, facts, schema, statistics and explanation."""
        graph, explanation = hashlib.sha256(self.graph).hexdigest(), hashlib.sha256(self.explanation).hexdigest()
        return digest([graph, self._facts(), self.schema.digest, self.statistics.digest, explanation])

    def save(self, folder: Path) -> None:
        """Write the model's files into `folder`, which is made if needed."""
        write_bytes(folder / GRAPH_FILE, self.graph)
        write_text(folder / SCHEMA_FILE, to_json(self.schema))
        self.statistics.save(folder / STATISTICS_FILE)
        if self.explanation:
            write_bytes(folder / EXPLANATION_FILE, self.explanation)
        write_text(folder / FACTS_FILE, to_json(self._facts()))

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Read a model that `save` wrote. Nothing is executed. Raises BadDocument, where a file is absent or cannot be read."""
        try:
            return cls._read(folder)
        except FileNotFoundError as error:
            raise BadDocument.absent(Path(error.filename)) from error

    @classmethod
    def _read(cls, folder: Path) -> Model:
        facts = from_json(Facts, (folder / FACTS_FILE).read_bytes(), path=str(folder / FACTS_FILE))
        explanation = folder / EXPLANATION_FILE
        return cls(
            graph=(folder / GRAPH_FILE).read_bytes(),
            schema=from_json(Schema, (folder / SCHEMA_FILE).read_bytes(), path=str(folder / SCHEMA_FILE)),
            statistics=Statistics.load(folder / STATISTICS_FILE),
            explanation=explanation.read_bytes() if explanation.exists() else b"",
            **{name: getattr(facts, name) for name in Facts.__slots__},
        )

    def _facts(self) -> Facts:
        return Facts(**{name: getattr(self, name) for name in Facts.__slots__})


@dataclass(frozen=True, slots=True)
class Facts:
    """The part of a model that is small enough to read: `model.json`."""

    name: str
    task: Task
    inputs: tuple[Input, ...]
    classes: tuple[bool | int | float | str, ...]
    features: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]
    estimator: str
