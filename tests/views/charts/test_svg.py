from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from seakeep.views.charts import svg
from seakeep.views.charts.scales import Scale

printable = st.text(st.characters(exclude_categories=["Cs"]))


@given(printable, printable)
def test_any_text_is_escaped_and_reads_back(title, words):
    picture = ET.fromstring(svg.canvas([svg.text(words, 0.0, 0.0)], height=10.0, title=title, description=words))
    assert [child.tag for child in picture] == ["text"]
    assert picture.get("role") == "img"


def test_a_picture_has_a_name():
    assert 'aria-label="Title. Words"' in svg.canvas([], height=1.0, title="Title", description="Words")


@given(printable, st.floats(20, 400))
def test_fitted_labels_fit(label, room):
    shown = svg.fitted(label, room)
    assert svg.width(shown) <= room or len(shown) <= 4


def test_labels_that_would_touch_are_thinned_evenly():
    scale = Scale(0.0, 10.0, 0.0, 200.0)
    parts = svg.bottom_axis(scale, [(float(i), f"label {i}") for i in range(11)], 0.0)
    shown = [part.partition(">")[2].partition("<")[0] for part in parts if part.startswith("<text")]
    assert shown == ["label 0", "label 4", "label 8"]


def test_a_picture_of_nothing_says_so():
    assert "Nothing to draw" in svg.nothing("Empty")
