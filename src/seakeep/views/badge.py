"""The badge of a readiness report: one small SVG for a README, drawn here, with a name for those who do not see it.

Its colour says nothing that its words do not, and its text is set to a stated width, so that it looks alike in every font.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from seakeep.views.readiness import score, summary

if TYPE_CHECKING:
    from seakeep.core.report import Report

LABEL = "ML Test Score"
_COLOURS = ((1.0, "#a3341f"), (2.0, "#8a5a00"), (3.0, "#3d6b1f"), (7.0, "#1d6b4a"))
"""Up to which score; each carries white text at a contrast of at least 4.5."""
_HEIGHT, _PAD, _LETTER = 20, 8, 6.6


def badge(report: Report) -> str:
    """The badge as SVG text, ending in a newline. Equal reports give equal badges."""
    found = score(report)
    words = f"{found:g} of 7"
    colour = next(colour for most, colour in _COLOURS if found <= most)
    left, right = (round(len(text) * _LETTER) + 2 * _PAD for text in (LABEL, words))
    title = escape(f"{LABEL}: {words}. {summary(report)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img" '
        f'viewBox="0 0 {left + right} {_HEIGHT}" aria-labelledby="title">\n'
        f'<title id="title">{title}</title>\n'
        f'<clipPath id="round"><rect width="{left + right}" height="{_HEIGHT}" rx="4"/></clipPath>\n'
        f'<g clip-path="url(#round)"><rect width="{left}" height="{_HEIGHT}" fill="#3b4252"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{colour}"/></g>\n'
        f'<g fill="#ffffff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11" aria-hidden="true">\n'
        f"{_text(LABEL, _PAD, left)}\n{_text(words, left + _PAD, right)}\n</g>\n</svg>\n"
    )


def _text(words: str, x: int, width: int) -> str:
    length = width - 2 * _PAD
    return f'<text x="{x}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs">{escape(words)}</text>'
