#!/bin/sh
# Containers without a daemon: buildah builds, podman runs, runc starts. Debian's packages; crun is not used, as it refuses the
# mixed control groups of some machines. Where their storage lies is told to them by the tests.
set -eu
missing=
for program in buildah podman runc conmon iptables; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
# shellcheck disable=SC2086  # words are wanted
[ -z "$missing" ] || scripts/debian $missing containernetworking-plugins
