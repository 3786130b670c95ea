#!/bin/sh
# Triton's clients over HTTP and gRPC, which the server has to answer. KServe's are with kserve.sh.
set -eu
topic=serving-clients
[ -x ".platforms/$topic/bin/python" ] || .venv/bin/uv venv --quiet ".platforms/$topic"
.venv/bin/uv pip install --quiet --require-hashes --python ".platforms/$topic/bin/python" -r "requirements/platforms/$topic.txt"
