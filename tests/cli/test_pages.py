from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize("output", ["d.html", "pages/d.html"])
def test_drift_writes_a_page(project, shell, output):
    Path("pages").mkdir(exist_ok=True)
    assert shell("drift", "data/parcels.csv", "data/parcels.csv", "-o", output).code == 0
    assert "No column moved beyond its threshold." in Path(output).read_text()


def test_a_page_of_another_ending_is_refused_before_anything_is_read(project, shell):
    said = shell("drift", "absent.csv", "absent.csv", "-o", "d.pdf")
    assert said.code == 3
    assert "d.pdf does not end in .html" in said.err
    assert not Path("d.pdf").exists()
