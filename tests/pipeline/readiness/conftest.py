"""A project whose record earns every point."""

from __future__ import annotations

from pathlib import Path

import pytest

from .craft import Craft


@pytest.fixture
def craft(tmp_path: Path) -> Craft:
    return Craft(tmp_path / "tips")
