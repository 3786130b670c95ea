"""Chunks run at once come back in order, errors come through, and the matrix is that of one run."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from seakeep import data, features
from seakeep.training import passes


def test_results_come_in_order_however_long_each_takes():
    def slow(item):
        time.sleep(0.02 if item % 3 == 0 else 0)
        return item * item

    assert list(passes.mapped(slow, range(20))) == [item * item for item in range(20)]


def test_few_items_are_ahead_of_the_reader():
    taken = []

    def items():
        for item in range(50):
            taken.append(item)
            yield item

    results = passes.mapped(lambda item: item, items())
    next(results)
    assert len(taken) <= passes.cores() + 2
    results.close()


def test_an_error_in_a_chunk_is_raised():
    def broken(item):
        if item == 3:
            raise RuntimeError("chunk 3")
        return item

    with pytest.raises(RuntimeError, match="chunk 3"):
        list(passes.mapped(broken, range(10)))


def test_chunks_run_in_other_threads():
    assert threading.main_thread() not in set(passes.mapped(lambda _: threading.current_thread(), range(3)))


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_the_matrix_does_not_depend_on_the_chunks(frame, monkeypatch, size):
    dataset = data.read(frame[:300], label="late")
    declared = features.Features(features.number("fare").log1p(), features.category("carrier").one_hot())
    fitted = features.fit(declared, data.profile(dataset), dataset)
    kept = np.arange(300) % 3 > 0
    monkeypatch.setattr(passes, "ROWS", size)
    found = passes.matrix(fitted, dataset, kept)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert np.array_equal(found, fitted.reference(frame[:300])[kept], equal_nan=True)
