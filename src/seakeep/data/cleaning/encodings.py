"""Texts that were decoded with the wrong table, turned back: `CafÃ©` was `Café`.

Called by the step fix_encoding and the finding `encoding`. Only a text that holds a telltale pair is tried; it is taken when its
characters are the bytes of valid UTF-8 in Windows-1252 (or Latin-1, for the five bytes that the former leaves out).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MOJIBAKE = r"[ÂÃÄÅÐÑØÙ][\x{0080}-\x{00BF}ŒœŠšŽžŸƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]|â[\x{0080}-\x{009F}€‚„†‡ˆ‰‹˜™š›œž–—‘’“”•…][\x{0080}-\x{00BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|ï»¿"
CONTROLS = r"[\x{0000}-\x{0008}\x{000B}\x{000C}\x{000E}-\x{001F}\x{007F}-\x{009F}]"
INVISIBLE = r"[\x{FEFF}\x{200B}\x{2060}]"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def mended(texts: pl.Series) -> pl.Series:
    """The texts as they were meant; equal ones are looked at once."""
    broken = texts.str.contains(MOJIBAKE).fill_null(value=False)
    if broken.any():
        spoilt = texts.filter(broken).unique().to_list()
        texts = texts.replace({text: turned_back(text) for text in spoilt})
    return texts.str.replace_all(CONTROLS, "").str.replace_all(INVISIBLE, "")


def turned_back(text: str) -> str:
    """The text whose UTF-8 bytes were read as Windows-1252, twice if it happened twice; itself where it was not.

    >>> turned_back("CafÃ©"), turned_back("Straße")
    ('Café', 'Straße')
    """
    for _ in range(2):
        try:
            meant = b"".join(_byte(sign) for sign in text).decode("utf-8")
        except UnicodeError:
            return text
        if meant == text:
            return text
        text = meant
    return text


def _byte(sign: str) -> bytes:
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")
