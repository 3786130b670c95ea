"""FittedFeatures: names, sources, round trips, and the law that graph and reference agree on whatever a table holds."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import onnx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.codec import BadDocument
from seakeep.data import profile, read
from seakeep.features import (
    Features,
    FittedFeatures,
    GraphBuilder,
    Session,
    boolean,
    category,
    cross,
    feeds,
    fit,
    number,
    timestamp,
)
from seakeep.features.errors import UnknownOperation
from seakeep.features.nulls import MISSING_TEXT
from seakeep.testing.operations import check_features, ordinary_table

ALL = Features(
    number("number"),
    number("number").fill("median").log1p().standardize(),
    number("whole").fill(0).standardize(),
    number("number").clip(0, 9).min_max(),
    number("number").bucketize(4),
    number("number").bucketize([0, 5]).one_hot().named("ranges"),
    number("number").cyclic(24),
    number("number").missing_flag(),
    boolean("flag"),
    category("flag").hash(2),
    category("text").one_hot(min_count=3),
    category("word"),
    category("whole"),
    category("whole").hash(8),
    category("word").hash(16),
    category("text").missing_flag(),
    cross("text", "word").hash(32),
    cross("whole", "word").one_hot(max_size=5),
    timestamp("time").year(),
    timestamp("time").month(),
    timestamp("time").day_of_year().cyclic(366),
    timestamp("time").weekday().one_hot(),
    timestamp("time").hour().cyclic(24),
    timestamp("time").minute().fill("mean"),
    timestamp("time").missing_flag(),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda text: text != MISSING_TEXT)
WORDS = st.sampled_from(["A", "B", "JFK", "", "None", "Zürich"]) | TEXT
ROW = st.tuples(
    st.none() | st.floats() | st.floats(-1, 20, width=16),
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 9),
    st.none() | st.booleans(),
    st.none() | WORDS,
    st.none() | WORDS,
    st.none() | st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-(2**50), 2**50),
)


@pytest.fixture(scope="module")
def fitted() -> FittedFeatures:
    dataset = read(ordinary_table())
    return fit(ALL, profile(dataset), dataset)


@pytest.fixture(scope="module")
def session(fitted) -> Session:
    return Session(fitted.lower().SerializeToString())


def frame_of(rows: list[tuple]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * 6
    dtypes = [pl.Float64, pl.Int64, pl.Boolean, pl.String, pl.String, pl.Int64]
    names = ["number", "whole", "flag", "text", "word", "time"]
    series = [pl.Series(n, c, dtype=d) for n, c, d in zip(names, columns, dtypes, strict=True)]
    return pl.DataFrame(series).with_columns(pl.col("time").cast(pl.Datetime("us")))


@given(st.lists(ROW, max_size=12))
def test_graph_and_reference_agree_on_whatever_a_table_holds(fitted, session, rows):
    frame = frame_of(rows)
    answer = session.run(["features"], feeds(frame, fitted.inputs))[0]
    reference = fitted.reference(frame)
    assert answer.shape == reference.shape == (len(rows), len(fitted.names))
    close = np.isclose(answer, reference, rtol=2**-23, atol=1e-15, equal_nan=True)
    assert close.all(), [(fitted.names[i], rows[r]) for r, i in np.argwhere(~close)]


@given(st.lists(ROW, min_size=2, max_size=12))
def test_a_row_is_answered_alike_alone_and_among_others(fitted, session, rows):
    arrays = feeds(frame_of(rows), fitted.inputs)
    whole = session.run(["features"], arrays)[0]
    for i in range(len(rows)):
        alone = session.run(["features"], {name: array[i : i + 1] for name, array in arrays.items()})[0]
        assert alone.tobytes() == whole[i : i + 1].tobytes()


def test_all_features_together_keep_the_rules():
    check_features(ALL, ordinary_table())


def test_the_design_pages_example_works():
    frame = pl.DataFrame(
        {
            "distance": [100.0, 2000.0, None, 1400.0] * 30,
            "carrier": ["UA", "AA", None, "UA"] * 30,
            "origin": ["JFK", "LGA", "EWR", None] * 30,
            "dest": ["LAX", None, "SFO", "LAX"] * 30,
            "scheduled": pl.datetime_range(
                pl.datetime(2013, 1, 1), pl.datetime(2013, 1, 1) + pl.duration(hours=119), "1h", eager=True
            ),
        }
    )
    dataset = read(frame)
    features = Features(
        number("distance").log1p().standardize(),
        category("carrier").one_hot(min_count=50),
        cross("origin", "dest").hash(512),
        timestamp("scheduled").hour().cyclic(24),
    )
    made = fit(features, profile(dataset), dataset)
    assert made.names[:4] == ("distance.log1p.standardize", "carrier=UA", "carrier other", "carrier missing")
    assert made.names[-2:] == ("scheduled.hour.sin", "scheduled.hour.cos")
    assert made.sources["origin×dest#511"] == ("origin", "dest")
    assert made.may_be_missing == ("distance.log1p.standardize", "scheduled.hour.sin", "scheduled.hour.cos")
    answer = Session(made.lower().SerializeToString()).run(["features"], feeds(frame, made.inputs))[0]
    assert answer.dtype == np.float32
    assert answer.shape == (120, 518)
    np.testing.assert_allclose(answer, made.reference(frame), rtol=2**-23, atol=1e-15)


def test_names_are_unique_and_each_has_its_sources(fitted):
    assert len(set(fitted.names)) == len(fitted.names)
    assert list(fitted.sources) == list(fitted.names)
    assert fitted.sources["text×word#0"] == ("text", "word")


def test_fitted_features_read_back_equal_from_json(fitted):
    again = FittedFeatures.from_json(fitted.to_json())
    assert again == fitted
    assert again.digest == fitted.digest
    assert again.lower().SerializeToString() == fitted.lower().SerializeToString()


def test_the_json_is_readable(fitted):
    chain = json.loads(fitted.to_json())["fitted"][10]
    assert chain["written"] == 'category("text").one_hot(min_count=3)'
    assert chain["chain"][0]["operation"] == "one_hot"
    assert set(chain["chain"][0]["state"]) == {"words", "other"}


@pytest.mark.parametrize(
    ("before", "after", "kind", "message"),
    [
        ('"operation": "fill"', '"operation": "fil"', UnknownOperation, "Did you mean 'fill'"),
        ('"scale":', '"scales":', BadDocument, "standardize.scales"),
        ('"other": true', '"other": "yes"', BadDocument, "one_hot.other"),
        ('"inputs"', '"input"', BadDocument, "input"),
    ],
)
def test_a_spoilt_file_names_the_place(fitted, before, after, kind, message):
    text = fitted.to_json()
    assert before in text
    with pytest.raises(kind, match=message):
        FittedFeatures.from_json(text.replace(before, after, 1))


def test_another_parameter_is_another_digest(fitted):
    first = fitted.fitted[1]
    changed = dataclasses.replace(first, states=(dataclasses.replace(first.states[0], value=1.25), *first.states[1:]))
    assert dataclasses.replace(fitted, fitted=(fitted.fitted[0], changed, *fitted.fitted[2:])).digest != fitted.digest


def test_lowering_twice_gives_the_same_bytes(fitted):
    assert fitted.lower().SerializeToString() == fitted.lower().SerializeToString()


def test_an_estimator_can_be_appended_to_the_same_graph(fitted):
    builder = GraphBuilder()
    features = fitted.append_to(builder)
    builder.output("features", features, np.float32, ["rows", len(fitted.names)])
    first = builder.node("Gather", [features, builder.constant(np.array(0))], axis=1)
    builder.output("value", first, np.float32, ["rows"])
    session = Session(builder.build("model").SerializeToString())
    frame = ordinary_table()
    value, vector = session.run(["value", "features"], feeds(frame, fitted.inputs))
    np.testing.assert_array_equal(value, vector[:, 0])


def test_the_graph_reads_raw_columns_and_gives_one_float32_tensor(fitted):
    graph = fitted.lower().graph
    assert [value.name for value in graph.input] == [column.name for column in fitted.inputs]
    (output,) = graph.output
    assert output.name == "features"
    assert output.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_columns_of_equal_treatment_cost_no_more_nodes(fitted_on):
    frame = pl.DataFrame({f"x{i}": [1.0, 2.0, None] for i in range(40)})
    few = fitted_on(frame, *(number(f"x{i}").fill("mean").standardize() for i in range(2))).lower()
    many = fitted_on(frame, *(number(f"x{i}").fill("mean").standardize() for i in range(40))).lower()
    assert len(few.graph.node) == len(many.graph.node)


def test_a_column_may_have_any_name(answers):
    names = ["features.x", "Add_0", "a b", "größe", "//x"[1:], "rows", "constant_0", '"quoted"', "π"]
    frame = pl.DataFrame({name: [1.0, 2.0] for name in names})
    answer = answers(frame, *(number(name).fill(0) for name in names))
    np.testing.assert_array_equal(answer, [[1.0] * len(names), [2.0] * len(names)])
