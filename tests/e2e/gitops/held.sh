#!/bin/bash
# A commit that a rollout aborts, in a Kustomization: it is held, whether Rollouts are decided in the same process or in another.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/shop"
cat >"$repo/shop/kustomization.yaml" <<'Y'
resources: [rollout.yaml]
configMapGenerator: [{name: settings, literals: [a=b], options: {disableNameSuffixHash: true}}]
images: [{name: web, newTag: v1}]
Y
cat >"$repo/shop/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: web}]}
Y
commit first >/dev/null
kubectl create namespace flux-system >/dev/null 2>&1
kubectl create namespace gitops-held >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: held, namespace: flux-system}
spec: {url: "file://$repo", ref: {branch: main}, interval: 1h}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: held, namespace: flux-system}
spec: {path: shop, prune: true, interval: 4s, targetNamespace: gitops-held, sourceRef: {kind: GitRepository, name: held}}
Y
condition() { kubectl get kustomization held -n flux-system -o "jsonpath={.status.conditions[?(@.type==\"$1\")]}"; }
field() { kubectl get "$1" -n gitops-held -o "jsonpath={$2}"; }
image() { field rollout/web '.spec.template.spec.containers[0].image'; }
# push TAG: a commit of that image, fetched.
push() {
	sed -i "s/newTag: .*/newTag: $1}]/" "$repo/shop/kustomization.yaml"
	commit "$1" >/dev/null
	"$SLUICE" reconcile source git held >/dev/null 2>&1
}
# compared_again: the Kustomization was compared, and a deleted object exists again.
compared_again() {
	kubectl delete configmap settings -n gitops-held >/dev/null
	within 20 kubectl get configmap settings -n gitops-held
}
# story: from v1 or v3 to a commit that is held, and away from it again.
story() {
	push v2
	check "$1: a commit brings a canary" within 30 says Paused field rollout/web .status.phase
	check "$1: all is well" within 20 says '"status":"True"' condition Ready
	"$SLUICE" abort web -n gitops-held >/dev/null
	check "$1: an abort marks the commit" within 30 says "is not applied again to Rollout gitops-held/web" condition RevisionHeld
	check "$1: which is not ready" says '"reason":"RevisionHeld"' condition Ready
	"$SLUICE" undo web -n gitops-held >/dev/null
	check "$1: a user returns to the former version" within 30 says "web:$2" image
	check "$1: other drift is still healed" compared_again
	check "$1: and the commit is not applied again" says "web:$2" image
	check "$1: and is still marked" says RolloutAborted condition RevisionHeld
	"$SLUICE" reconcile kustomization held >/dev/null 2>&1
	check "$1: a requested reconciliation applies the held revision again" within 20 says "web:v2" image
	check "$1: a canary as before" within 30 says Paused field rollout/web .status.phase
	"$SLUICE" abort web -n gitops-held >/dev/null
	check "$1: held as before" within 30 says RolloutAborted condition RevisionHeld
	push v3
	check "$1: another commit is applied" within 30 says "web:v3" image
	check "$1: and nothing is held" within 20 says "" test -z "$(condition RevisionHeld)"
	check "$1: and it is ready" within 20 says '"status":"True"' condition Ready
	"$SLUICE" promote web -n gitops-held --full >/dev/null
	check "$1: that one is taken" within 30 says Healthy field rollout/web .status.phase
}
gitops rollouts,flux
check "the first version" within 30 says Healthy field rollout/web .status.phase
story "one process" v1
check "which events tell" says RevisionHeld kubectl get events -n flux-system
kill $controller && wait $controller

gitops flux
rollouts=
"$SLUICE" controller --leader-elect=false --metricsPort 0 --healthzPort 0 >>"$dir/controller.log" 2>&1 &
rollouts=$!
story "two processes" v3
kill $controller $rollouts && wait $controller $rollouts
kubectl delete namespace gitops-held --wait=false >/dev/null
