"""Lowering: fitted features as ONNX nodes, as few as can be.

Features whose chains are of the same kinds of states are computed together, as the rows of one tensor (see `block`), whatever
their parameters. Then all numbers are joined and cast to float32 once, all flags once, the rows are put in the declared order
and turned into columns. Called by FittedFeatures; nothing else knows how features lie inside the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.features.block import Block, stacked
from seakeep.features.nulls import DTYPES

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from seakeep.core.kinds import Kind
    from seakeep.features.fitted import FittedFeature, FittedFeatures
    from seakeep.features.graph import GraphBuilder


def append(builder: GraphBuilder, features: FittedFeatures) -> str:
    """Add inputs and nodes to `builder`; returns the float32 tensor (rows, features)."""
    for column in features.inputs:
        builder.input(column.name, DTYPES[column.kind])
    kinds = {column.name: column.kind for column in features.inputs}
    groups: dict[Hashable, list[int]] = {}
    for position, feature in enumerate(features.fitted):
        groups.setdefault(_key(feature, kinds), []).append(position)
    blocks = {
        tuple(members): _lowered(builder, [features.fitted[member] for member in members])
        for members in groups.values()
    }
    return _assembled(builder, blocks)


def _key(feature: FittedFeature, kinds: Mapping[str, Kind]) -> Hashable:
    """Equal for features that may be computed together."""
    dtypes = tuple(DTYPES[kinds[name]].str for name in feature.sources)
    return dtypes, tuple((type(state), state.alike) for state in feature.states)


def _lowered(builder: GraphBuilder, features: list[FittedFeature]) -> Block:
    block = Block(flat=tuple(name for feature in features for name in feature.sources))
    for states in zip(*(feature.states for feature in features), strict=True):
        block = type(states[0]).lower(builder, block, states)
    return block if block.stacked else stacked(block.rows(builder), len(features))


def _assembled(builder: GraphBuilder, blocks: Mapping[tuple[int, ...], Block]) -> str:
    """All blocks as one float32 tensor (rows, features), features in the declared order."""
    parts: list[str] = []
    places: dict[int, list[int]] = {}
    height = 0
    for dtype in (np.float64, np.bool_):
        chosen = {members: block for members, block in blocks.items() if block.dtype is dtype}
        for members, block in chosen.items():
            for member, items in zip(members, block.items, strict=True):
                places[member] = [height + item for item in items]
            height += block.height
        if chosen:
            joined = _joined(builder, [block.stacked for block in chosen.values()])
            parts.append(builder.cast(joined, np.float32))
    rows = _joined(builder, parts)
    order = [place for member in sorted(places) for place in places[member]]
    if order != list(range(height)):
        rows = builder.node("Gather", [rows, builder.constant(np.array(order))], axis=0)
    return builder.node("Transpose", [rows], perm=[1, 0])


def _joined(builder: GraphBuilder, tensors: Iterable[str]) -> str:
    tensors = list(tensors)
    return tensors[0] if len(tensors) == 1 else builder.node("Concat", tensors, axis=0)
