"""The blocks of the documentation that say they run: what stands after `<!-- run -->` in a Markdown file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(
    r"^<!-- run(?:: background until (\S+)|: exit ([\d ]+)|: (asking))? -->\n```(bash|python)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FENCE = re.compile(r"^(`{3,})(\w*)[^\n]*\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """language: "bash" or "python". ready: for a block that keeps running, the address that answers once it is ready.

    codes: with which exit codes it may end, where a page says so. asking: it asks the quickstart's server, in that project's folder.
    """

    language: str
    code: str
    ready: str = ""
    codes: tuple[int, ...] = (0,)
    asking: bool = False


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path, *, asking: bool = False) -> list[Block]:
    """The runnable blocks of a page, those that ask the quickstart's server or the others.

    Neighbouring ones of Python are one program, as a reader takes them.
    """
    found: list[Block] = []
    for ready, codes, asks, language, code in _BLOCK.findall(page.read_text("utf-8")):
        if bool(asks) is not asking:
            continue
        if language == "python" and found and found[-1].language == "python":
            found[-1] = Block("python", found[-1].code + "\n" + code, asking=asking)
        else:
            found.append(Block(language, code, ready, tuple(map(int, codes.split())) or (0,), asking))
    return found


def fences(page: Path) -> list[tuple[str, str]]:
    """Every fenced block of a page: language and content."""
    return [(language, code) for _, language, code in _FENCE.findall(page.read_text("utf-8"))]
