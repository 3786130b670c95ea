"""Tables side by side: one axis a column, distances from the first table, drawn by a browser, safe whatever the names are."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seakeep.core.statistics import Statistics
from seakeep.data import profile_frame
from seakeep.views import html
from seakeep.views.html import CannotRender
from seakeep.views.pages.side_by_side import side_by_side_page

CHROMIUM = shutil.which("chromium")


def table(seed: int, *, moved: float = 0.0, rows: int = 500) -> Statistics:
    random = np.random.default_rng(seed)
    return profile_frame(
        pl.DataFrame(
            {
                "distance": random.lognormal(6 + moved, 1, rows),
                "hour": random.integers(0, 24, rows),
                "carrier": random.choice(["UA", "B6", "</script><b>"], rows, p=[0.5 - moved / 4, 0.3, 0.2 + moved / 4]),
                "late": random.random(rows) < 0.2,
                "when": pl.Series(np.datetime64("2024-01-01") + random.integers(0, 90, rows).astype("timedelta64[D]")),
                "legs": [[1, 2]] * rows,
                "plane": [{"seats": 3}] * rows,
                "none": [None] * rows,
            }
        )
    )


def cards(*tables: Statistics) -> dict[str, dict[str, object]]:
    page = side_by_side_page({f"t{i}": one for i, one in enumerate(tables)})
    return {card["name"]: card for card in json.loads(page.data)["cards"]}


def test_every_column_item_and_field_has_a_card():
    assert list(cards(table(0))) == [
        *("distance", "hour", "carrier", "late", "when", "legs", "legs[]", "plane", "plane.seats", "none"),
    ]


def test_shares_are_over_common_bins_and_add_to_one():
    for name, card in cards(table(0), table(1, moved=1.0)).items():
        for shares in card["shares"]:
            if name not in ("none", "plane"):
                assert sum(shares) == pytest.approx(1.0, abs=0.01), name
                assert len(shares) == len(card["shares"][0])


def test_the_column_that_moved_is_the_farthest_apart():
    found = cards(table(0), table(1), table(2, moved=1.0))
    apart = {name: card["apart"] for name, card in found.items()}
    assert max(apart, key=apart.get) == "distance"
    assert apart["legs"] == apart["none"] == apart["plane.seats"] == 0.0
    assert all(0 <= one <= 1 for one in apart.values())
    assert {card["apart"] for card in cards(table(3), table(3)).values()} == {0.0}


def test_a_column_that_one_table_lacks_says_so():
    lacking = table(0).select(("distance", "carrier"))
    card = cards(table(0), lacking)["hour"]
    assert card["facts"][1] == ["no such column", ""]
    assert (card["apart"], card["shares"][1], card["missing"]) == (1.0, [], 1.0)


def test_columns_of_two_kinds_and_tables_without_rows_have_a_card():
    texts = profile_frame(pl.DataFrame({"hour": ["a", "b"]}))
    numbers = profile_frame(pl.DataFrame({"hour": [0.5]}))
    found = cards(table(0), texts, numbers, profile_frame(pl.DataFrame({"hour": pl.Series([], dtype=pl.Int8)})))
    assert found["hour"]["kinds"] == ["integer", "string", "number"]
    assert "values" in found["hour"]


def test_names_from_files_cannot_leave_the_data():
    page = html.side_by_side({"</script><script>alert(1)</script>": table(0)})
    assert page.count("</script>") == 2
    assert "alert(1)</script>" not in page


def test_no_tables_have_no_page():
    with pytest.raises(CannotRender):
        html.side_by_side({})


def test_three_hundred_columns_weigh_less_than_a_megabyte():
    random = np.random.default_rng(0)
    columns = {f"column_{i}": random.normal(size=200) for i in range(300)}
    one = profile_frame(pl.DataFrame(columns))
    assert len(html.side_by_side({"a": one, "b": one, "c": one})) < 500_000


def browsed(path: Path, *, script: str = "") -> str:
    """The page as a browser has it once its script has run, and `script` after it."""
    if script:
        page = (
            path.read_text()
            .replace("script-src '", "script-src 'unsafe-inline' 'x")
            .replace("</body>", f"<script>{script}</script></body>")
        )
        path.write_text(page)
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom"]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
def test_a_browser_draws_what_is_in_sight_and_finds(tmp_path):
    page = tmp_path / "page.html"
    random = np.random.default_rng(0)
    columns = {f"column_{i}": random.normal(size=50) for i in range(120)}
    page.write_text(html.side_by_side({"one": profile_frame(pl.DataFrame(columns)), "two": table(1)}))
    seen = browsed(page)
    assert "130 columns" in seen
    assert 2 < seen.count('<svg class="chart"') < 60
    acts = (
        "search.value='carrier'; search.dispatchEvent(new Event('input')); for (const e of elements) fill(e, e.card);"
    )
    assert "1 of 130 columns" in browsed(page, script=acts)
