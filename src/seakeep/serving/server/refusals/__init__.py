"""Refusals: every way in which a request can be wrong, with its status, its code and its words. One class a place of the fault."""

from __future__ import annotations

from seakeep.serving.server.refusals.binaries import BadBinary
from seakeep.serving.server.refusals.bodies import BadBody
from seakeep.serving.server.refusals.calls import BadCall
from seakeep.serving.server.refusals.gates import Shut
from seakeep.serving.server.refusals.inputs import BadInput
from seakeep.serving.server.refusals.labels import BadLabel
from seakeep.serving.server.refusals.refusal import CODES, Refusal
from seakeep.serving.server.refusals.tables import BadTable
from seakeep.serving.server.refusals.traffic import Pressed
from seakeep.serving.server.refusals.wishes import BadWish

__all__ = [
    "CODES",
    "BadBinary",
    "BadBody",
    "BadCall",
    "BadInput",
    "BadLabel",
    "BadTable",
    "BadWish",
    "Pressed",
    "Refusal",
    "Shut",
]
