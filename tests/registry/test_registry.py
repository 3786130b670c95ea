"""The registry as a whole: nouns kept and got back, errors that name the file, two processes at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from seakeep.core import Model, Report, Schema, Statistics, Verdict
from seakeep.core.files import CannotWrite
from seakeep.registry import Artifact, Execution, Registry
from seakeep.registry.errors import BadReference, TornObject, UnreadableRegistry

if TYPE_CHECKING:
    pass

WORKER = """
import sys
sys.path.insert(0, sys.argv[1])
from conftest import model, report
from seakeep.registry import Registry
from pathlib import Path
from seakeep.registry.place import Place
with Registry(Place(Path(sys.argv[4]), *sys.argv[5:])) as registry:
    for number in range(int(sys.argv[2])):
        made = model(b"graph %d %s" % (number, sys.argv[3].encode()))
        registry.put(made)
        print(registry.register("tips", made, [report()], made_from={}).version)
"""


def execution(stage: str, inputs: tuple[Artifact, ...], outputs: tuple[Artifact, ...], key: str = "k") -> Execution:
    return Execution("run", "tips", stage, key, "code", 1.5, 0.5, 0.25, 1 << 20, "done", inputs, outputs)


def test_a_model_comes_back_equal_with_its_columns_in_order(registry, make_model) -> None:
    model = make_model()
    digest = registry.put(model)
    back = registry.get(Model, digest)
    assert back == model
    assert digest == model.digest == back.digest
    assert list(back.schema.columns) == ["zone", "fare"]


@pytest.mark.parametrize("noun", [Statistics(3), Schema("trips"), Report("drift", "Drift", "x")])
def test_every_noun_comes_back_equal(registry, noun) -> None:
    assert registry.get(type(noun), registry.put(noun)) == noun
    assert registry.has(noun.digest)


def test_keeping_a_noun_twice_writes_nothing(registry, home, make_report) -> None:
    registry.put(make_report())
    before = {path: path.stat().st_mtime_ns for path in home.glob("objects/*/*")}
    registry.put(make_report())
    assert {path: path.stat().st_mtime_ns for path in home.glob("objects/*/*")} == before


def test_an_absent_noun_is_named(registry) -> None:
    with pytest.raises(TornObject, match=r"there is no report abcabcabcabc in the registry") as caught:
        registry.get(Report, "abc" * 21 + "d")
    assert "--no-cache" in caught.value.fix


def test_a_torn_object_is_detected_and_mended_by_making_it_again(registry, home, make_report) -> None:
    digest = registry.put(make_report())
    (path,) = home.glob("objects/*/*")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] + b"x" * 20)
    with pytest.raises(TornObject, match="its name says otherwise") as caught:
        registry.get(Report, digest)
    assert caught.value.where == str(path)
    assert caught.value.fix.startswith(f"rm {path}")
    registry.put(make_report())
    assert path.read_bytes() == whole


def test_a_newer_registry_is_refused(home) -> None:
    Registry(home).close()
    with sqlite3.connect(home / "registry.sqlite") as connection:
        connection.execute("UPDATE version SET number = 7")
    connection.close()
    with pytest.raises(
        UnreadableRegistry, match=r"the registry has version 7, this Seakeep reads up to version 2"
    ) as caught:
        Registry(home)
    assert caught.value.version == 7
    assert caught.value.fix == "pip install --upgrade seakeep"


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be looked at", b"SQLite format 3\0" + b"x" * 90]
)
def test_a_corrupt_database_is_named(home, content) -> None:
    home.mkdir()
    (home / "registry.sqlite").write_bytes(content)
    with pytest.raises(UnreadableRegistry, match="not a readable SQLite database") as caught:
        Registry(home)
    assert caught.value.path == home / "registry.sqlite"
    assert "mv " in caught.value.fix


def test_damage_inside_of_the_database_is_named(home, make_report) -> None:
    with Registry(home) as registry:
        for number in range(200):
            registry.record(execution("read", (), (Artifact(str(number), "file", f"{number:064}"),), key=f"k{number}"))
    path = home / "registry.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(UnreadableRegistry, match="not a readable SQLite database"), Registry(home) as registry:
        for number in range(200):
            registry.find(f"{number:064}")


def test_another_programs_database_is_not_taken_over(home) -> None:
    home.mkdir()
    connection = sqlite3.connect(home / "registry.sqlite")
    connection.execute("CREATE TABLE photos (name TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(UnreadableRegistry, match="other tables than a registry's"):
        Registry(home)


def test_a_home_that_cannot_be_made_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="cannot write"):
        Registry(tmp_path / "file" / "home")


def test_a_registry_that_must_exist_is_not_made(home) -> None:
    with pytest.raises(UnreadableRegistry, match="there is no registry here") as caught:
        Registry.existing(home)
    assert str(home) in caught.value.cause
    assert not home.exists()


def test_a_registry_of_a_project_below_is_told(tmp_path) -> None:
    with Registry(tmp_path / "trips" / ".seakeep"), pytest.raises(UnreadableRegistry) as caught:
        Registry.existing(tmp_path / ".seakeep")
    found = tmp_path / "trips" / ".seakeep"
    assert (
        caught.value.fix == f"There is one in {found}. Go there: cd {found.parent}, or name its folder: --home {found}"
    )


def test_an_execution_comes_back_equal(registry) -> None:
    made = execution("train", (Artifact("training", "dataset", "d" * 64),), (Artifact("model", "model", "e" * 64),))
    number = registry.record(made)
    (back,) = registry.executions.with_key("k")
    assert back.id == number
    assert (back.inputs, back.outputs, back.peak_bytes, back.started) == (made.inputs, made.outputs, 1 << 20, 1.5)


def test_an_execution_that_broke_off_is_not_found_by_its_key(registry) -> None:
    registry.record(Execution("run", "tips", "train", "k", "code", 0.0, 0.0, 0.0, 0, "error"))
    assert registry.executions.with_key("k") == ()
    assert len(registry.executions.of_run("run")) == 1


def test_lineage_leads_from_a_release_to_the_file_and_back(registry) -> None:
    file, dataset = Artifact("/data/a.csv", "file", "a" * 64), Artifact("training", "dataset", "b" * 64)
    model = Artifact("model", "model", "c" * 64)
    registry.record(execution("read", (file,), (dataset,)))
    registry.record(execution("train", (dataset,), (model,)))
    up = [(depth, artifact.name) for depth, _, artifact, _ in registry.lineage("cccc").walk()]
    assert up == [(0, "model"), (1, "training"), (2, "/data/a.csv")]
    down = [(stage, artifact.name) for _, stage, artifact, _ in registry.lineage("/data/a.csv", "down").walk()]
    assert down == [("", "/data/a.csv"), ("read", "training"), ("train", "model")]


def test_lineage_of_a_diamond_shows_each_artifact_once_open(registry) -> None:
    a, b, c, d = (Artifact(name, "dataset", name * 64) for name in "abcd")
    for source, target in ((a, b), (a, c), (b, d), (c, d)):
        registry.record(execution("step", (source,), (target,)))
    registry.record(execution("both", (b, c), (d,)))
    walked = [(artifact.name, repeated) for _, _, artifact, repeated in registry.lineage("dddd").walk()]
    assert walked == [("d", False), ("b", False), ("a", False), ("c", False), ("a", True)]


def test_an_ambiguous_prefix_lists_the_digests(registry) -> None:
    for last in "12":
        registry.record(execution("read", (), (Artifact("x", "dataset", "abcd" + last * 60),)))
    with pytest.raises(BadReference, match="'abcd' begins 2 digests") as caught:
        registry.find("abcd")
    assert len(caught.value.digests) == 2


def test_what_is_not_on_record_is_refused_with_the_nearest_name(registry, make_model, make_report) -> None:
    registry.register("tips", make_model(), [make_report()], made_from={})
    with pytest.raises(BadReference, match="nothing on record is called 'tipps'") as caught:
        registry.find("tipps")
    assert "'tips'" in caught.value.cause


def test_verify_passes_on_a_whole_registry_and_names_what_is_torn(registry, home, make_model, make_report) -> None:
    model = make_model()
    registry.put(model)
    registered = registry.register("tips", model, [make_report()], made_from={})
    assert registry.verify().verdict is Verdict.PASS
    (registered.folder / "model.onnx").write_bytes(b"another graph")
    registry._objects.path(model.statistics.digest)
    next(home.glob("objects/*/*")).write_bytes(b"torn")
    failed = {check.code: check for check in registry.verify().failed}
    assert set(failed) == {"registry.objects", "registry.releases"}
    assert "model.onnx" in failed["registry.releases"].message


def test_verify_names_an_object_that_is_gone(registry, home, make_report) -> None:
    registry.put(make_report())
    next(home.glob("objects/*/*")).unlink()
    (failed,) = registry.verify().failed
    assert failed.code == "registry.objects"


def test_leftovers_of_a_kill_are_removed_and_nothing_else(registry, home, make_report) -> None:
    registry.put(make_report())
    kept = set(home.rglob("*"))
    leftovers = [
        home / "objects" / ".tmp-1",
        home / "objects" / "ab" / ".tmp-2-cd",
        home / ".tmp-3",
        home / "reports" / ".tmp-4",
    ]
    for path in leftovers:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("half")
    (home / "releases" / ".tmp-5").mkdir(parents=True)
    (home / "releases" / ".tmp-5" / "model.onnx").write_text("half")
    assert len(registry.clean()) == 5
    assert not list(home.rglob(".tmp-*"))
    assert kept <= set(home.rglob("*"))


def test_nothing_is_cleaned_while_another_process_writes(registry, home) -> None:
    (home / ".tmp-1").write_text("being written")
    with registry.writing():
        code = f"from seakeep.registry import Registry; print(len(Registry({str(home)!r}).clean()))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
    assert (home / ".tmp-1").exists()


def test_two_processes_register_at_once_and_every_version_is_given_once(place) -> None:
    folder = str(__file__).rpartition("/")[0]
    where = [str(place.home), place.database, place.objects]
    commands = [[sys.executable, "-c", WORKER, folder, "8", name, *where] for name in ("a", "b", "c")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    versions = sorted(int(line) for output in outputs for line in output.split())
    assert versions == list(range(1, 25))
    with Registry(place) as registry:
        assert registry.verify().verdict is Verdict.PASS
        assert registry.resolve("tips").version == 1


def test_two_processes_that_make_the_same_release_get_the_same_version(place) -> None:
    folder = str(__file__).rpartition("/")[0]
    where = [str(place.home), place.database, place.objects]
    command = [sys.executable, "-c", WORKER, folder, "4", "same", *where]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0].split() for process in running]
    assert outputs[0] == outputs[1] == outputs[2] == ["1", "2", "3", "4"]
    assert not list(place.home.rglob(".tmp-*"))


def test_opening_imports_no_heavy_library() -> None:
    code = (
        "import sys; from seakeep.registry import Registry; "
        "print([name for name in ('polars', 'numpy', 'onnx', 'rich', 'click') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
