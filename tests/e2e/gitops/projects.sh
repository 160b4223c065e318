#!/bin/bash
# AppProjects: the sources, destinations and times that they permit.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web"
cat >"$repo/web/all.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: colors}
data: {sky: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
Y
commit first >/dev/null
gitops gitops
status() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
project() { # SPEC
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop, namespace: argocd}
spec: $1
Y
}
kubectl create namespace argocd >/dev/null
kubectl create namespace shop >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: shop
  source: {repoURL: "file://$repo", path: web}
  destination: {name: in-cluster, namespace: shop}
  syncPolicy: {automated: {selfHeal: true}}
Y
check "a project that is not there" within 20 says "spec.project: shop: there is no AppProject of this name in namespace argocd" status 'conditions[*].message'
project '{sourceRepos: ["https://elsewhere/*"], destinations: [{server: "*", namespace: "*"}]}'
check "one that does not allow the repository" within 20 says "is not permitted in project shop" status 'conditions[*].message'
project '{sourceRepos: ["*"], destinations: [{server: "https://kubernetes.default.svc", namespace: "other"}]}'
check "or the namespace" within 20 says "namespace shop are not permitted in project shop" status 'conditions[*].message'
project '{sourceRepos: ["*"], destinations: [{server: "https://kubernetes.default.svc", namespace: "sh*"}], namespaceResourceBlacklist: [{group: "", kind: Secret}]}'
check "or a kind" within 20 says "web/all.yaml: Secret keys: resource :Secret in namespace shop is not permitted in project shop" status operationState.message
check "then nothing is applied" fails kubectl get configmap colors -n shop
check "sluice app diff says it too" says "is not permitted in project shop" "$SLUICE" app diff web --gitops-file-urls --gitops-cache "$dir/mine"
project '{sourceRepos: ["*"], destinations: [{server: "*", namespace: "sh*"}], syncWindows: [{kind: deny, schedule: "* * * * *", duration: 1h, applications: ["w*"]}]}'
sed -i 's/blue/gray/' "$repo/web/all.yaml"
commit second >/dev/null
refresh web
check "or the time" within 20 says 'blocked by the sync window "* * * * *" (deny) of project shop' status 'conditions[*].message'
check "then nothing is applied either" fails kubectl get configmap colors -n shop
project '{sourceRepos: ["*"], destinations: [{server: "*", namespace: "sh*"}]}'
check "once it is allowed, it is applied" within 20 says gray kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "and it is Synced" within 20 says Synced status sync.status
kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd}
data:
  policy.default: role:readonly
  policy.csv: |
    p, role:developer, applications, sync, */dev-*, allow
    g, company:developers, role:developer
Y
check "who may do what" says "Yes: p, role:developer, applications, sync, */dev-*, allow (policy.csv, line 1)" "$SLUICE" rbac can company:developers sync applications shop/dev-web
check "and who may not" says "No: nothing allows it" "$SLUICE" rbac can company:developers sync applications shop/web
check "by its exit code" fails "$SLUICE" rbac can company:developers sync applications shop/web
project '{sourceRepos: ["*"], destinations: [{server: "*", namespace: "sh*"}], roles: [{name: ci, policies: ["p, proj:shop:ci, applications, sync, shop/*, allow"]}]}'
check "the project's own roles count" says "Yes: p, proj:shop:ci" "$SLUICE" rbac can proj:shop:ci sync applications shop/web
echo "p, me" >"$dir/policy.csv"
check "a file that is wrong" says "policy.csv, line 1: has 2 parts" "$SLUICE" rbac can me get applications --policy-file "$dir/policy.csv"
mkdir -p "$repo/tenant"
cat >"$repo/tenant/all.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: colors}
Y
commit tenant >/dev/null
project '{sourceRepos: ["*"], destinations: [{server: "*", namespace: "sh*"}]}'
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: tenant, namespace: argocd}
spec:
  project: shop
  source: {repoURL: "file://$repo", path: tenant}
  destination: {name: in-cluster, namespace: shadow}
  syncPolicy: {automated: {selfHeal: true}, syncOptions: [CreateNamespace=true]}
Y
tenant() { kubectl get application tenant -n argocd -o "jsonpath={.status.$1}"; }
check "CreateNamespace=true needs a project that permits Namespaces" within 20 says "Namespace shadow (CreateNamespace=true): resource :Namespace is not permitted in project shop" tenant operationState.message
check "without it the namespace is not created" fails kubectl get namespace shadow
kubectl create namespace shadow >/dev/null
check "a namespace that exists needs no permission" within 40 says Synced tenant sync.status
check "and the objects are in it" kubectl get configmap colors -n shadow
kubectl delete application tenant -n argocd >/dev/null
project '{sourceRepos: ["*"], destinations: [{server: "*", namespace: "sh*"}], clusterResourceWhitelist: [{group: "", kind: Namespace}]}'
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: tenant, namespace: argocd}
spec:
  project: shop
  source: {repoURL: "file://$repo", path: tenant}
  destination: {name: in-cluster, namespace: shape}
  syncPolicy: {automated: {selfHeal: true}, syncOptions: [CreateNamespace=true]}
Y
check "a project that permits Namespaces lets the namespace be created" within 20 kubectl get configmap colors -n shape
kill $controller && wait $controller
