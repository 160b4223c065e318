#!/bin/bash
# promote-image: an image is promoted from one environment to the next by commits; reconcile: a user requests that
# objects of Flux are reconciled now.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/base"
cat >"$repo/base/kustomization.yaml" <<'Y'
resources: [rollout.yaml]
Y
cat >"$repo/base/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 1
  progressDeadlineSeconds: 5
  progressDeadlineAbort: true
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: shop/web}]}
  strategy: {canary: {steps: [{setWeight: 50}]}}
Y
for env in dev staging production; do
	mkdir -p "$repo/environments/$env"
	printf '# %s\nresources: [../../base]\nimages:\n- name: shop/web # the shop\n  newTag: v1\n' $env >"$repo/environments/$env/kustomization.yaml"
done
commit first >/dev/null
git clone -q --bare "$repo" "$dir/origin.git"
gitops rollouts,gitops,flux
kubectl create namespace argocd >/dev/null
for env in dev staging production; do
	[ $env = staging ] && policy="{syncOptions: [CreateNamespace=true]}" || policy="{automated: {}, syncOptions: [CreateNamespace=true]}"
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web-$env, namespace: argocd}
spec:
  source: {repoURL: "file://$dir/origin.git", targetRevision: main, path: environments/$env}
  destination: {server: https://kubernetes.default.svc, namespace: $env}
  syncPolicy: $policy
Y
done
at() { git -C "$dir/origin.git" show "$1:environments/$2/kustomization.yaml"; }
image() { kubectl get rollout web -n "$1" -o 'jsonpath={.spec.template.spec.containers[0].image}'; }
promote() { TMPDIR=$dir "$SLUICE" promote-image "$@"; }
check "an environment" within 20 says v1 image dev
check "an environment without automated sync is synced on request" "$SLUICE" app sync web-staging --timeout 300
check "from one to the next, and a branch for the last" promote shop/web:v2 web-dev web-staging web-production --review web-production --timeout 300
check "the first has it" says shop/web:v2 image dev
check "the second environment has the image, though its sync is not automated" says shop/web:v2 image staging
check "the last has not" says shop/web:v1 image production
check "its branch does" says "newTag: v2" at promote-web-production-web-v2 production
check "and the comments are those that were there" says "- name: shop/web # the shop" at main dev
check "the commit says what it is" says "web-staging: shop/web:v2" git -C "$dir/origin.git" log -1 --format=%s main
check "what is there already is only waited for" says "has it already" promote shop/web:v2 web-dev --timeout 300
check "one that does not become healthy" says "which aborted it" promote shop/web:does-not-exist web-dev web-staging --timeout 300
check "does not go on" says shop/web:v2 image staging
check "an image without a tag" says "has neither a tag nor a digest" promote shop/web web-dev
check "a directory without a kustomization" says "no kustomization" sh -c "kubectl patch application web-dev -n argocd --type merge -p '{\"spec\":{\"source\":{\"path\":\"environments\"}}}' >/dev/null; TMPDIR=$dir $SLUICE promote-image shop/web:v3 web-dev"
check "no clone is left behind" fails ls -d "$dir"/sluice-*

kubectl create namespace flux-system >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: flux-system}
spec: {url: "file://$dir/origin.git", ref: {branch: main}, interval: 1h}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system}
spec: {path: environments/production, prune: true, interval: 1h, sourceRef: {kind: GitRepository, name: shop}, targetNamespace: default}
Y
check "it is applied" within 20 says "Applied revision" kubectl get kustomization shop -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}'
git -C "$repo" fetch -q "$dir/origin.git" main && git -C "$repo" reset -q --hard FETCH_HEAD
sed -i 's/newTag: v1/newTag: v9/' "$repo/environments/production/kustomization.yaml"
new=$(commit nine)
git -C "$repo" push -q "$dir/origin.git" HEAD:main
check "source and Kustomization, now" says "Applied revision: main@sha1:$new" "$SLUICE" reconcile kustomization shop --with-source
check "it has been applied" says shop/web:v9 image default
check "the source alone" says "stored artifact" "$SLUICE" reconcile source git shop
check "one that is not there" says 'Kustomization "nothing" not found in namespace flux-system' "$SLUICE" reconcile ks nothing
kill $controller && wait $controller
