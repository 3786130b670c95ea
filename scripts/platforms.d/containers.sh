#!/bin/sh
# Containers without a daemon: buildah builds, podman runs, runc starts. Debian's packages; crun is not used, as it refuses the
# mixed control groups of some machines. Where their storage lies is told to them by the tests.
set -eu
missing=
for program in buildah podman runc conmon iptables; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "Missing:$missing. Install them: sudo apt-get install --no-install-recommends$missing containernetworking-plugins" >&2
    exit 3
fi
apt-get update -qq
# shellcheck disable=SC2086  (words are wanted)
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing containernetworking-plugins >/dev/null
