"""Errors have four parts, an exit code, and keep the offending values."""

from __future__ import annotations

import pytest

from seakeep.core.errors import MissingExtra, RequestError, SeakeepError, UsageError, nearest


def test_the_four_parts_stand_in_the_message_in_order():
    error = SeakeepError("found a, expected b", where="file.csv", cause="A likely cause.", fix="type this", value=3)
    assert str(error) == "found a, expected b (file.csv)\n  A likely cause.\n  type this"
    assert error.exit_code == 3


def test_empty_parts_leave_no_empty_lines():
    assert str(SeakeepError("found a", fix="type this")) == "found a\n  type this"


def test_offending_values_are_attributes():
    error = SeakeepError("found a", column="fare", rows=3)
    assert (error.column, error.rows) == ("fare", 3)
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        _ = error.colour


def test_errors_survive_copying():
    import copy

    error = SeakeepError("found a", where="w")
    assert str(copy.copy(error)) == str(error) or isinstance(copy.copy(error), SeakeepError)


def test_plain_form_has_the_four_parts_and_the_name():
    plain = UsageError("found a", where="w", cause="c", fix="f").as_plain()
    assert plain == {"error": "UsageError", "found": "found a", "where": "w", "cause": "c", "fix": "f"}


def test_an_unknown_name_proposes_the_nearest():
    error = UsageError.unknown_name("distance", "pis", ["psi", "jensen_shannon"], where="drift")
    assert str(error) == "there is no distance 'pis' (drift)\n  Did you mean 'psi'?\n  Known: jensen_shannon, psi."
    assert isinstance(error, ValueError)


def test_an_unknown_name_with_nothing_near_lists_what_is_known():
    assert "Did you mean" not in str(UsageError.unknown_name("verb", "xyz", []))
    assert "Known: none." in str(UsageError.unknown_name("verb", "xyz", []))


def test_a_missing_extra_gives_the_install_line():
    error = MissingExtra.of("pyarrow", "arrow", purpose="reading Arrow tables")
    assert "pip install 'seakeep[arrow]'" in str(error)
    assert isinstance(error, ImportError)
    assert error.module == "pyarrow"


def test_a_request_error_carries_its_status():
    assert RequestError("no such model", status=404).status == 404
    assert RequestError("wrong").status == 400


def test_nearest_is_none_where_nothing_is_near():
    assert nearest("zzz", ["distance"]) is None
