#!/bin/sh
# cleanlab, the reference of confident learning, in an environment of its own: the oracle of the finding label_noise.
set -eu
here=.platforms/quality
[ -x "$here/bin/python" ] || .venv/bin/uv venv --quiet "$here"
.venv/bin/uv pip install --quiet --require-hashes --python "$here/bin/python" -r requirements/platforms/quality.txt
