"""What the control server's page says is what the server does."""

from __future__ import annotations

import re
from pathlib import Path

from seakeep.pipeline.control.calls import PATHS
from seakeep.pipeline.control.gates import GATES
from seakeep.pipeline.control.refusals import CODES
from seakeep.pipeline.control.tokens import TOKEN, TOKEN_FILE
from seakeep.pipeline.control.verdicts import verdict_of

from .desks import start

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "control.md").read_text()


def test_every_code_stands_there_with_its_status_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {code: (int(status), f"{told}.") for code, status, told in rows} == CODES


def test_every_address_gate_and_variable_stands_there() -> None:
    for path in PATHS:
        where = path.replace("{name}", "NAME")
        assert where in PAGE or where.rpartition("/")[2] in GATES, path
    assert all(f"| `{gate}` |" in PAGE for gate in GATES)
    assert TOKEN in PAGE
    assert TOKEN_FILE in PAGE


def test_every_member_of_a_verdict_stands_there(world) -> None:
    told = verdict_of(start(world))
    assert all(f"`{name}`" in PAGE for name in told if name != "name")
