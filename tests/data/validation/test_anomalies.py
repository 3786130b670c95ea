"""The list of codes is complete: what the code can say is listed, and what is listed the code can say."""

from __future__ import annotations

import re
from pathlib import Path

import seakeep.data
from seakeep.core import plugins
from seakeep.data.validation.anomalies import MEANINGS, meaning

FOLDER = Path(seakeep.data.__file__).parent
CODE = re.compile(r'"((?:schema|rows|drift|skew|contract)\.[a-z0-9_]+)"')


def test_every_code_in_the_source_is_listed_and_every_listed_code_is_in_the_source():
    sources = [path for path in FOLDER.rglob("*.py") if path.name not in ("anomalies.py", "__init__.py")]
    sources.append(FOLDER.parent / "pipeline" / "rows.py")  # where a pipeline leaves broken rows out
    written = {code for path in sources for code in CODE.findall(path.read_text())}
    distances = {f"{what}.{name}" for name in plugins.names("evidence.distances") for what in ("drift", "skew")}
    assert written | distances == set(MEANINGS)


def test_every_meaning_is_one_sentence():
    for code, text in MEANINGS.items():
        assert text.endswith("."), code
        assert meaning(code) == text


def test_a_third_partys_distance_has_a_meaning_too():
    assert "'energy'" in meaning("drift.energy")
