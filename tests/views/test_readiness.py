"""A readiness report for people: the terminal's scorecard, the page in a browser, the badge."""

from __future__ import annotations

import shutil
import subprocess
from xml.etree import ElementTree as ET

import pytest

from seakeep.core import Report
from seakeep.pipeline.readiness import TESTS, Finding, Piece, report
from seakeep.views import html, terminal
from seakeep.views.badge import badge
from seakeep.views.readiness import score, sections, summary

from .conftest import HOSTILE

CHROMIUM = shutil.which("chromium")
PIECE = Piece("window of a week", "ab" * 32, 1_780_000_000.0, 900)


def made(points: dict[str, str], **given: object) -> Report:
    """A report in which every test has nothing but those given."""
    found = {
        test.id: Finding(points.get(test.id, "nothing"), "It holds.", "a label", "seakeep labels tips", (PIECE,))  # type: ignore[arg-type]
        for test in TESTS
    }
    return report("tips", "tips@3", found, **given)  # type: ignore[arg-type]


HALF = made({test.id: "by hand" for test in TESTS} | {"D1": "automatic", "M2": "contradicted"})


def test_the_score_is_the_least_section():
    assert (score(HALF), sections(HALF)["Features and data"], sections(HALF)["Model development"]) == (3.0, 4.0, 3.0)
    assert summary(HALF).endswith("Held down by model development.")
    assert "Held down" not in summary(made({}))


def test_the_scorecard_has_every_test_its_points_and_the_next_line():
    text = terminal.text(terminal.drawn(HALF))
    assert "Readiness of tips@3: 3 of 7" in text
    assert "Features and data  ████████░░░░░░  4 of 7" in text
    assert all(f"{test.id} {test.title}" in text for test in TESTS)
    assert "✓ 1 D1 Feature expectations" in text
    assert "? ½ D2 All features" in text
    assert "✗ 0 M2 Offline" in text
    assert text.count("→ seakeep labels tips") == 27
    assert "· window of a week abababababab of 2026-05-28" in text


def test_a_narrow_terminal_gets_it_too():
    text = terminal.text(terminal.drawn(HALF), width=40)
    assert max(map(len, text.splitlines())) <= 40
    assert "3 of 7" in text


def test_a_report_without_its_tables_is_drawn_as_far_as_it_goes():
    bare = Report("readiness", "Readiness of tips", "tips")
    assert terminal.text(terminal.drawn(bare)).startswith("Readiness of tips: 0 of 7")
    assert "0 of 7" in html.render(bare)
    assert "0 of 7" in badge(bare)


def test_hostile_words_move_no_cursor_and_end_no_element():
    for name in HOSTILE:
        found = {test.id: Finding("by hand", name, name, name, (Piece(name, name, 0.0),)) for test in TESTS}
        noun = report(name, name, found)
        assert "\x1b" not in terminal.text(terminal.drawn(noun))
        page = html.render(noun)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        ET.fromstring(badge(noun))


def test_the_page_leads_with_the_score_and_shows_every_piece_of_evidence():
    page = html.render(HALF)
    assert '<div class="word">3 of 7</div>' in page
    assert "Score by section" in page
    assert page.count("window of a week") >= 28
    assert all(test.title.replace("'", "&#39;") in page for test in TESTS)
    assert html.render(HALF) == page


@pytest.mark.parametrize(("how", "words"), [("nothing", "0 of 7"), ("by hand", "3.5 of 7"), ("automatic", "7 of 7")])
def test_the_badge_says_the_score_in_words_and_in_its_title(how, words):
    text = badge(made({test.id: how for test in TESTS}))
    root = ET.fromstring(text)
    space = {"s": "http://www.w3.org/2000/svg"}
    title = root.find("s:title", space)
    assert title is not None
    assert title.text is not None
    assert title.text.startswith(f"ML Test Score: {words}.")
    assert root.get("aria-labelledby") == title.get("id")
    assert [each.text for each in root.findall(".//s:text", space)] == ["ML Test Score", words]
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert badge(made({test.id: how for test in TESTS})) == text


def test_white_on_every_colour_of_the_badge_can_be_read():
    from seakeep.views.badge import _COLOURS

    for _, colour in _COLOURS:
        assert contrast(colour, "#ffffff") >= 4.5
    assert contrast("#3b4252", "#ffffff") >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, section 1.4.3."""
    light = sorted((luminance(one), luminance(other)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
@pytest.mark.parametrize("name", ["page.html", "badge.svg"])
def test_a_browser_shows_the_page_and_the_badge(tmp_path, name):
    file = tmp_path / name
    file.write_text(html.render(HALF) if name == "page.html" else badge(HALF), "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [str(CHROMIUM), *flags, "--dump-dom", file.as_uri()]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "3 of 7" in seen
    assert "ML Test Score" in seen
    if name == "page.html":
        assert seen.count('<article class="check') == 27
        assert "Points by section" in seen
