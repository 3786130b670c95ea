"""Laws that hold of every chart, whatever numbers and labels it is given."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.views.charts import (
    Bar,
    Dot,
    Level,
    Line,
    Mark,
    Pair,
    Phase,
    Range,
    Series,
    Strip,
    bars,
    curve,
    dots,
    heat_map,
    histogram,
    line,
    paired,
    ranges,
    strips,
    timeline,
)

any_float = st.floats() | st.sampled_from([1e308, -1e308, 5e-324, 0.0, -0.0])
bounds = st.none() | any_float
label = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
units = st.sampled_from(["", "share", "timestamp", "seconds", "bytes"])


def drawn(picture: str) -> ET.Element:
    """The parsed picture; its numbers are finite and lie near its canvas."""
    root = ET.fromstring(picture)
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    for element in root.iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "d"):
            for found in re.findall(r"[-+]?[\d.]+(?:e[-+]?\d+)?|nan|inf", element.get(name, "")):
                assert -20 <= float(found) <= max(width, height) + 20, (name, element.attrib)
    return root


@given(st.lists(st.builds(Bar, label, any_float, bounds, bounds, threshold=bounds), max_size=8), bounds, units)
def test_bars_draw_any_numbers(rows, threshold, unit):
    drawn(bars(rows, title="Bars", threshold=threshold, unit=unit))


@given(st.lists(st.builds(Dot, label, any_float, bounds, bounds, st.booleans()), max_size=8), bounds, units)
def test_dots_draw_any_numbers(rows, threshold, unit):
    drawn(dots(rows, title="Dots", threshold=threshold, unit=unit))


def test_a_bold_label_beside_short_ones_is_whole():
    picture = dots([Dot("all rows", 0.7, leads=True), Dot("zone=a", 0.6)], title="Dots")
    assert ">all rows</text>" in picture


@given(
    st.lists(
        st.builds(Series, label, st.lists(st.tuples(any_float, any_float), max_size=6), st.booleans()), max_size=6
    ),
    st.booleans(),
)
def test_curves_draw_any_numbers(series, spanned):
    drawn(curve(series, title="Curves", x="x", y="y", diagonal=True, span=(0.0, 1.0) if spanned else None))


@given(st.data(), st.integers(0, 14), st.integers(0, 14))
def test_heat_maps_draw_any_numbers(data, rows, columns):
    amounts = st.floats(min_value=0) | st.integers(0, 10**20)
    cells = [data.draw(st.lists(amounts, min_size=columns, max_size=columns)) for _ in range(rows)]
    names = [str(i) for i in range(columns)]
    drawn(heat_map([str(i) for i in range(rows)], names, cells, title="Cells", x="predicted", y="actual"))


@given(st.lists(any_float, min_size=2, max_size=6).map(sorted), st.data(), units)
def test_histograms_draw_any_numbers(edges, data, unit):
    counts = data.draw(st.lists(st.floats(min_value=0), min_size=len(edges) - 1, max_size=len(edges) - 1))
    drawn(histogram(edges, counts, title="Histogram", unit=unit, marks=[(edges[0], "least")]))


@pytest.mark.parametrize(
    "picture",
    [
        bars([], title="x"),
        dots([], title="x"),
        curve([], title="x", x="x", y="y"),
        heat_map([], [], [], title="x", x="x", y="y"),
        histogram([], [], title="x"),
        line([], title="x"),
        line([Line("nan", [(0.0, float("nan"))])], title="x", levels=[Level(1.0)]),
        paired([], title="x"),
        ranges([], title="x"),
        strips([], title="x"),
        timeline([], title="x"),
    ],
)
def test_nothing_to_draw_says_so(picture):
    assert re.search("Nothing to draw|No values to draw", picture)


def test_a_bar_is_as_long_as_its_value():
    root = drawn(bars([Bar("a", 1.0), Bar("b", 0.5), Bar("c", -0.5)], title="Bars"))
    a, b, c = (float(rect.attrib["width"]) for rect in root.iter("rect"))
    assert a == pytest.approx(2 * b, abs=0.1)
    assert b == pytest.approx(c, abs=0.1)


def test_histogram_bars_are_as_high_as_their_counts():
    root = drawn(histogram([0.0, 1.0, 2.0, 3.0], [4.0, 2.0, 0.0], title="Histogram"))
    first, second = (float(rect.attrib["height"]) for rect in root.iter("rect"))
    assert first == pytest.approx(2 * second, abs=0.1)


def test_whole_numbers_tick_on_whole_numbers():
    assert re.findall(r'class="tick">([^<]+)<', histogram([0.5, 1.5, 2.5], [1, 2], title="x", whole=True)) == ["1", "2"]


def test_dots_show_their_interval_in_words():
    assert "UA 0.7 (0.68 to 0.72)" in dots([Dot("UA", 0.7, 0.68, 0.72)], title="Dots")


def test_a_curve_is_broken_where_a_point_is_not_finite():
    picture = curve([Series("s", [(0, 0), (0.5, 0.5), (float("nan"), 1), (0.8, 0.9), (1, 1)])], title="c", x="x", y="y")
    path = next(element.attrib["d"] for element in drawn(picture).iter("path"))
    assert path.count("M") == 2


def test_several_series_are_named_below():
    picture = curve([Series("one", [(0, 0), (1, 1)]), Series("two", [(0, 1), (1, 0)])], title="c", x="x", y="y")
    assert [text.text for text in drawn(picture).iter("text")][-2:] == ["one", "two"]


def test_a_large_confusion_draws_its_first_rows_and_says_so():
    names = [str(i) for i in range(30)]
    picture = heat_map(names, names, [[1.0] * 30] * 30, title="c", x="x", y="y")
    assert len(list(drawn(picture).iter("rect"))) == 144
    assert "the rest is in the table" in picture


points = st.lists(st.tuples(any_float, any_float), max_size=6)


@given(
    st.lists(st.builds(Line, label, points, st.lists(st.tuples(any_float, any_float), max_size=6)), max_size=6),
    st.lists(st.builds(Level, any_float, label), max_size=3),
    st.lists(st.builds(Mark, any_float, label, st.booleans()), max_size=4),
    units,
    units,
)
def test_lines_draw_any_numbers(lines, levels, marks, unit, across):
    drawn(line(lines, title="Lines", x="x", y="y", unit=unit, across=across, levels=levels, marks=marks))


@given(
    st.lists(st.builds(Phase, label, any_float, any_float, st.sampled_from(["", "pass", "fail"]), label), max_size=8)
)
def test_timelines_draw_any_numbers(phases):
    drawn(timeline(phases, title="Phases"))


@given(st.lists(st.builds(Pair, label, any_float, any_float), max_size=8))
def test_pairs_draw_any_numbers(rows):
    drawn(paired(rows, title="Pairs"))


@given(st.lists(st.builds(Range, label, any_float, bounds, bounds, st.booleans()), max_size=8), units)
def test_ranges_draw_any_numbers(rows, unit):
    drawn(ranges(rows, title="Ranges", unit=unit, name="distance"))


@given(st.lists(st.builds(Strip, label, points), max_size=6))
def test_strips_draw_any_numbers(rows):
    drawn(strips(rows, title="Strips"))


def test_a_long_line_is_thinned_and_keeps_what_exceeds_the_threshold():
    values = [(float(i), 0.1) for i in range(20_000)]
    values[12_345] = (12_345.0, 0.9)
    picture = line([Line("psi", values)], title="Windows", across="", levels=[Level(0.2, "threshold")])
    path = next(part.attrib["d"] for part in drawn(picture).iter("path"))
    assert path.count("L") < 400
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert min(heights) < sorted(heights)[1] - 50
    assert "psi from 0.1 to 0.9, last 0.1; threshold 0.2" in picture


def test_a_line_is_broken_where_a_value_is_missing_and_a_lone_value_is_a_dot():
    gaps = [(0.0, 1.0), (1.0, 2.0), (2.0, float("nan")), (3.0, 1.0), (4.0, float("nan")), (5.0, 2.0), (6.0, 1.0)]
    root = drawn(line([Line("auc", gaps)], title="Decay", across=""))
    assert next(part.attrib["d"] for part in root.iter("path")).count("M") == 3
    assert len(list(root.iter("circle"))) == 1


def test_a_thinned_line_keeps_its_band():
    values = [(float(i), float(i % 7)) for i in range(5_000)]
    band = [(y - 1, y + 1) for _, y in values]
    picture = line([Line("auc", values, band)], title="Decay", across="")
    assert picture.count('class="band series-0"') == 1


def test_a_strip_shows_the_worst_of_the_windows_in_a_cell():
    quiet = [(float(i), 0.1) for i in range(1000)]
    root = drawn(strips([Strip("temp", [*quiet[:500], (500.5, 3.0), *quiet[500:]])], title="Strips"))
    cells = [cell.attrib["class"] for cell in root.iter("rect")]
    assert len(cells) == 48
    assert cells.count("cell out") == 1


def test_how_a_phase_ended_is_told_by_a_sign_and_in_words():
    hour = 3.6e9
    phases = [Phase("shadow", 0.0, hour, "pass"), Phase("canary 5 %", hour, 2 * hour, "fail", "1 h")]
    picture = timeline(phases, title="Rollout")
    assert picture.count('class="disc ') == 2
    assert "canary 5 % (1 h): 1970-01-01 01:00 to 1970-01-01 02:00, failed" in picture


def test_a_pair_tells_both_shares_in_words():
    assert "EV: 12 % before, 31 % now" in paired([Pair("EV", 0.12, 0.31)], title="carrier")


def test_a_range_tells_what_unchanged_data_reaches():
    assert "temp 0.6, at most 0.2; unchanged data reaches 0.05" in ranges(
        [Range("temp", 0.6, 0.05, 0.2, True)], title="psi"
    )


def test_one_moment_alone_is_a_dot_with_its_interval_within_its_hour():
    noon = 1_370_044_800_000_000.0
    picture = line([Line("roc_auc", [(noon, 0.7)], [(0.65, 0.75)])], title="Decay")
    assert picture.count('class="interval series-0"') == 1
    assert "2013-06-01" in picture
    assert ">2040<" not in picture


def test_rates_that_are_all_zero_lie_on_the_axis():
    picture = line(
        [Line("champion", [(0.0, 0.0), (1.0, 0.0)])], title="Errors", unit="share", across="", from_zero=True
    )
    assert "−" not in picture
    assert ">1 %<" in picture
