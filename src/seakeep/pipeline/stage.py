"""Stage: one step of a pipeline's life, from named inputs to named outputs; and Made: what it left when it was performed.

The steps themselves are functions in `reading` and `stages`; the runner finds, measures and records them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.core.codec import Json
    from seakeep.pipeline.work import Product, Work
    from seakeep.registry import Artifact, Registered, Sight


@dataclass(frozen=True, slots=True)
class Made:
    """What a stage made.

    outputs: nouns by name. release: of `register`. sources: what it read beside its inputs. looked_at: state of files that
    decides whether it must run again. variant: which of the stage's variants it was (see Stage). cacheable: False where nobody
    can tell whether it would make the same again. parameters, notes: for the record, for a person.
    """

    outputs: Mapping[str, Product] = field(default_factory=dict)
    release: Registered | None = None
    sources: tuple[Artifact, ...] = ()
    looked_at: tuple[Sight, ...] = ()
    variant: str = ""
    cacheable: bool = True
    parameters: Mapping[str, Json] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    inputs: names of outputs of earlier stages. through: others that it names in its outputs, which reach it through its
    inputs, so that they decide its key and are left out of its lineage. variants: what else could decide the outputs; an
    execution of any variant holds.
    """

    name: str
    inputs: tuple[str, ...]
    perform: Callable[[Work], Made]
    through: tuple[str, ...] = ()
    variants: Callable[[Work, str], tuple[str, ...]] = lambda _work, _pipeline: ("",)
