#!/bin/sh
# KServe's own client, Triton's HTTP client and the CloudEvents SDK; and, apart, the clouds' published schemas.
set -eu
for topic in kserve clouds; do
    [ -x ".platforms/$topic/bin/python" ] || .venv/bin/uv venv --quiet ".platforms/$topic"
    .venv/bin/uv pip install --quiet --require-hashes --python ".platforms/$topic/bin/python" -r "requirements/platforms/$topic.txt"
done
