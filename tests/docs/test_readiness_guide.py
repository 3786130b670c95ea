"""The guide to readiness names every test of the rubric as the program does, and its bands."""

from __future__ import annotations

import pytest

from seakeep.pipeline.readiness.rubric import BANDS, BEST, TESTS, TITLES

from .documents import DOCS

GUIDE = (DOCS / "guides" / "readiness.md").read_text("utf-8")


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.id)
def test_every_test_has_a_row_that_says_what_earns_what(test):
    rows = [line for line in GUIDE.splitlines() if line.startswith(f"| {test.id} {test.title} |")]
    assert len(rows) == 1
    assert len([cell for cell in rows[0].split(" | ") if cell.strip(" |")]) == 4


def test_the_rows_stand_in_the_rubrics_order_below_their_section():
    places = [GUIDE.index(f"| {test.id} {test.title} |") for test in TESTS]
    headings = [GUIDE.index(f"### {title}\n") for title in TITLES.values()]
    assert places == sorted(places)
    for heading, first in zip(headings, places[::7], strict=True):
        assert heading < first


@pytest.mark.parametrize("words", [*(words for _, words in BANDS), BEST])
def test_every_band_is_explained(words):
    assert f"| {words} |" in GUIDE
