#!/bin/sh
# Ray beside Seakeep and a training library, as a cluster's workers have them, in .platforms/ray. These very sources are linked, so
# that driver and workers run what is tested; nothing is started.
set -eu
exec scripts/engine-environment ray
