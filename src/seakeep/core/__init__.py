"""The nouns: what every room speaks. Imports the standard library only."""

from __future__ import annotations

from seakeep.core.dataset import Dataset
from seakeep.core.kinds import Kind, Task
from seakeep.core.model import Input, Model
from seakeep.core.release import Release
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.core.statistics import ColumnStatistics, Statistics

__all__ = [
    "Check",
    "ColumnSchema",
    "ColumnStatistics",
    "Dataset",
    "Input",
    "Kind",
    "Model",
    "Release",
    "Report",
    "Schema",
    "Statistics",
    "Table",
    "Task",
    "Verdict",
]
