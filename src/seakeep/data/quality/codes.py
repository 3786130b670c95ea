"""Every check that `inspect` can make, by code, in one sentence each; taken from the kinds of finding themselves."""

from __future__ import annotations

from seakeep.core import plugins
from seakeep.data.quality.finding import GROUP

CODES: dict[str, str] = {
    "quality.rows": "The table has rows to look at.",
    **{f"quality.{name}": plugins.load(GROUP, name).MEANING for name in plugins.names(GROUP)},
}
