"""The built-in engines pass the suite that others must pass, and the suite finds what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from seakeep.data.engines import connected
from seakeep.data.engines.local import Threads
from seakeep.testing import check_engine


@pytest.mark.parametrize("address", ["local", "local[2]"])
def test_the_engines_of_this_machine_conform(address, tmp_path):
    with connected(address) as engine:
        check_engine(engine, tmp_path)


@dataclass(frozen=True, slots=True)
class Other(Threads):
    """An engine that is wrong."""

    def each(self, job, units):
        yield from getattr(self, self.address)(list(super(Other, self).each(job, units)))

    def backwards(self, answers):
        return answers[::-1]

    def twice(self, answers):
        return [answers[0], *answers]

    def lossy(self, answers):
        return answers[:-1] or answers

    def greedy(self, answers):
        return answers


@pytest.mark.parametrize(
    ("wrong", "law"),
    [
        ("backwards", "come once each, in its order"),
        ("twice", "come once each, in its order"),
        ("lossy", "come once each, in its order"),
        ("greedy", "units are taken as there is room"),
    ],
)
def test_the_suite_finds_an_engine_that(wrong, law, tmp_path):
    with pytest.raises(AssertionError, match=law):
        check_engine(Other(wrong, 2), tmp_path)
