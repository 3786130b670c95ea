"""One core for each small fit: threads that wait for each other make these tests slow where other tests run beside them."""

from __future__ import annotations

import pytest

from seakeep.training import estimators


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    monkeypatch.setattr(estimators, "cores", lambda: 1)
