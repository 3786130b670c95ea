"""TFX's files: the forms they come in, and every way in which one can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seakeep.core.errors import MissingExtra
from seakeep.core.files import CannotWrite
from seakeep.data.tfrecord.framing import framed
from seakeep.integrations import tfx
from seakeep.integrations._tfx.files import protos
from seakeep.testing import column_of

from seakeep.core import Statistics  # isort: skip

FORMS = ("a.pbtxt", "a.textproto", "a.pb", "a.binpb", "a.tfrecord")


def some() -> Statistics:
    return Statistics(4, {"carrier": column_of(["UA", "B6", "UA", None])})


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read_as_it_was_written(tmp_path: Path, form: str) -> None:
    tfx.write_statistics(some(), tmp_path / form)
    found = tfx.read_statistics(tmp_path / form).value
    assert found["carrier"].top == some()["carrier"].top
    assert found.rows == 4


@pytest.mark.parametrize("form", FORMS)
def test_equal_statistics_give_equal_bytes(tmp_path: Path, form: str) -> None:
    tfx.write_statistics(some(), tmp_path / form)
    first = (tmp_path / form).read_bytes()
    tfx.write_statistics(some(), tmp_path / form)
    assert (tmp_path / form).read_bytes() == first


def test_a_tfrecord_is_known_by_its_content_whatever_it_is_called(tmp_path: Path) -> None:
    tfx.write_statistics(some(), tmp_path / "a.tfrecord")
    for name in ("stats", "FeatureStats.pb", "a.pbtxt"):
        (tmp_path / name).write_bytes((tmp_path / "a.tfrecord").read_bytes())
        assert tfx.read_statistics(tmp_path / name).value.rows == 4


def test_a_file_without_an_ending_is_text_or_binary_by_its_content(tmp_path: Path) -> None:
    for form in ("a.pb", "a.pbtxt"):
        tfx.write_statistics(some(), tmp_path / form)
        (tmp_path / "stats").write_bytes((tmp_path / form).read_bytes())
        assert tfx.read_statistics(tmp_path / "stats").value.rows == 4


@pytest.mark.parametrize("cut", [1, 5, 13, 20, -1, -4])
def test_a_torn_tfrecord_says_where_it_ends(tmp_path: Path, cut: int) -> None:
    tfx.write_statistics(some(), tmp_path / "a.tfrecord")
    (tmp_path / "a.tfrecord").write_bytes((tmp_path / "a.tfrecord").read_bytes()[:cut])
    with pytest.raises(tfx.BadProto, match="is no whole DatasetFeatureStatisticsList"):
        tfx.read_statistics(tmp_path / "a.tfrecord")


def test_a_changed_byte_is_seen_by_the_checksum(tmp_path: Path) -> None:
    tfx.write_statistics(some(), tmp_path / "a.tfrecord")
    content = bytearray((tmp_path / "a.tfrecord").read_bytes())
    content[40] ^= 1
    (tmp_path / "a.tfrecord").write_bytes(bytes(content))
    with pytest.raises(tfx.BadProto, match="is no whole DatasetFeatureStatisticsList: record 0"):
        tfx.read_statistics(tmp_path / "a.tfrecord")


def test_a_torn_binary_proto(tmp_path: Path) -> None:
    tfx.write_statistics(some(), tmp_path / "a.pb")
    whole = (tmp_path / "a.pb").read_bytes()
    (tmp_path / "a.pb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(tfx.BadProto, match="bytes that do not decode") as caught:
        tfx.read_statistics(tmp_path / "a.pb")
    assert "cut off" in caught.value.cause


def test_a_torn_text_proto_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.pbtxt").write_text('feature {\n  name: "a"\n  type: INT\n')
    with pytest.raises(tfx.BadProto, match="is no whole Schema: "):
        tfx.read_schema(tmp_path / "a.pbtxt")


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.pbtxt").write_bytes(b'feature { name: "\xff" }')
    with pytest.raises(tfx.BadProto, match="byte 17 is not UTF-8"):
        tfx.read_schema(tmp_path / "a.pbtxt")


def test_an_empty_file_is_no_empty_schema(tmp_path: Path) -> None:
    (tmp_path / "a.pb").write_bytes(b"")
    with pytest.raises(tfx.BadProto, match="is empty, a Schema is expected"):
        tfx.read_schema(tmp_path / "a.pb")


def test_an_absent_file_proposes_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "schema.pbtxt").write_text("")
    with pytest.raises(tfx.BadProto, match="cannot read") as caught:
        tfx.read_schema(tmp_path / "shema.pbtxt")
    assert "schema.pbtxt" in caught.value.cause


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pbtxt", b'feature { name: "a" type: INT sparkle: 3 }'),
        ("a.pb", b"\x0a\x08\x0a\x01a\x30\x02\xa8\x3f\x01"),
    ],
)
def test_fields_of_a_newer_tfx_are_refused_not_dropped(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(tfx.BadProto, match="holds fields that the Schema of tensorflow-metadata") as caught:
        tfx.read_schema(tmp_path / name)
    assert "upgrade tensorflow-metadata" in caught.value.fix


def test_another_message_is_told(tmp_path: Path) -> None:
    tfx.write_statistics(some(), tmp_path / "a.pb")
    with pytest.raises(tfx.BadProto):
        tfx.read_schema(tmp_path / "a.pb")


def test_a_tfrecord_of_examples_is_no_statistics(tmp_path: Path) -> None:
    (tmp_path / "a.tfrecord").write_bytes(framed([b"x", b"y"]))
    with pytest.raises(tfx.BadProto, match="holds 2 records"):
        tfx.read_statistics(tmp_path / "a.tfrecord")


def test_an_ending_that_names_no_form_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(tfx.BadProto, match="does not say how it is to be written"):
        tfx.write_statistics(some(), tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(CannotWrite):
        tfx.write_statistics(some(), tmp_path / "folder" / "a.pb")


def test_the_extra_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    def absent(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtra, match="tensorflow-metadata"):
        protos("schema_pb2")


def test_lost_things_are_plain_text() -> None:
    assert str(tfx.Lost("fare", "unique", "Because.")) == "fare: unique: Because."
    assert json.dumps(tfx.Lost("a", "b", "c").gap) == '"never"'
