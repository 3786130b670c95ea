#!/bin/sh
# Kubeflow Pipelines' SDK beside Seakeep and a training library, as a worker image has them, in .platforms/kubeflow; and the typed
# models of Katib, Kubeflow Trainer and Argo Workflows, against which exported files are held, in .platforms/kubeflow-models.
set -eu

install() {
    python=".platforms/$1/bin/python"
    stamp=".platforms/$1/installed"
    if [ -f "$stamp" ] && cmp -s "$stamp" "requirements/platforms/$1.txt"; then
        return
    fi
    .venv/bin/uv venv --quiet --clear ".platforms/$1"
    .venv/bin/uv pip install --quiet --python "$python" --require-hashes -r "requirements/platforms/$1.txt"
    cp "requirements/platforms/$1.txt" "$stamp"
}

install kubeflow
install kubeflow-models
# A copy, not a link to these sources: stages that run apart must find the same Seakeep, whatever is edited meanwhile.
.venv/bin/uv pip install --quiet --python .platforms/kubeflow/bin/python --no-deps --reinstall-package seakeep .
