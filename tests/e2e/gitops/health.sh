#!/bin/bash
# The health of custom resources that Argo CD has a script for: waves wait for them.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web"
# Flux's kinds are served, and no controller here acts on them.
cat >"$repo/web/source.yaml" <<'Y'
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: charts, annotations: {argocd.argoproj.io/sync-wave: "-1"}}
spec: {interval: 1h, url: "https://example.com/charts.git"}
Y
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: behind}\ndata: {a: b}\n' >"$repo/web/behind.yaml"
commit first >/dev/null
gitops gitops
web_application 'syncPolicy: {automated: {prune: true, selfHeal: true}, retry: {limit: 0}}'
status() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
says_of_itself() { kubectl patch gitrepository charts -n shop --subresource status --type merge -p "{\"status\":$1}" >/dev/null; }
check "a custom resource without a status is waited for" within 20 says "Running: waiting for healthy state of source.toolkit.fluxcd.io/GitRepository/charts" status 'operationState.phase}: {.status.operationState.message'
check "and the wave behind it is not applied" sh -c "sleep 4; ! kubectl get configmap behind -n shop"
says_of_itself '{"observedGeneration":1,"conditions":[{"type":"Ready","status":"Unknown","reason":"Progressing","message":"building"}]}'
check "so is one that makes progress" sh -c "sleep 4; ! kubectl get configmap behind -n shop"
says_of_itself '{"observedGeneration":1,"conditions":[{"type":"Ready","status":"True","reason":"Succeeded","message":"stored artifact"}]}'
check "once it is ready, the wave behind it is applied" within 20 kubectl get configmap behind -n shop
check "the sync succeeds" within 20 says Succeeded status operationState.phase
check "the Application is healthy" within 20 says Healthy status health.status
says_of_itself '{"observedGeneration":1,"conditions":[{"type":"Ready","status":"False","reason":"GitOperationFailed","message":"no such host"}]}'
check "one that fails later is the Application's health" within 20 says "Degraded: GitRepository charts: no such host" status 'health.status}: {.status.health.message'
kubectl delete gitrepository charts -n shop >/dev/null
sed -i 's/a: b/a: c/' "$repo/web/behind.yaml"
commit second >/dev/null
refresh web
check "another one is waited for anew" within 20 says "Running: waiting for healthy state" status 'operationState.phase}: {.status.operationState.message'
says_of_itself '{"observedGeneration":1,"conditions":[{"type":"Stalled","status":"True","message":"wrong URL"},{"type":"Ready","status":"False","message":"wrong URL"}]}'
check "one that has failed fails the sync" within 20 says Failed status operationState.phase
check "and the wave behind it is not applied either" says b kubectl get configmap behind -n shop -o 'jsonpath={.data.a}'
kill $controller && wait $controller
