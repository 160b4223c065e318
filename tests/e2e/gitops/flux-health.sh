#!/bin/bash
# A Kustomization waits for its objects: wait, healthChecks, timeout.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/parent" "$repo/child" "$repo/job"
map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {a: b}\n' "$2" >"$repo/$1"; }
map child/map.yaml of-the-child
map job/map.yaml of-the-job
cat >"$repo/job/job.yaml" <<Y
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b, command: [sleep, "600"]}]}}}
Y
# The child depends on what is not there.
cat >"$repo/parent/child.yaml" <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: child, namespace: flux-system}
spec: {interval: 1h, retryInterval: 2s, prune: true, path: child, targetNamespace: shop, sourceRef: {kind: GitRepository, name: repo}, dependsOn: [{name: missing}]}
Y
commit first >/dev/null
gitops flux
kubectl create namespace flux-system >/dev/null
kubectl create namespace shop >/dev/null
kubectl create namespace elsewhere >/dev/null
ready() { kubectl get kustomization "$1" -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}{.status.conditions[?(@.type=="Ready")].reason}{": "}{.status.conditions[?(@.type=="Ready")].message}'; }
set_() { kubectl patch kustomization "$1" -n flux-system --type merge -p "{\"spec\":$2}" >/dev/null; }
# kustomization NAME PATH MORE
kustomization() {
	kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: $1, namespace: flux-system}
spec: {interval: 1h, retryInterval: 2s, prune: true, path: $2, targetNamespace: $3, sourceRef: {kind: GitRepository, name: repo}, $4}
Y
}
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: flux-system}
spec: {interval: 1h, url: "file://$repo", ref: {branch: main}}
Y
kustomization parent parent flux-system 'wait: true, timeout: 6s'
check "a custom resource that is not ready is waited for" within 20 says "UnknownProgressing: Running health checks for revision" ready parent
check "and named, with its own words" within 20 says "Kustomization/flux-system/child status: 'InProgress']; Kustomization/flux-system/child: " ready parent
check "after the timeout, which is 30s at least, it has failed" within 60 says "FalseHealthCheckFailed: health check failed after 30s: timeout waiting for: [Kustomization/flux-system/child status: 'InProgress']" ready parent
check "the condition stays while it is tried again" sh -c "for i in 1 2 3 4 5 6; do sleep 1; kubectl get kustomization parent -n flux-system -o 'jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}' | grep -qx HealthCheckFailed || exit 1; done"
sed -i 's/, dependsOn: .*}$/}/' "$repo/parent/child.yaml"
commit second >/dev/null
kubectl annotate --overwrite gitrepository repo -n flux-system "reconcile.fluxcd.io/requestedAt=$(date +%s%N)" >/dev/null
check "until it is ready" within 30 says "TrueReconciliationSucceeded" ready parent

kustomization job job shop 'wait: true, timeout: 5m'
check "a Job that runs is waited for" within 20 says "[Job/shop/migrate status: 'InProgress']" ready job
kubectl patch job migrate -n shop --subresource status --type merge -p '{"status":{"failed":1,"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"too many retries"}]}}' >/dev/null
check "one that has failed ends the wait at once" within 20 says "failed early due to stalled resources: [Job/shop/migrate status: 'Failed']; Job/shop/migrate: Job Failed. failed: 1/1: too many retries" ready job
set_ job '{"wait":false}'
check "without wait it is applied, and that is all" within 20 says TrueReconciliationSucceeded ready job

kubectl apply -f - >/dev/null <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: operated, namespace: elsewhere}
spec: {replicas: 2, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: "b:does-not-exist"}]}}}
Y
set_ job '{"timeout":"4s","healthChecks":[{"apiVersion":"v1","kind":"ConfigMap","name":"of-the-job","namespace":"shop"},{"apiVersion":"apps/v1","kind":"Deployment","name":"operated","namespace":"elsewhere"}]}'
check "a health check of another's object, in another namespace" within 60 says "HealthCheckFailed: health check failed after 30s: timeout waiting for: [Deployment/elsewhere/operated status: 'InProgress']; Deployment/elsewhere/operated: " ready job
kubectl set image deployment operated -n elsewhere a=b:1 >/dev/null
check "until it is available" within 20 says TrueReconciliationSucceeded ready job
set_ job '{"healthChecks":[{"apiVersion":"apps/v1","kind":"Deployment","name":"nothing","namespace":"elsewhere"},{"apiVersion":"v1","kind":"Namespace","name":"nowhere"}]}'
check "objects that are not there" within 60 says "timeout waiting for: [Deployment/elsewhere/nothing status: 'NotFound', Namespace/nowhere status: 'NotFound']" ready job
set_ job '{"healthChecks":[{"apiVersion":"v1","kind":"Deployment","name":"operated","namespace":"elsewhere"}]}'
check "a kind that the version does not have" within 20 says 'Deployment/elsewhere/operated: no matches for kind "Deployment" in version "v1"' ready job
set_ job '{"healthChecks":[{"apiVersion":"example.com/v1","kind":"Thing","name":"a","namespace":"elsewhere"}]}'
check "a group that is not served" within 20 says 'no matches for kind "Thing" in version "example.com/v1"' ready job
set_ job '{"healthChecks":[{"apiVersion":"batch/v1beta1","kind":"Job","name":"migrate","namespace":"shop"}]}'
check "its own object, in a version that is not served" within 20 says 'Job/shop/migrate: no matches for kind "Job" in version "batch/v1beta1" (spec.healthChecks[0])' ready job
set_ job '{"healthChecks":[{"apiVersion":"v1","kind":"ConfigMap","name":"of-the-job"},{"apiVersion":"example.com/v2","kind":"ConfigMap","name":"of-the-job"}]}'
check "its own object's name in another group" within 20 says 'ConfigMap/shop/of-the-job: no matches for kind "ConfigMap" in version "example.com/v2" (spec.healthChecks[1])' ready job
set_ job '{"healthChecks":[{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","name":"parent","namespace":"flux-system"}]}'
check "a custom resource that is ready" within 20 says TrueReconciliationSucceeded ready job
kill $controller && wait $controller
