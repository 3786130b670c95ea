#!/bin/sh
# Builds the images of this folder. ENGINE=docker|podman|buildah names the program, BUILD_FLAGS gives it more flags.
set -eu
cd "$(dirname "$0")"
engine=${ENGINE:-}
for each in docker podman buildah; do
    [ -n "$engine" ] || { command -v "$each" >/dev/null && engine=$each; } || true
done
[ -n "$engine" ] || { echo "There is no docker, podman or buildah; install one, or name it: ENGINE=PROGRAM" >&2; exit 3; }

"$engine" build ${BUILD_FLAGS:-} --tag registry.example.com/team/flights-server:3-4f4f4f4f4f4f server
"$engine" build ${BUILD_FLAGS:-} --tag registry.example.com/team/flights-worker:c0dec0dec0de worker
