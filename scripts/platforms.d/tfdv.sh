#!/bin/sh
# TensorFlow Data Validation, against whose own output Seakeep's statistics, contracts and anomalies are held (1.4 GB, most of it
# TensorFlow). What it asks for and does not use here is left out (requirements/platforms/tfdv.override), and so are TensorFlow's
# headers for C++.
set -eu
here=.platforms/tfdv
lock=requirements/platforms/tfdv.txt
cmp -s "$here/installed" "$lock" && exit 0
.venv/bin/uv venv --quiet --clear --python 3.11 "$here"
.venv/bin/uv pip install --quiet --no-deps --require-hashes --python "$here/bin/python" -r "$lock"
rm -rf "$here/lib/python3.11/site-packages/tensorflow/include"
cp "$lock" "$here/installed"
