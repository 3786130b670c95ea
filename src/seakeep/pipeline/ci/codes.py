"""The codes of checks that only the check of a change makes. The docs list them."""

from __future__ import annotations

BASE, DONE = "contract.base", "ci.done"
CODES = {
    BASE: "The base branch's contract could be read, or it has none; inconclusive where this clone lacks the branch.",
    DONE: "The check of a change was done; it fails where the project's code, or the check itself, broke off.",
}
