from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from seakeep.core import Table
from seakeep.views import figures, markdown

commonmark = MarkdownIt("commonmark", {"html": True}).enable("table")


def rendered(text: str) -> str:
    """The text that a reader of the rendered Markdown sees, tags left out."""
    return re.sub(r"<[^>]*>", "", commonmark.render(text))


@given(st.text())
def test_escaped_text_is_shown_as_it_stands(text):
    tokens = commonmark.parse(f"x {markdown.escaped(text)} x")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    kinds = {child.type for child in tokens[1].children or ()}
    assert kinds <= {"text", "text_special"}
    shown = "".join(child.content for child in tokens[1].children or ())
    assert shown == f"x {figures.visible(text)} x"


@given(st.text(min_size=1).filter(str.strip))
def test_code_is_shown_as_it_stands(text):
    tokens = commonmark.parse(f"x {markdown.code(text)} x")
    found = [child for child in tokens[1].children or () if child.type == "code_inline"]
    assert [child.content.strip() for child in found] == [figures.visible(text).strip()]


@given(st.lists(st.tuples(st.text(), st.floats() | st.none()), min_size=1, max_size=5))
def test_a_table_has_as_many_cells_as_it_was_given(rows):
    html = commonmark.render(markdown.grid(("name", "value"), rows))
    assert html.count("<td") == 2 * len(rows)
    assert html.count("<th") - html.count("<thead") == 2
    assert "<script" not in html


def test_a_cut_table_says_how_many_are_left_out():
    table = Table("t", "", ("n",), ((1,), (2,), (3,)), "A note.")
    assert markdown.table(table, rows=1).endswith("2 more in the report.\n\nA note.\n")


def test_names_with_underscores_read_as_they_are():
    assert markdown.escaped("roc_auc at_least _x_") == "roc_auc at_least \\_x\\_"
