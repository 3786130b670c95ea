"""A server runs on uvloop where it is installed, and on Python's own loop where it is not."""

from __future__ import annotations

from importlib.util import find_spec

CODE = """
import sys
from pathlib import Path
from seakeep.serving import serve
from seakeep.serving.server import app
begin = app.App.__rsgi_init__
def told(self, loop):
    Path(sys.argv[2]).write_text(type(loop).__module__)
    begin(self, loop)
app.App.__rsgi_init__ = told
serve(sys.argv[1:2], port=0, announce=lambda address: print(address, flush=True))
"""


def test_a_worker_takes_uvloop_where_it_is_installed(start, folders, row, tmp_path):
    with start(folders["flights"], tmp_path / "loop", code=CODE) as server:
        assert server.infer({"rows": [row]})[0] == 200
    assert (tmp_path / "loop").read_text().partition(".")[0] == ("uvloop" if find_spec("uvloop") else "asyncio")
