"""Numbers, shares, times and names as a person reads them. Every view writes its figures through here.

So that 336,776 rows read the same in the terminal, on a page and on a card, and so that nothing a file can hold breaks a
view: NaN, infinities, times beyond the calendar, and names with control characters or text that runs right to left.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from seakeep.core.codec import Scalar
    from seakeep.core.statistics import ColumnStatistics

ABSENT = "–"
MINUS = "\N{MINUS SIGN}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE, _DAY = 60_000_000, 86_400_000_000
_ETERNITY = 1e11
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def number(value: float | None, *, digits: int = 4, is_value: bool = False) -> str:
    """A number with `digits` significant digits, integers whole, thousands separated; "–" for None.

    Parameters: is_value: a column's value rather than a count: below 10,000 it may be a year or a time of day, and is not
        separated.

    >>> number(336776), number(2013, is_value=True), number(0.123456), number(-1234.5), number(1.5e-7), number(float("nan"))
    ('336,776', '2013', '0.1235', '−1,234', '1.5e−7', 'NaN')
    """
    if value is None:
        return ABSENT
    if isinstance(value, int) and abs(value) < 10**15:
        return _separated(str(value), 4 if is_value else 3)
    try:
        value = float(value)
    except OverflowError:
        return "∞" if value > 0 else f"{MINUS}∞"
    return _special(value) or _finite(value, digits, 4 if is_value else 3)


def share(value: float | None, *, digits: int = 3) -> str:
    """A share of 1 as a percentage; a share above 0 never reads as zero, and one below 1 never as all.

    >>> share(0.0245), share(0.0), share(1e-9), share(0.999999), share(1.0)
    ('2.45 %', '0 %', '< 0.01 %', '> 99.99 %', '100 %')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    if 0 < value < 1e-4:
        return "< 0.01 %"
    if 0.99 < value < 1:
        return "> 99.99 %" if value > 0.99994 else f"{number(value * 100)} %"
    return f"{number(value * 100, digits=digits)} %"


def timestamp(microseconds: float | None) -> str:
    """Microseconds since 1970 UTC as a date, with the time of day where there is one; as a number beyond the calendar.

    >>> timestamp(1356998400000000), timestamp(1357016400000000), timestamp(10**18)
    ('2013-01-01', '2013-01-01 05:00', '1e18 µs')
    """
    if microseconds is None or not math.isfinite(microseconds):
        return number(microseconds)
    try:
        moment = _EPOCH + timedelta(microseconds=round(microseconds))
    except OverflowError:
        return f"{number(float(microseconds))} µs"
    if moment.microsecond:
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0")
    if moment.second:
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    return moment.strftime("%Y-%m-%d %H:%M" if moment.hour or moment.minute else "%Y-%m-%d")


def seconds(value: float | None) -> str:
    """A length of time in the unit that fits.

    >>> seconds(0.00042), seconds(0.0421), seconds(1.234), seconds(75), seconds(7200), seconds(0)
    ('0.42 ms', '42 ms', '1.2 s', '1 min 15 s', '2 h', '0 s')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    if value < 0:
        return MINUS + seconds(-value)
    if value == 0 or value >= _ETERNITY:
        return f"{number(value)} s"
    if value < 0.9995:
        return f"{number(value * 1000, digits=2)} ms"
    if value < 59.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return _two(minutes, "min", rest, "s")
    hours, minutes = divmod(minutes, 60)
    return _two(hours, "h", minutes, "min") if hours < 48 else _two(hours // 24, "d", hours % 24, "h")


def size(value: float | None) -> str:
    """Bytes in the binary unit that fits.

    >>> size(512), size(1536), size(2 * 1024**3)
    ('512 B', '1.5 KiB', '2 GiB')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    unit = 0
    while abs(value) >= 1023.5 and unit < len(_SIZES) - 1:
        value, unit = value / 1024, unit + 1
    return f"{number(round(value, 1 if abs(value) < 10 else 0))} {_SIZES[unit]}"


def of_kind(kind: Kind, value: Scalar) -> str:
    """A column's value, written as its kind asks.

    >>> of_kind(Kind.INTEGER, 2013), of_kind(Kind.TIMESTAMP, 0), of_kind(Kind.DURATION, 90_000_000)
    ('2013', '1970-01-01', '1 min 30 s')
    """
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return scalar(value)
    if kind is Kind.TIMESTAMP:
        return timestamp(value)
    return seconds(value / 1e6) if kind is Kind.DURATION else number(value, is_value=True)


def rough(column: ColumnStatistics, value: float | None) -> str:
    """A mean or quantile of the column as well as one can read it: large ones of whole numbers are whole, and times that
    are over a day apart are given to the minute.
    """
    if value is None or not math.isfinite(value):
        return number(value)
    if column.kind is Kind.INTEGER and abs(value) >= 1000:
        return of_kind(column.kind, round(value))
    if column.kind is Kind.TIMESTAMP and column.minimum is not None and column.maximum is not None:
        step = _MINUTE if column.maximum - column.minimum > _DAY else 1
        return timestamp(round(value / step) * step)
    return of_kind(column.kind, value)


def distinct(column: ColumnStatistics) -> str:
    """How many different values the column has; a sketch's estimate says so, and is never more than the values there are."""
    if column.sketch is None:
        return number(column.distinct)
    return f"≈ {number(min(column.distinct, column.present))}"


def scalar(value: Scalar) -> str:
    """Any plain value.

    >>> scalar(True), scalar(""), scalar(None), scalar(0.5)
    ('true', '""', '–', '0.5')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return visible(value) if value.strip() else f'"{visible(value)}"'
    return number(value)


def short(value: Scalar) -> str:
    """A plain value for a headline: numbers with three significant digits.

    >>> short(0.74829), short(12345), short("late")
    ('0.748', '12,345', 'late')
    """
    return number(value, digits=3) if isinstance(value, float) else scalar(value)


def visible(text: str) -> str:
    r"""`text` with every character that could move a cursor, hide or reorder others written as its number.

    >>> visible("a\x1b[31mb"), visible("c\u202ed"), visible("été")
    ('a\\x1b[31mb', 'c\\u202ed', 'été')
    """
    if text.isprintable():  # holds none of those, and is what nearly every text is
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in _UNSEEN and c not in _JOINERS else c for c in text)


def lines(text: str) -> str:
    """`text` of several lines, each made visible; tabs become spaces."""
    return "\n".join(visible(line) for line in text.expandtabs(4).splitlines())


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, its middle left out where it is longer.

    >>> shortened("a_very_long_column_name", 11)
    'a_ver…_name'
    """
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 2
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def counted(count: int, noun: str) -> str:
    """A count with its noun in the right number.

    >>> counted(1, "check"), counted(12000, "row")
    ('1 check', '12,000 rows')
    """
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large:,} {unit} {small} {small_unit}" if small else f"{large:,} {unit}"


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "" if math.isfinite(value) else "∞" if value > 0 else f"{MINUS}∞"


def _finite(value: float, digits: int, whole: int) -> str:
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if -5 < magnitude < 15:
        return _separated(_trimmed(f"{value:.{min(max(digits - 1 - magnitude, 0), 20)}f}"), whole)
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{_trimmed(mantissa)}e{int(exponent)}".replace("-", MINUS)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _separated(text: str, whole_digits: int) -> str:
    """Thousands separated in numbers of more than `whole_digits` digits before the point."""
    whole, point, rest = text.partition(".")
    grouped = f"{int(whole):,}" if len(whole.lstrip("-")) > whole_digits else whole
    return f"{grouped}{point}{rest}".replace("-", MINUS)
