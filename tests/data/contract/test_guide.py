"""The guide's contract: it reads, it says every field there is, and every field has a row in the tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seakeep.data.contract.reading import COLUMN_KEYS, TOP_KEYS, read_schema
from seakeep.data.contract.rules import RULE_KEYS

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "validate.md").read_text()
EXAMPLE = re.search(r"<!-- contract -->\n```yaml\n(.*?)```", GUIDE, re.DOTALL)[1]


def test_the_guides_contract_reads():
    schema = read_schema(EXAMPLE, where="validate.md", version=1)
    assert schema["stops"].items.fields["minutes"].minimum == 0


@pytest.mark.parametrize("key", sorted({*COLUMN_KEYS, *RULE_KEYS, *TOP_KEYS}))
def test_every_field_stands_in_the_guides_contract_and_in_its_tables(key):
    assert re.search(rf"(?:^|[\s{{]){key}:", EXAMPLE, re.MULTILINE), key
    assert f"`{key}`" in GUIDE.replace(EXAMPLE, ""), key
