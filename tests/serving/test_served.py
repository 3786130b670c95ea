"""What is served is read from its folder, whole and unchanged, under a name and version of its own."""

from __future__ import annotations

import hashlib

import pytest

from seakeep.core import Release, Verdict
from seakeep.core.codec import BadDocument
from seakeep.core.errors import UsageError
from seakeep.serving import Served
from seakeep.serving.served import CannotServe, SameName, gather
from seakeep.testing.example_models import example_model


@pytest.fixture
def release(tmp_path):
    """The folder of a release called "delays"."""
    folder = tmp_path / "release"
    example_model().save(folder)
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    Release("delays", files, Verdict.PASS).save(folder)
    return folder


def test_a_release_is_served_under_its_own_name_and_digest(release):
    served = Served.load(release)
    digest = Release.load(release).digest
    assert (served.name, served.release, served.version) == ("delays", digest, digest[:12])
    assert served.model.graph == example_model().graph
    assert served.model.inputs == example_model().inputs


def test_a_name_and_the_registrys_version_may_be_given(release):
    served = Served.load(release, name="flight-delay", version=3)
    assert (served.name, served.version) == ("flight-delay", "3")


@pytest.mark.parametrize("file", ["model.onnx", "model.json", "schema.json"])
def test_a_file_that_was_changed_after_the_release_is_refused(release, file):
    content = (release / file).read_bytes()
    (release / file).write_bytes(content[:-1] + b" ")
    with pytest.raises(CannotServe, match=rf"{file} has the digest .{{12}}, expected .{{12}}.*\n.*judged.\n.*Restore"):
        Served.load(release)


@pytest.mark.parametrize("file", ["model.onnx", "model.json", "schema.json"])
def test_a_file_that_is_absent_is_refused_by_name(release, file):
    (release / file).unlink()
    with pytest.raises(CannotServe, match=rf"there is no {file} in .*\n.*incomplete.\n.*seakeep releases"):
        Served.load(release)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CannotServe, match=r"there is no model.json in .*nowhere"):
        Served.load(tmp_path / "nowhere")


def test_a_file_is_told_to_be_no_release(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(
        CannotServe, match=r"model.onnx is a file, expected the folder of a release\n.*never loaded.*\n.*init"
    ):
        Served.load(tmp_path / "model.onnx")


def test_a_torn_model_without_a_release_is_refused(tmp_path):
    example_model().save(tmp_path)
    (tmp_path / "model.json").write_text('{"name": "fl')
    with pytest.raises(BadDocument, match=r"model\.json"):
        Served.load(tmp_path)


def test_models_of_one_name_need_versions_of_their_own(release, tmp_path):
    model = example_model()
    with pytest.raises(SameName, match=r"two models are called 'flights' version '\w{12}'\n.*differ.\n.*Served.load"):
        gather([model, model])
    first, second = Served.load(release, version=1), Served.load(release, version=2)
    assert gather([first, second]) == (first, second)


def test_nothing_to_serve_is_refused():
    with pytest.raises(UsageError, match="there is no model to serve"):
        gather([])


def test_statistics_are_not_carried_along(release):
    assert not Served.load(release).model.statistics.columns
    assert not Served.of(example_model()).model.statistics.columns


def test_a_loaded_model_is_served_as_one_from_its_folder(folders):
    loaded, model = Served.load(folders["flights"]), example_model()
    assert (loaded.name, loaded.version, loaded.release) == (model.name, model.digest[:12], model.digest)
    assert Served.of(model) == loaded
