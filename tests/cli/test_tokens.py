"""`seakeep tokens`: a token is told once, and kept as what tells it."""

from __future__ import annotations

import pytest

from seakeep.core.token_files import TokenBook


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder whose settings name a file of tokens."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEAKEEP_ACCESS_TOKENS", raising=False)
    (tmp_path / "seakeep.toml").write_text('[access]\ntokens = "secrets/tokens.json"\n')
    return tmp_path


def test_a_token_is_made_shown_and_taken_back(place, shell):
    added = shell("tokens", "add", "web-shop", "--scope", "predict", "--lasts", "90d", "--rate", "200")
    assert added.code == 0
    text = added.out.strip()
    book = TokenBook(place / "secrets" / "tokens.json")
    assert (book.find(text).name, book.find(text).rate) == ("web-shop", 200)
    shell("tokens", "add", "ops", "--scope", "admin", "--scope", "metrics")
    listed = shell("tokens", "list").out
    assert "web-shop" in listed
    assert "admin, metrics" in listed
    assert "until it is taken back" in listed
    assert text not in listed
    plain = shell("tokens", "list", "--json").json
    assert [token["scopes"] for token in plain] == [["predict"], ["admin", "metrics"]]
    assert "digest" not in plain[0]
    assert shell("tokens", "revoke", "web-shop").out.endswith("is let in no more\n")
    assert book.look()
    assert book.find(text) is None


def test_the_answer_is_json_where_it_is_asked_for(place, shell):
    told = shell("tokens", "add", "web", "--scope", "predict", "--json").json
    assert told["token"].startswith(f"seakeep_{told['id']}_")


def test_another_file_may_be_named(place, shell, tmp_path):
    other = tmp_path / "other.json"
    assert shell("tokens", "add", "web", "--scope", "predict", "--file", other).code == 0
    assert not (place / "secrets").exists()
    assert "web" in shell("tokens", "list", "--file", other).out


def test_an_empty_list_says_so_and_an_old_token_that_it_is_over(place, shell):
    shell("tokens", "add", "web", "--scope", "predict", "--lasts", "0.001s")
    assert "expired" in shell("tokens", "list").out
    shell("tokens", "revoke", "web")
    assert shell("tokens", "list").out == "there are no tokens\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "web"), "Missing option '--scope'"),
        (("add", "web", "--scope", "root"), "'root' is not one of"),
        (("add", "we b", "--scope", "predict"), "a token cannot be called 'we b'"),
        (("add", "web", "--scope", "predict", "--lasts", "soon"), "'soon' is not a length of time"),
        (("add", "web", "--scope", "predict", "--rate", "nan"), "the rate is nan requests a second"),
        (("revoke", "web"), "there is no token called 'web'"),
        (("list",), "the file of tokens cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_code_3(place, shell, arguments, words):
    answer = shell("tokens", *arguments)
    assert (answer.code, words in answer.err) == (3, True)


def test_without_a_file_the_setting_is_named(tmp_path, monkeypatch, shell):
    monkeypatch.chdir(tmp_path)
    assert "access.tokens" in shell("tokens", "list").err
