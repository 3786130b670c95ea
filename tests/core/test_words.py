"""Lists in messages say what they leave out."""

from __future__ import annotations

from seakeep.core.words import listed


def test_a_list_that_fits_is_told_whole():
    assert listed([]) == ""
    assert listed(["a", "b", "c"]) == "a, b, c"


def test_a_longer_list_says_how_many_more_there_are():
    assert listed(["a", "b", "c", "d"], 1, between="; ") == "a and 3 more"
    assert listed(["a", "b", "c", "d"], 2, between="; ") == "a; b and 2 more"
