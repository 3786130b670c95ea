"""Choosing: by its headers, the form that a request's body is in and the one in which it wants its answer. The one place for it.

Most requests are plain JSON and say so in so many words, so that is looked at first: three look-ups. Whatever is unusual is judged
once for each way of saying it, and remembered. A type that no form has is a form too, which refuses every body, so
that such a request is counted and logged as every other refusal is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from seakeep.serving.server.compression import quality
from seakeep.serving.server.form import Notation, Reading, form_of
from seakeep.serving.server.forms import arrow, binary, csv, json, lines
from seakeep.serving.server.receiving import BINARY, media_of
from seakeep.serving.server.refusals import BadCall, Refusal

if TYPE_CHECKING:
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.form import Form, Headers

NOTATIONS = (json.NOTATION, lines.NOTATION, csv.NOTATION, arrow.NOTATION, arrow.FILES)
MEDIA = tuple(media for one in NOTATIONS for media in one.media)
_BY_MEDIA = {media: one for one in NOTATIONS for media in one.media}
_ANYTHING = frozenset((None, "*/*", json.MEDIA))
_REMEMBERED, _MOST_CHARACTERS = 256, 512
"""So many ways of saying it, of each header so much: it may have hundreds of kilobytes, which take long to read."""


def choose(headers: Headers) -> Form:
    """The form of a request with these headers.

    >>> choose({"content-type": "application/json", "accept": "*/*"}) is json.FORM
    True
    """
    get = headers.get
    kind, accept = get("content-type"), get("accept")
    if kind == json.MEDIA and accept in _ANYTHING and BINARY not in headers:
        return json.FORM
    if kind is not None and len(kind) > _MOST_CHARACTERS:
        kind = ""  # which is no type either
    return _chosen(kind, accept and accept[:_MOST_CHARACTERS], BINARY in headers)


@lru_cache(_REMEMBERED)
def _chosen(kind: str | None, accept: str | None, is_binary: bool) -> Form:
    asked = _asked(kind, is_binary=is_binary)
    return _form(asked, _answered(accept, asked))


@lru_cache(_REMEMBERED)
def _form(asked: Notation, answered: Notation) -> Form:
    return json.FORM if asked is answered is json.NOTATION else form_of(asked, answered)


def _asked(kind: str | None, *, is_binary: bool) -> Notation:
    """What the body is in."""
    if is_binary:
        return binary.NOTATION
    try:
        media = media_of({} if kind is None else {"content-type": kind}, MEDIA)
    except Refusal:
        return UNREADABLE
    return _BY_MEDIA[media.partition(";")[0]]


def _answered(accept: str | None, asked: Notation) -> Notation:
    """What the client likes best of what there is; that of its body, where it likes that as well or says nothing that is known."""
    own = asked if asked is not UNREADABLE else json.NOTATION
    best, found = 0.0, own
    for part in (accept or "").lower().split(","):
        media, liking = part.partition(";")[0].strip(), quality(part)
        if media in ("*/*", *own.media) and liking >= best:
            best, found = liking, own
        elif media in _BY_MEDIA and liking > best:
            best, found = liking, _BY_MEDIA[media]
    return found


def _refusing(contract: Contract) -> Reading:
    """Reads nothing: what the headers say is no form."""
    del contract

    def read(body: bytes, headers: Headers) -> Ask:
        del body
        raise BadCall.content_type(headers.get("content-type") or "", MEDIA)

    return Reading(read, lambda _, __: None)


UNREADABLE = Notation("unreadable", (), _refusing, json.writer)
