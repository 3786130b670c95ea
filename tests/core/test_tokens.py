"""Tokens: made, kept as what tells them, changed by several at once, read again when they are others."""

from __future__ import annotations

import resource
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.token_files import BadTokenFile, TokenBook, add_token, read_tokens, revoke_token
from seakeep.core.tokens import SCOPES, BadToken, bearer, digest_of, issue


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokens.json"


def given_token(path, name="web", scopes=("predict",), **more):
    text, token = issue(name, scopes, now=1000.0, **more)
    add_token(path, token)
    return text


def test_the_file_holds_no_token(path):
    text = given_token(path)
    assert text not in path.read_text()
    assert text.rpartition("_")[2] not in path.read_text()
    (kept,) = read_tokens(path)
    assert (kept.name, kept.digest, kept.scopes) == ("web", digest_of(text), ("predict",))
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_two_tokens_are_alike():
    assert len({issue("web", ["predict"], now=0.0)[0] for _ in range(100)}) == 100


def test_a_token_ends_when_it_was_told_to():
    token = issue("web", ["predict"], now=1000.0, lasts=60)[1]
    assert (token.is_over(1059.9), token.is_over(1060.0)) == (False, True)
    assert not issue("web", ["predict"], now=1000.0)[1].is_over(1e12)


def test_a_scope_named_twice_is_one():
    assert issue("web", ["predict", "labels", "predict"], now=0.0)[1].scopes == ("predict", "labels")


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 65, "web\n", "wéb", "../web"])
def test_a_name_that_no_log_should_have_is_refused(name):
    with pytest.raises(BadToken) as caught:
        issue(name, ["predict"], now=0.0)
    assert str(caught.value).startswith(f"a token cannot be called {name[:80]!r}\n  Its name stands in logs")


@pytest.mark.parametrize(
    ("scopes", "words"), [(["predict", "root"], "there is no scope 'root'"), ([], "the token has no scope")]
)
def test_scopes_are_known_ones(scopes, words):
    with pytest.raises(BadToken) as caught:
        issue("web", scopes, now=0.0)
    assert str(caught.value) == (
        f"{words}\n  A scope says what the token lets its bearer do.\n  Name some of: {', '.join(SCOPES)}."
    )


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_rate_is_a_number_of_requests(rate):
    with pytest.raises(BadToken) as caught:
        issue("web", ["predict"], now=0.0, rate=rate)
    assert f"the rate is {rate:g} requests a second, expected at least 0" in str(caught.value)


def test_without_a_file_there_is_a_line_to_type():
    assert "access.tokens" in str(BadToken.no_file())


def test_two_tokens_of_one_name_are_refused(path):
    given_token(path)
    with pytest.raises(BadToken) as caught:
        given_token(path)
    assert f"there is a token called 'web' already ({path})" in str(caught.value)
    assert "seakeep tokens revoke web" in str(caught.value)


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_token_is_taken_back_by_name_or_id(path, by):
    given_token(path)
    given_token(path, "other")
    gone = revoke_token(path, getattr(read_tokens(path)[0], by))
    assert gone.name == "web"
    assert [token.name for token in read_tokens(path)] == ["other"]


def test_one_that_is_not_there_cannot_be_taken_back(path):
    given_token(path)
    with pytest.raises(BadToken) as caught:
        revoke_token(path, "wob")
    assert str(caught.value) == (
        f"there is no token called 'wob' ({path})\n  There are: web.\n  See them: seakeep tokens list"
    )
    with pytest.raises(BadToken, match="There are: none"):
        revoke_token(path.with_name("other.json"), "web")


def test_the_files_rights_stay_as_they_were(path):
    given_token(path)
    path.chmod(0o640)
    given_token(path, "other")
    assert path.stat().st_mode & 0o777 == 0o640


def test_tokens_that_are_added_at_once_are_all_there(path):
    names = [f"client-{number}" for number in range(12)]
    threads = [threading.Thread(target=given_token, args=(path, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(token.name for token in read_tokens(path)) == sorted(names)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "seakeep_0123_secret",
        "[]",
        '{"tokens": [{"id": "../../x"}]}',
        '{"tokens": [{"id": "0123", "name": "x", "digest": "a", "scopes": [], "created": 0, "expires": null, "rate": 0}]}',
    ],
)
def test_a_file_that_is_none_is_refused_without_its_content(path, text):
    path.write_text(text)
    with pytest.raises(BadTokenFile) as caught:
        read_tokens(path)
    assert "is not one that seakeep tokens wrote" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(path):
    for reading in (read_tokens, TokenBook):
        with pytest.raises(BadTokenFile, match="cannot be read: No such file"):
            reading(path)


def test_a_file_that_everybody_may_write_is_not_believed(path):
    given_token(path)
    path.chmod(0o666)
    with pytest.raises(BadTokenFile, match=r"may be written by everybody[\s\S]*chmod 600"):
        read_tokens(path)


def test_a_book_is_read_again_when_the_file_is_another_one(path):
    first = given_token(path)
    book = TokenBook(path)
    assert not book.look()
    second = given_token(path, "other")
    assert book.find(second) is None
    assert book.look()
    assert [book.find(text).name for text in (first, second)] == ["web", "other"]
    revoke_token(path, "web")
    assert book.look()
    assert book.find(first) is None


def test_a_book_that_cannot_be_read_keeps_what_was_known(path):
    text = given_token(path)
    book = TokenBook(path)
    kept = path.read_text()
    path.unlink()
    with pytest.raises(BadTokenFile):
        book.look()
    path.write_text("torn")
    with pytest.raises(BadTokenFile):
        book.look()
    assert book.find(text).name == "web"
    path.write_text(kept)
    assert book.look()


def test_a_book_that_could_not_be_read_for_a_moment_is_read_at_the_next_look(path):
    text = given_token(path)
    book = TokenBook(path)
    revoke_token(path, "web")
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, most))
    try:
        with pytest.raises(BadTokenFile, match="Too many open files"):
            book.look()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))
    assert book.find(text) is not None
    assert book.look()
    assert book.find(text) is None


@given(st.text())
def test_any_header_has_one_reading(header):
    assert bearer(f"Bearer {header}") == header.strip()
    assert len(digest_of(bearer(header))) == 64
