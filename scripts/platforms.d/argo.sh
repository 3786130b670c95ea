#!/bin/sh
# The schemas of Argo Rollouts' objects, as the npm package that is generated from its Go types has them: validators that run in Node,
# and TypeScript's types, whose compiler refuses fields that there are not. No scripts of packages are run.
set -eu
here=.platforms/argo
command -v npm >/dev/null || scripts/debian npm
mkdir -p "$here"
cmp -s requirements/platforms/argo/package-lock.json "$here/installed" && exit 0
cp requirements/platforms/argo/package.json requirements/platforms/argo/package-lock.json "$here/"
npm ci --silent --ignore-scripts --no-audit --no-fund --prefix "$here" 2>/dev/null || npm ci --ignore-scripts --no-audit --no-fund --prefix "$here"
cp requirements/platforms/argo/package-lock.json "$here/installed"
