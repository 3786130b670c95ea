"""Nouns as self-contained HTML pages: no request leaves the page, with or without a network.

One call, `render`; what a page shows is worked out in `pages`, its pictures in `pictures` and `charts`, and its looks in
`templates`. Everything that came from a file is escaped, and the page's own policy (Content-Security-Policy, by digest)
forbids any script and style but the two written here, so that a hostile column name stays a name.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.core.report import Report
from seakeep.core.schema import Schema
from seakeep.core.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

TEMPLATES = Path(__file__).parent / "templates"


class CannotRender(UsageError):
    """There is no page for a value."""

    @classmethod
    def of(cls, value: object) -> CannotRender:
        return cls(
            f"found a value of type {type(value).__name__}, expected a Report, Statistics or Schema",
            cause="Only these nouns have a page.",
            fix="Call it with one of them: html.render(seakeep.profile(dataset)).",
            value=value,
        )


def render(noun: Report | Statistics | Schema, *, title: str = "") -> str:
    """The page of `noun`, a whole HTML document.

    Parameters: title: the page's heading; by default the noun's own.
    Returns: text to write as UTF-8. Equal nouns give equal pages: no time, no path, no host.
    Raises: CannotRender for anything else.
    """
    return _rendered(*_page(noun, title), "script.js")


def side_by_side(tables: Mapping[str, Statistics], *, title: str = "") -> str:
    """The page of any number of tables' statistics side by side, a whole HTML document; see `render`.

    Parameters: tables: by the name to show; others are compared with the first. Raises: CannotRender for none.
    """
    from seakeep.views.pages.side_by_side import side_by_side_page

    if not tables:
        raise CannotRender.of(tables)
    return _rendered("side_by_side.html.j2", side_by_side_page(tables, title=title), "side_by_side.js")


def _rendered(template: str, page: object, code: str) -> str:
    style, script = (_source(name) for name in ("style.css", code))
    return (
        _environment()
        .get_template(template)
        .render(page=page, style=style, script=script, style_hash=_policy_hash(style), script_hash=_policy_hash(script))
    )


def _page(noun: Report | Statistics | Schema, title: str) -> tuple[str, object]:
    from seakeep.views.pages.report import report_page
    from seakeep.views.pages.schema import schema_page
    from seakeep.views.pages.statistics import statistics_page

    if isinstance(noun, Report):
        return "report.html.j2", report_page(noun, title=title)
    if isinstance(noun, Statistics):
        return "statistics.html.j2", statistics_page(noun, title=title)
    if isinstance(noun, Schema):
        return "schema.html.j2", schema_page(noun, title=title)
    raise CannotRender.of(noun)


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )


@functools.cache
def _source(name: str) -> str:
    return "\n" + (TEMPLATES / name).read_text("utf-8")


def _policy_hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
