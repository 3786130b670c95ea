"""What the guides type at a server is answered: each block marked `run: asking`, at the quickstart's project, as its reader has it.

A request that is refused fails here, since curl is told to end with an error then. Pages share the project, the server and `row.json`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from .documents import DOCS, Block, blocks, pages
from .test_documented_commands import SECONDS, environment, free_port, identity, running, typed

ROW = DOCS / "guides" / "serve.md"
ASKING = [page for page in pages() if blocks(page, asking=True)]
_STRICT = 'curl() { command curl --fail-with-body "$@"; }\n'


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The quickstart's project, with `row.json` in it, and the address at which its server answers."""
    folder = tmp_path_factory.mktemp("quickstart")
    made = "seakeep init trips && seakeep run trips/pipeline.py"
    subprocess.run(["bash", "-c", made], cwd=folder, env=environment(folder), check=True, capture_output=True)
    address, project = f"127.0.0.1:{free_port()}", folder / "trips"
    with (project / "seakeep.toml").open("a") as settings:
        settings.write('repository = "change"\n')  # the last section of the file is [serve]
    command = ["bash", "-c", f"exec seakeep serve trips --http {address}"]
    with running(command, f"http://{address}/v2/health/ready", project):
        _type(blocks(ROW, asking=True)[0], address, project)
        yield project, address


@pytest.mark.slow
@pytest.mark.parametrize("page", ASKING, ids=identity)
def test_what_a_guide_asks_is_answered(page, asked):
    project, address = asked
    for block in blocks(page, asking=True):
        _type(block, address, project)


def _type(block: Block, address: str, folder: Path) -> None:
    strict = replace(block, code=_STRICT + block.code) if block.language == "bash" else block
    done = subprocess.run(
        typed(strict, address),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{block.code}\n{done.stdout}\n{done.stderr}"


def test_the_guides_about_serving_are_asked():
    assert {page.stem for page in ASKING} >= {
        "serve",
        "serve-forms",
        "serve-contract",
        "serve-grpc",
        "serve-under-load",
        "explain",
    }
