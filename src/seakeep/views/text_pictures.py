"""Pictures made of letters, for places that draw nothing: a comment on a pull request, a job's summary, a mail.

GitHub and GitLab take images from an address only and strip embedded ones, and they draw different versions of Mermaid; block and line signs
look the same in both, and in a terminal. A picture is one line, so that it fits a cell of a table.
"""

from __future__ import annotations

import math

WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, *, width: int = WIDTH) -> str:
    """A bar of `width` signs, filled to a share of 0 to 1; more than nothing is never drawn as nothing.

    >>> bar(0.5, width=4), bar(0.0001, width=4), bar(1.5, width=4)
    ('██░░', '▏░░░', '████')
    """
    if not math.isfinite(share) or share <= 0:
        return "░" * width
    eighths = min(max(1, round(share * width * 8)), width * 8)
    whole, rest = divmod(eighths, 8)
    drawn = "█" * whole + (_EIGHTHS[rest] if rest else "")
    return drawn + "░" * (width - len(drawn))


def interval(value: float, low: float | None, high: float | None, *, threshold: float, width: int = WIDTH) -> str:
    """A value with its interval beside the threshold, on an axis that holds all of them: "──├──●──┤────┃──".

    Where two signs fall together the value hides the others, and the threshold the interval's ends.

    >>> interval(0.72, 0.70, 0.74, threshold=0.78, width=12)
    '├──●──┤────┃'
    """
    known = [each for each in (value, low, high, threshold) if each is not None and math.isfinite(each)]
    if not known or not math.isfinite(value):
        return "─" * width
    least, most = min(known), max(known)
    spread = (most - least) or 1.0

    def place(number: float) -> int:
        return min(max(round((number - least) / spread * (width - 1)), 0), width - 1)

    signs = ["─"] * width
    if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
        signs[place(low)], signs[place(high)] = "├", "┤"
    if math.isfinite(threshold):
        signs[place(threshold)] = "┃"
    signs[place(value)] = "●"
    return "".join(signs)
