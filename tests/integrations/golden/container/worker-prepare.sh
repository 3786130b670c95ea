#!/bin/sh
# Fetches what the worker's image is made of into this folder; the build after it needs no network.
# Without an index, from a folder of wheels: UV_NO_INDEX=1 UV_FIND_LINKS=DIR PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR sh worker/prepare.sh
set -eu
called_in=$(pwd -P)
cd "$(dirname "$0")"
here=$(pwd -P)

# The lock says which version of each package, with its hashes. Keep it under version control; remove it to resolve anew.
[ -f requirements.txt ] || command -v uv >/dev/null || { echo "The lock is made by uv, which is not installed: pip install uv" >&2; exit 3; }
[ -f requirements.txt ] || uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
    --python-version 3.12 --python-platform x86_64-manylinux_2_28 requirements.in --output-file requirements.txt

# The wheels that it names, for the base's Python and not for this machine's.
rm -rf wheelhouse
python3 -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
    --python-version 3.12 --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_26_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_24_x86_64 --platform manylinux_2_23_x86_64 --platform manylinux_2_22_x86_64 --platform manylinux_2_21_x86_64 --platform manylinux_2_20_x86_64 --platform manylinux_2_19_x86_64 --platform manylinux_2_18_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --dest wheelhouse --requirement requirements.txt

# The project: the folder where this was called, or the one given; without what is made, secret, or data that arrives in spans.
root=$(cd "${1:-$called_in}" && pwd -P)
images=${here%/*}
rm -rf project
mkdir project
tar -C "$root" --exclude='.git' --exclude='.seakeep' --exclude='.venv' --exclude='__pycache__' --exclude='.pytest_cache' --exclude='.env' --exclude='*.pem' --exclude='*.key' --exclude='./data/*.parquet' --exclude="./${images#"$root"/}" -cf - . | tar -C project -xf -
chmod -R u+w,a+rX project
