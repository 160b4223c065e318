#!/bin/bash
# A canary in a Helm release: it is waited for, and its abort fails the release and holds the revision. The program is Helm on a real control
# plane, and the stand-in of helm.sh on the laptop cluster, where also tests of the chart run.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
if [ -n "${ON_CLUSTER-}" ]; then helm=$HELM; else helm=$PWD/tests/e2e/gitops/stand-in-helm; fi
ns=helm-held
mkdir -p "$repo/chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 1.0.0\n' >"$repo/chart/Chart.yaml"
printf 'tag: v1\nexit: 0\n' >"$repo/chart/values.yaml"
cat >"$repo/chart/templates/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "web:{{ .Values.tag }}"}]}
Y
[ -n "${ON_CLUSTER-}" ] || cat >"$repo/chart/templates/test.yaml" <<'Y'
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: {helm.sh/hook: test}
spec: {containers: [{name: test, image: test, command: [sh, -c, "exit {{ .Values.exit }}"]}]}
Y
commit first >/dev/null
kubectl create namespace $ns >/dev/null
cat >"$dir/first.yaml" <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: $ns}
spec: {interval: 1h, url: "file://$repo", ref: {branch: main}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: $ns}
spec:
  interval: 1h
  chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: repo}}}
  values: {tag: v1}
  test: {enable: $([ -n "${ON_CLUSTER-}" ] && echo false || echo true)}
  upgrade: {remediation: {retries: 3}}
Y
check "the definitions are served" within 20 kubectl apply -f "$dir/first.yaml"
gitops rollouts,flux --gitops-helm "$helm" --loglevel debug
get() { kubectl get "$1" web -n $ns -o "jsonpath={$2}"; }
condition() { get helmrelease ".status.conditions[?(@.type==\"$1\")]"; }
change() { kubectl patch helmrelease web -n $ns --type merge -p "{\"spec\":$1}" >/dev/null; }
now() { kubectl annotate --overwrite helmrelease web -n $ns "reconcile.fluxcd.io/requestedAt=$(date +%s%N)" >/dev/null; }
handled() { [ "$(get helmrelease '.metadata.annotations.reconcile\.fluxcd\.io/requestedAt')" = "$(get helmrelease .status.lastHandledReconcileAt)" ]; }
image() { get rollout '.spec.template.spec.containers[0].image'; }
check "the first version" within 30 says Healthy get rollout .status.phase
check "is released when its Rollout is healthy" within 30 says '"status":"True"' condition Ready
if [ -z "${ON_CLUSTER-}" ]; then
	check "and its tests have passed" says '"reason":"TestSucceeded"' condition TestSuccess
	check "which the history says" says '"phase":"Succeeded"' get helmrelease '.status.history[0].testHooks'
	change '{"values":{"exit":"1"}}'
	check "tests that fail" within 60 says TestFailed kubectl get events -n $ns
	check "roll it back, as often as its remediation says" within 120 says '"reason":"RetriesExceeded"' condition Stalled
	check "to the last revision" says '"reason":"RollbackSucceeded"' condition Remediated
	change '{"values":{"exit":"0"}}'
	check "until they are mended" within 60 says '"reason":"TestSucceeded"' condition Ready
fi
change '{"values":{"tag":"v2"}}'
check "an upgrade brings a canary" within 60 says Paused get rollout .status.phase
check "which is waited for" within 30 says "Waiting for Rollouts: Rollout/$ns/web Suspended" condition Ready
"$SLUICE" promote web -n $ns --full >/dev/null
check "until it is promoted" within 60 says '"status":"True"' condition Ready
change '{"values":{"tag":"v3"}}'
check "another one" within 60 says "web:v3" image
check "is waited for too" within 60 says "Waiting for Rollouts: Rollout/$ns/web Suspended" condition Ready
revision=$(get helmrelease '.status.history[0].version')
"$SLUICE" abort web -n $ns >/dev/null
check "that is aborted fails the release" within 60 says '"reason":"UpgradeFailed"' condition Released
check "and holds the revision" within 30 says "is not applied again to Rollout $ns/web" condition RevisionHeld
check "which Helm's record has as failed" within 30 says failed kubectl get secret "sh.helm.release.v1.web.v$revision" -n $ns -o 'jsonpath={.metadata.labels.status}'
check "it is rolled back" within 60 says "web:v2" image
check "and it is not ready" within 30 says '"reason":"RevisionHeld"' condition Ready
check "though retries are left" says 1 get helmrelease .status.upgradeFailures
check "nothing more is tried" says "$((revision + 1))" get helmrelease '.status.history[0].version'
now
check "a request" within 30 handled
check "tries it again" within 60 says "web:v3" image
check "and holds nothing" within 30 test -z "$(condition RevisionHeld)"
"$SLUICE" promote web -n $ns --full >/dev/null
check "now it is promoted" within 60 says '"status":"True"' condition Ready
kubectl delete helmrelease web -n $ns --wait=false >/dev/null
check "with the HelmRelease goes its Rollout" within 60 fails kubectl get rollout web -n $ns
check "and then it goes itself" within 60 fails kubectl get helmrelease web -n $ns
kill $controller && wait $controller
