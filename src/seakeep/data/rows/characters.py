"""Characters as a contract's pattern names them: classes of POSIX and Perl, general categories, and the cases of a letter.

They mean what Rust's crate means, which is not what Python's `re` means everywhere. Read by `regular`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

Test = Callable[[str], bool]
_SPACES = frozenset(
    "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
)
_LETTERED = ((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189))
_GROUPS = {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "S": "mcko", "Z": "slp"}
CATEGORIES = frozenset(
    (*_GROUPS, "Cc", "Cf", "Co", *(group + each for group, rest in _GROUPS.items() for each in rest))
)
POSIX: dict[str, Test] = {
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "alnum": str.isalnum,
    "upper": str.isupper,
    "lower": str.islower,
    "space": lambda one: one in "\t\n\v\f\r ",
    "xdigit": lambda one: one in "0123456789abcdefABCDEF",
    "punct": lambda one: one.isprintable() and not one.isalnum() and one != " ",
    "word": lambda one: one.isalnum() or one == "_",
}


def cases(one: str) -> set[str]:
    """A character and what differs from it by case only, where that is one character."""
    if one == "ı":  # its upper case is I, and yet they are two letters
        return {one}
    found, before = {one}, 0
    while len(found) > before:
        before = len(found)
        found |= {turned for each in found for turned in (each.lower(), each.upper()) if len(turned) == 1}
    return found


def no(test: Test) -> Test:
    return lambda one: not test(one)


def anything(one: str) -> bool:
    del one
    return True


def no_line_feed(one: str) -> bool:
    return one != "\n"


def _is_digit(one: str) -> bool:
    return unicodedata.category(one) == "Nd"


def _is_space(one: str) -> bool:
    return one in _SPACES


def _is_word(one: str) -> bool:
    """A letter, mark, digit, connector or joiner, as Unicode's annex 18 has it."""
    category = unicodedata.category(one)
    if category[0] in "LM" or category in ("Nd", "Nl", "Pc") or one in "\u200c\u200d":
        return True
    return any(first <= ord(one) <= last for first, last in _LETTERED)


PERL: dict[str, Test] = {"d": _is_digit, "s": _is_space, "w": _is_word}
