from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Check, Report, Schema, Statistics, Table, Verdict
from seakeep.views import html

from . import examples
from .conftest import HOSTILE

VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """A page's elements, checked for balance while they are read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.parts.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())


NOUNS = ["statistics", "evaluation", "training", "schema", "drift_report", "monitoring_report", "rollout_report"]


@pytest.fixture(params=[*NOUNS, "hostile_statistics", "hostile_report", "hostile_life"])
def noun(request):
    return request.getfixturevalue(request.param)


def test_a_page_asks_the_network_for_nothing(noun):
    page = Page(html.render(noun))
    for _, attributes in page.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))
    style = re.findall(r"<style>(.*?)</style>", html.render(noun), re.DOTALL)
    assert len(style) == 1
    assert not re.search(r"url\(|@import|https?:", style[0])


def test_hostile_content_stays_text(hostile_report, hostile_statistics, hostile_life):
    for noun in (hostile_report, hostile_statistics, hostile_life):
        page = Page(html.render(noun, title=HOSTILE[0]))
        assert len(page.all("script")) == 1
        assert not page.all("img", "iframe", "object", "embed", "base")
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert "alert(1)" in page.text
        assert "{{ 7 * 7 }}" in page.text
        assert "49" not in re.findall(r"\b49\b", page.text)


def test_characters_that_reorder_or_hide_are_written_out(hostile_report):
    text = html.render(hostile_report)
    assert not set("\u202e\x1b\x07") & set(text)
    assert "\\u202etxt.exe" in text


def test_the_policy_allows_the_pages_own_script_and_style_only(noun):
    text = html.render(noun)
    policy = next(a["content"] for a in Page(text).all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        content = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[0]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not [a for _, a in Page(text).elements if "style" in a]


def test_every_table_has_a_caption_and_every_picture_a_name(noun):
    page = Page(html.render(noun))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(a.get("aria-label") for a in page.all("svg") if a.get("class") == "chart")
    assert all(a.get("scope") for a in page.all("th"))


def test_headings_descend_one_level_at_a_time(noun):
    levels = [int(tag[1]) for tag, _ in Page(html.render(noun)).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_links_and_labels_lead_to_one_place_each(noun):
    page = Page(html.render(noun))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in page.all("a")] + [
        a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a
    ]
    assert set(targets) <= set(ids)


def test_equal_nouns_give_equal_pages(noun):
    assert html.render(noun) == html.render(noun)


def test_a_report_shows_its_verdict_first_and_what_to_do(evaluation):
    text = Page(html.render(evaluation)).text
    assert text.index("Fail") < text.index("Of 3 checks: 1 failed, 1 inconclusive, 1 passed.") < text.index("0.21")
    assert "seakeep show it" in text
    assert "0.68 to 0.72" in text


def test_the_headline_holds_the_metrics_of_all_rows(evaluation):
    numbers = html.render(evaluation).partition('aria-label="Key figures"')[2].partition("</dl>")[0]
    assert "roc_auc" in numbers
    assert numbers.count("<dd>0.7</dd>") == 2


def test_a_report_without_checks_is_no_pass():
    text = Page(html.render(Report("validation", "", ""))).text
    assert "Nothing was checked, so nothing was found to be in order." in text


def test_one_passed_check_reads_well():
    report = Report("drift", "Drift", "", (Check("drift.psi", "a", Verdict.PASS, "Near.", 0.01, 0.2),))
    assert "The one check passed." in Page(html.render(report)).text


def test_drift_says_first_what_moved_and_by_how_much(drift_report):
    said = Page(html.render(drift_report)).text
    story = "temp moved most: kolmogorov_smirnov 0.4 where 0.1 is allowed, its mean went from 14.2 to 21.8"
    assert said.index("Fail") < said.index(story) < said.index("Of 6 checks: 4 failed, 2 passed.")


def test_a_column_that_moved_is_one_part_with_both_distributions(drift_report):
    text = html.render(drift_report)
    articles = re.findall(r'<article class="check fail drawn">(.*?)</article>', text, re.DOTALL)
    assert [re.findall(r"<h3><bdi>(.*?)</bdi>", article) for article in articles] == [["temp"], ["carrier"], ["humid"]]
    assert "drift.kolmogorov_smirnov, drift.psi" in articles[0]
    assert all(article.count('aria-label="') == 1 for article in articles)
    assert "EV went from 12 % to 31 % of the rows." in articles[1]


def test_a_distribution_is_not_drawn_twice(drift_report):
    assert html.render(drift_report).count('aria-label="temp: reference and current') == 1
    assert html.render(drift_report).count('aria-label="wind: reference and current') == 1


def test_windows_and_decay_are_drawn_over_time(monitoring_report):
    text = html.render(monitoring_report)
    assert "column_1: 14 of 72 windows above the threshold" in text
    assert 'aria-label="roc_auc over time. roc auc from' in text
    assert text.count('class="flag out"') == 14 + 16 + sum(0.74 - 0.004 * max(0, w - 12) < 0.7 for w in range(30))


def test_a_rollout_says_what_was_decided_and_after_how_many_requests(rollout_report):
    page = Page(html.render(rollout_report))
    assert "Rolled back: the challenger's rate of errors is" in page.text
    figures = html.render(rollout_report).partition('aria-label="Key figures"')[2].partition("</dl>")[0]
    assert "requests of the challenger" in figures
    assert "champion 0.893 %" in figures
    assert page.text.index("Phases") < page.text.index("Evidence against the challenger: errors")


def test_a_large_report_shows_its_furthest_columns_and_folds_the_rest():
    text = html.render(examples.large())
    assert text.count('<article class="check fail') == 24
    assert text.count('<article class="check fail drawn"') == 12
    assert "<summary>476 more checks</summary>" in text
    assert text.index("<bdi>column_499</bdi>") < text.index("<bdi>column_490</bdi>")
    assert len(text) < 3_000_000


def test_a_long_table_shows_its_first_rows_and_says_so():
    table = Table("rows", "Rows", ("n",), tuple((i,) for i in range(2000)))
    page = Page(html.render(Report("validation", "Long", "", (), (table,))))
    assert len(page.all("tr")) == 501
    assert "The first 500 of 2,000 rows" in page.text


def test_statistics_have_one_card_a_column_with_the_facts_that_sorting_needs(statistics):
    cards = [a for a in Page(html.render(statistics)).all("article") if a.get("class") == "card"]
    assert [card["data-name"] for card in cards] == list(statistics.columns)
    assert float(str(cards[1]["data-missing"])) == pytest.approx(0.15)
    assert cards[2]["data-distinct"] == "4"


def test_statistics_flag_what_is_out_of_the_ordinary(statistics):
    text = Page(html.render(statistics)).text
    assert "10 values NaN." in text
    assert "One value only." in text
    assert "Every value is missing." in text


def test_the_toolbar_waits_for_the_script(statistics):
    toolbar = next(a for _, a in Page(html.render(statistics)).elements if a.get("class") == "toolbar")
    assert "hidden" in toolbar


def test_empty_nouns_have_pages():
    assert "The table has no columns." in html.render(Statistics())
    assert html.render(Schema("empty"))


def test_a_schema_says_what_each_column_may_hold(schema):
    text = Page(html.render(schema)).text
    assert "one of A, B, C, D, E, F, G, H and 2 more; others up to 1 %" in text
    assert "afterwards" in text
    assert "0 to 5000" in text
    assert "all different" in text


def test_another_value_is_refused_with_what_to_do():
    with pytest.raises(html.CannotRender) as caught:
        html.render(3)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "found a value of type int, expected a Report, Statistics or Schema\n"
        "  Only these nouns have a page.\n"
        "  Call it with one of them: html.render(seakeep.profile(dataset))."
    )


@given(st.text(), st.text(), st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_any_check_has_a_page(subject, message, value):
    check = Check("any.code", subject, Verdict.FAIL, message, value, value, message, {"value": [message]})
    Page(html.render(Report("validation", subject, message, (check,))))


def _colours(dark: bool) -> dict[str, str]:
    style = (html.TEMPLATES / "style.css").read_text()
    light_part, dark_part = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light_part))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark_part)) if dark else {})


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT = [(ink, paper) for ink in ("ink", "quiet", "link") for paper in ("paper", "surface")]
TEXT += [(v, f"{v}-wash") for v in ("pass", "fail", "inconclusive")] + [("ink", "wash"), ("ink", "fail-wash")]
TEXT += [("inconclusive", "surface"), ("on-light", "h0"), ("on-light", "h2"), ("on-dark", "h3"), ("on-dark", "h5")]
SHAPES = [("data", "surface"), ("s1", "surface"), ("s2", "surface"), ("s3", "surface"), ("interval-on", "data-soft")]
SHAPES += [("threshold", "surface"), ("surface", "pass"), ("surface", "fail")]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_meet_wcag_aa(dark):
    colours = _colours(dark)
    colours["interval-on"] = colours["ink"]
    for ink, paper in TEXT:
        assert _contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
    for shape, paper in SHAPES:
        assert _contrast(colours[shape], colours[paper]) >= 3.0, (shape, paper)


CHROMIUM = shutil.which("chromium")


def browsed(text: str, folder) -> Page:
    """The page as a browser has it once its script has run."""
    page = folder / "page.html"
    page.write_text(text, "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", f"--user-data-dir={folder / 'profile'}"]
    command = [str(CHROMIUM), *flags, "--dump-dom", page.as_uri()]
    return Page(subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout)


def shown_cards(page: Page) -> list[str]:
    return [str(a["data-name"]) for a in page.all("article") if a.get("class") == "card" and "hidden" not in a]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
def test_a_browser_runs_the_script_and_shows_the_toolbar(statistics, tmp_path):
    page = browsed(html.render(statistics), tmp_path)
    toolbar = next(a for _, a in page.elements if a.get("class") == "toolbar")
    assert "hidden" not in toolbar
    assert "9 columns" in page.text
    assert shown_cards(page) == list(statistics.columns)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
def test_columns_can_be_found_and_sorted(statistics, tmp_path):
    typed = """
    const say = (part, value, kind) => { part.value = value; part.dispatchEvent(new Event(kind)); };
    say(document.querySelector("select"), "missing", "change");
    say(document.querySelector("input"), "NUM", "input");
    </script>"""
    text = re.sub(r"<meta http-equiv=[^>]*>", "", html.render(statistics)).replace("</script>", typed)
    page = browsed(text, tmp_path)
    assert shown_cards(page) == ["delay", "extreme"]
    assert "2 of 9 columns" in page.text


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
@pytest.mark.parametrize("name", ["drift_report", "monitoring_report", "rollout_report", "hostile_life"])
def test_a_browser_draws_every_picture_of_a_life(name, request, tmp_path):
    text = html.render(request.getfixturevalue(name))
    page = browsed(text, tmp_path)
    assert page.text == Page(text).text
    assert len(page.all("svg")) == len(Page(text).all("svg")) > 0
