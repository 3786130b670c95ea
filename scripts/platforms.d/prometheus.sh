#!/bin/sh
# Prometheus, promtool, Alertmanager and amtool, as Debian has them. Nothing is started.
set -eu
for program in prometheus promtool prometheus-alertmanager amtool; do
    command -v "$program" >/dev/null || scripts/debian prometheus prometheus-alertmanager
done
