#!/bin/sh
# The schemas of Argo Rollouts' objects, as the npm package that is generated from its Go types has them: validators that run in Node,
# and TypeScript's types, whose compiler refuses fields that there are not. No scripts of packages are run.
set -eu
scripts/npm-packages requirements/platforms/argo .platforms/argo
