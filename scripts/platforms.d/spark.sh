#!/bin/sh
# Spark (with its standalone master and workers) beside Seakeep and a training library in .platforms/spark, and Debian's Java 17,
# which Spark needs. These very sources are linked, so that driver and workers run what is tested; nothing is started.
set -eu
command -v java >/dev/null || scripts/debian openjdk-17-jre-headless
exec scripts/engine-environment spark
