"""The nouns: what every room speaks. Imports the standard library only."""

from __future__ import annotations

from seakeep.core.dataset import Dataset
from seakeep.core.kinds import Kind, Task
from seakeep.core.model import Input, Model
from seakeep.core.release import Release
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.route import Arm, Route
from seakeep.core.schema import ColumnSchema, RowRule, Schema
from seakeep.core.statistics import ColumnStatistics, Statistics

__all__ = [
    "Arm",
    "Check",
    "ColumnSchema",
    "ColumnStatistics",
    "Dataset",
    "Input",
    "Kind",
    "Model",
    "Release",
    "Report",
    "Route",
    "RowRule",
    "Schema",
    "Statistics",
    "Table",
    "Task",
    "Verdict",
]
