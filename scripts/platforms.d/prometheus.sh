#!/bin/sh
# Prometheus, promtool, Alertmanager and amtool, as Debian has them. Nothing is started.
set -eu
for program in prometheus promtool prometheus-alertmanager amtool; do
    command -v "$program" >/dev/null && continue
    if [ "$(id -u)" != 0 ]; then
        echo "$program is missing: apt-get install prometheus prometheus-alertmanager" >&2
        exit 1
    fi
    apt-get install -y -qq --no-install-recommends prometheus prometheus-alertmanager >/dev/null
done
