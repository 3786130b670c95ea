#!/bin/sh
# The schemas of Argo Rollouts' objects, as the npm package that is generated from its Go types has them: validators that run in Node,
# and TypeScript's types, whose compiler refuses fields that there are not. No scripts of packages are run.
set -eu
here=.platforms/argo
command -v npm >/dev/null || {
    [ "$(id -u)" = 0 ] || { echo "npm is missing: sudo apt-get install npm" >&2; exit 3; }
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
}
mkdir -p "$here"
cmp -s requirements/platforms/argo/package-lock.json "$here/installed" && exit 0
cp requirements/platforms/argo/package.json requirements/platforms/argo/package-lock.json "$here/"
npm ci --silent --ignore-scripts --no-audit --no-fund --prefix "$here" 2>/dev/null || npm ci --ignore-scripts --no-audit --no-fund --prefix "$here"
cp requirements/platforms/argo/package-lock.json "$here/installed"
