"""Pages from the command line: the option `-o page.html` and the file it writes, one way for every verb that judges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.report import Report

F = TypeVar("F", bound="Callable[..., Any]")


def page_option(function: F) -> F:
    """Adds `-o/--output FILE`, a path that ends in .html; the parameter is `output`."""
    path = click.Path(dir_okay=False, path_type=Path)
    return click.option("-o", "--output", type=path, callback=_checked, help="Write a page (.html).")(function)


def write_page(output: Path | None, report: Report) -> None:
    """Write the report's page, where one was asked for."""
    if output is not None:
        from seakeep.core.files import write_text
        from seakeep.views import html

        write_text(output, html.render(report))


def _checked(_context: click.Context, _option: click.Parameter, output: Path | None) -> Path | None:
    if output is not None and output.suffix != ".html":
        raise click.BadParameter(f"{output} does not end in .html")
    return output
