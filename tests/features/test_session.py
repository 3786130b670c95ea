"""Session: the same bits whatever the batch's size, from any thread, and errors that name the input."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from seakeep.core.errors import ModelError
from seakeep.features import GraphBuilder, Session, category, cross, feeds, number, timestamp
from seakeep.features.session import GraphError


@pytest.fixture(scope="module")
def graph() -> bytes:
    builder = GraphBuilder()
    total = builder.node("Add", [builder.input("a", np.float64), builder.input("b", np.float64)])
    builder.input("name", object)
    builder.output("total", total, np.float64, ["rows"])
    builder.output("same", builder.node("Identity", ["name"]), object, ["rows"])
    return builder.build("test").SerializeToString()


@pytest.fixture(scope="module")
def session(graph) -> Session:
    return Session(graph)


def good(rows: int = 2) -> dict[str, np.ndarray]:
    return {"a": np.ones(rows), "b": np.ones(rows), "name": np.array(["x"] * rows, object)}


def test_inputs_and_outputs_are_named(session):
    assert session.inputs == ("a", "b", "name")
    assert session.outputs == ("total", "same")


def test_only_the_outputs_asked_for_are_given_in_their_order(session):
    same, total = session.run(("same", "total"), good())
    assert total.tolist() == [2.0, 2.0]
    assert same.tolist() == ["x", "x"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": None}, r"the graph reads 'a', which was not given \(given: b, name\)"),
        ({"a": np.ones(2, np.float32)}, r"input 'a' is float32 of shape \(2,\), expected float64"),
        ({"b": np.ones((2, 1))}, r"input 'b' is float64 of shape \(2, 1\), expected float64 of shape \('rows',\)"),
        ({"name": np.array([1, 2])}, r"input 'name' is int64 of shape \(2,\), expected object"),
        ({"more": np.ones(2)}, r"'more' was given, which the graph does not read"),
        ({"a": np.ones(3)}, r"differ in their number of rows: a: 3, b: 2, name: 2"),
        ({"name": np.array(["\ud800", "x"], object)}, r"ONNX Runtime failed: .*surrogates|ONNX Runtime failed"),
    ],
)
def test_wrong_values_are_told_by_the_inputs_name(session, change, message):
    given = {name: array for name, array in {**good(), **change}.items() if array is not None}
    with pytest.raises(GraphError, match=message) as caught:
        session.run(["total", "same"], given)
    assert isinstance(caught.value, ModelError)
    assert caught.value.cause
    assert caught.value.fix


def test_an_unknown_output_is_told_with_those_there_are(session):
    with pytest.raises(GraphError, match=r"no output 'probability'[\s\S]*Known: total, same"):
        session.run(["probability"], good())


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x0a"])
def test_a_torn_graph_is_refused(content):
    with pytest.raises(GraphError, match="cannot load the graph"):
        Session(content)


def test_a_graph_cut_short_is_refused(graph):
    with pytest.raises(GraphError, match="cannot load the graph"):
        Session(graph[: len(graph) // 2])


def test_answers_are_equal_to_the_bit_for_any_batch_and_any_thread(fitted_on, table):
    fitted = fitted_on(
        table,
        number("number").log1p().standardize(),
        number("whole").cyclic(7),
        number("number").cyclic(24),
        number("number").bucketize(5),
        category("text").one_hot(),
        cross("text", "word").hash(64),
        timestamp("time").hour().cyclic(24),
    )
    session = Session(fitted.lower().SerializeToString())
    numbers = np.random.default_rng(3).gamma(2, 400, 4001)
    big = {name: np.resize(array, 4001) for name, array in feeds(table, fitted.inputs).items()} | {"number": numbers}
    whole = session.run(["features"], big)[0]

    def part(bounds: tuple[int, int]) -> np.ndarray:
        return session.run(["features"], {name: array[slice(*bounds)] for name, array in big.items()})[0]

    for size in (1, 2, 3, 7, 64, 1000):
        bounds = [(start, start + size) for start in range(0, 4001, size)]
        with ThreadPoolExecutor(4) as pool:
            assert np.concatenate(list(pool.map(part, bounds))).tobytes() == whole.tobytes()


def test_a_bound_run_has_the_bits_of_every_other_run(fitted_on, table):
    fitted = fitted_on(table, number("number").log1p().standardize(), number("whole").cyclic(7))
    session = Session(fitted.lower().SerializeToString())
    names = ["whole", "number"]  # in an order of its own
    for rows in (1, 2, 7):
        bound = session.bound(names, ("features",), rows=rows)
        for begin in (0, 3):
            values = {name: [None, *table[name].to_list()][begin : begin + rows] for name in names}
            alone = session.run(("features",), {name: np.array(own, np.float64) for name, own in values.items()})[0]
            assert bound.run([values["whole"], tuple(values["number"])])[0].tobytes() == alone.tobytes()


def test_a_graph_that_reads_texts_is_not_bound(session):
    assert session.bound(["a", "b", "name"], ("total",), rows=1) is None


def test_a_run_that_cannot_be_bound_is_told(fitted_on, table):
    fitted = fitted_on(table, number("number").log1p())
    with pytest.raises(GraphError, match="ONNX Runtime failed"):
        Session(fitted.lower().SerializeToString()).bound(["number"], ("no such output",), rows=1)


def test_a_plain_locale_makes_no_difference(fitted_on, table, tmp_path):
    fitted = fitted_on(table, category("word").one_hot(), cross("word", "text").hash(8))
    path = tmp_path / "graph.onnx"
    path.write_bytes(fitted.lower().SerializeToString())
    program = (
        "import sys, numpy as np, pathlib; from seakeep.features import Session\n"
        "session = Session(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "feeds = {'word': np.array(['Z\\u00fcrich'], object), 'text': np.array(['A'], object)}\n"
        "print(session.run(['features'], feeds)[0].argmax(), 'polars' in sys.modules)\n"
    )
    run = [sys.executable, "-c", program, str(path)]
    answers = {
        subprocess.run(run, env={"LC_ALL": locale}, capture_output=True, text=True, check=True).stdout
        for locale in ("C", "C.utf8", "POSIX")
    }
    assert answers == {f"{fitted.names.index('word=Zürich')} False\n"}
