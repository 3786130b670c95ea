"""Docstrings as Markdown: doctests become code, and the words that open a part of a docstring stand out.

Loaded by mkdocstrings (see mkdocs.yml). The sources keep their own shape, which reads well in an editor; a page needs fences.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

PARTS = ("Parameters", "Returns", "Raises", "Source", "Examples", "Example")
_PART = re.compile(rf"^ *({'|'.join(PARTS)}): *", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrites every docstring once, when it has been read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(docstring: str) -> str:
    """The same docstring as Markdown."""
    lines: list[str] = []
    fenced = False
    for line in docstring.splitlines():
        is_code = line.lstrip().startswith(">>>") or (fenced and bool(line.strip()))
        if is_code != fenced:
            lines += ["", "```pycon"] if is_code else ["```", ""]
            fenced = is_code
        lines.append(line.strip() if fenced else _PART.sub(r"\n**\1.** ", line))
    return "\n".join([*lines, "```"] if fenced else lines)
