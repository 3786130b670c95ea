"""A home with two releases, and a desk that answers for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..world import World  # noqa: TID252
from .desks import Asked, home_of


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    for name in ("SEAKEEP_WEBHOOK_TOKEN", "SEAKEEP_WEBHOOK_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    return home_of(tmp_path)


@pytest.fixture
def ask(world: World) -> Asked:
    return Asked(world)
