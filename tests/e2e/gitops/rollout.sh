#!/bin/bash
# A canary and Git, in one process: neither sets the other back.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/shop"
cat >"$repo/shop/kustomization.yaml" <<'Y'
resources: [rollout.yaml, mesh.yaml, services.yaml]
images: [{name: web, newTag: v1}]
Y
cat >"$repo/shop/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy:
    canary:
      stableService: web-stable
      canaryService: web-canary
      steps: [{setWeight: 20}, {pause: {}}, {setWeight: 60}, {pause: {}}]
      trafficRouting:
        istio:
          virtualService: {name: web, routes: [primary]}
          destinationRule: {name: web, canarySubsetName: canary, stableSubsetName: stable}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: web}]}
Y
cat >"$repo/shop/mesh.yaml" <<'Y'
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web]
  http:
  - name: primary
    route:
    - {destination: {host: web, subset: stable}, weight: 100}
    - {destination: {host: web, subset: canary}, weight: 0}
---
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: web}
spec:
  host: web
  subsets:
  - {name: stable, labels: {app: web}}
  - {name: canary, labels: {app: web}}
Y
cat >"$repo/shop/services.yaml" <<'Y'
apiVersion: v1
kind: Service
metadata: {name: web-stable}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-canary}
spec: {selector: {app: web}, ports: [{port: 80}]}
Y
commit first >/dev/null
gitops rollouts,gitops
application() { # SYNCOPTIONS
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: shop}
  destination: {server: https://kubernetes.default.svc, namespace: gitops-shop}
  syncPolicy:
    automated: {prune: true, selfHeal: true}
    syncOptions: [$1]
Y
}
status() { kubectl get application shop -n argocd -o "jsonpath={.status.$1}"; }
field() { kubectl get "$1" -n gitops-shop -o "jsonpath={$2}"; }
version() { field "$1" .metadata.resourceVersion; }
weights() { field virtualservice/web '.spec.http[0].route[*].weight'; }
image() { sed -i "s/newTag: .*/newTag: $1}]/" "$repo/shop/kustomization.yaml" && commit "$1" >/dev/null; }
# compare: the application is compared once more, and synced if it differs.
compare() {
	refresh shop
	within 20 says "" test -z "$(kubectl get application shop -n argocd -o 'jsonpath={.metadata.annotations.argocd\.argoproj\.io/refresh}')"
	within 20 looked
}
looked() { [ -z "$(kubectl get application shop -n argocd -o 'jsonpath={.metadata.annotations.argocd\.argoproj\.io/refresh}')" ] && [ -z "$(status operation)" ]; }
# still WEIGHTS: two comparisons write nothing of the mesh and the Services, and these are the weights.
still() {
	local before after
	before="$(version virtualservice/web) $(version destinationrule/web) $(version service/web-stable) $(version service/web-canary)"
	compare && compare
	after="$(version virtualservice/web) $(version destinationrule/web) $(version service/web-stable) $(version service/web-canary)"
	[ "$before" = "$after" ] || { echo "versions before: $before, after: $after"; return 1; }
	says "$1" weights && says Synced status sync.status
}
kubectl create namespace argocd >/dev/null 2>&1
application CreateNamespace=true
check "the first version is synced" within 30 says Healthy field rollout/web .status.phase
check "and the application is Healthy" within 30 says Healthy status health.status
check "nothing is set back, without a canary" still "100 0"

image v2
compare
check "a commit brings a canary" within 30 says Paused field rollout/web .status.phase
check "it has its weight" within 10 says "80 20" weights
check "a full sync changes no weight" still "80 20"
check "the application waits for a promotion" within 10 says Suspended status health.status
check "and its sync has ended" says Succeeded status operationState.phase

sed -i 's/  - name: primary/  - name: primary\n    timeout: 7s/' "$repo/shop/mesh.yaml"
commit timeout >/dev/null
compare
check "another change to the same object lands" within 20 says 7s field virtualservice/web '.spec.http[0].timeout'
check "a change of the same object leaves the weights" says "80 20" weights

"$SLUICE" promote web -n gitops-shop >/dev/null
check "the next step" within 30 says "40 60" weights
check "is not set back either" still "40 60"
"$SLUICE" abort web -n gitops-shop >/dev/null
check "an abort takes the traffic back" within 30 says "100 0" weights
check "and Git does not start it again" still "100 0"
check "the application says so" within 10 says Degraded status health.status

# The revision that was aborted is held.
check "the revision is marked" within 20 says "is not applied again to Rollout gitops-shop/web" status 'conditions[?(@.type=="RevisionHeld")].message'
check "an event reports the held revision" within 10 says RevisionHeld kubectl get events -n argocd
"$SLUICE" undo web -n gitops-shop >/dev/null
check "a user returns to the former version" within 30 says "web:v1" field rollout/web '.spec.template.spec.containers[0].image'
check "which is a difference" within 20 says OutOfSync status sync.status
compare && compare
check "that self-heal does not take for a drift" says "web:v1" field rollout/web '.spec.template.spec.containers[0].image'
image v3
compare
check "a new commit releases it" within 30 says "web:v3" field rollout/web '.spec.template.spec.containers[0].image'
check "and nothing is held" within 20 says "" test -z "$(status 'conditions[?(@.type=="RevisionHeld")].message')"

# Without the ownership of fields, the same comparisons set the weights back.
check "the canary again" within 30 says "80 20" weights
application "CreateNamespace=true, RespectRollouts=false"
check "without ownership a sync does not leave it alone" fails still "80 20"
application CreateNamespace=true
compare
kubectl delete application shop -n argocd >/dev/null
kubectl delete namespace gitops-shop --wait=false >/dev/null
kill $controller && wait $controller
