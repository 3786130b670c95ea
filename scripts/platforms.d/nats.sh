#!/bin/sh
# Debian's NATS server with JetStream, to which a server's predictions are sent. The tests start their own, on free ports of this machine.
set -eu
command -v nats-server >/dev/null || scripts/debian nats-server
