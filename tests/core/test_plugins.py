"""Plug-ins are found by listing their folder and imported when named."""

from __future__ import annotations

import importlib
import sys

import pytest

from seakeep.core import plugins
from seakeep.core.errors import UsageError


def test_a_built_in_is_the_module_of_its_name():
    assert plugins.load("core", "exact").__name__ == "seakeep.core.exact"


def test_names_are_the_files_of_the_folder():
    assert {"exact", "report", "plugins"} <= set(plugins.names("core"))


def test_an_unknown_name_proposes_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'exact'"):
        plugins.load("core", "exakt")


def test_a_third_party_adds_by_an_entry_point(tmp_path, monkeypatch):
    package = tmp_path / "acme-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[seakeep.core]\nacme_noun = acme_noun\n")
    (tmp_path / "acme_noun.py").write_text("LOADED = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    assert "acme_noun" in plugins.names("core")
    assert plugins.load("core", "acme_noun").LOADED
    del sys.modules["acme_noun"]
