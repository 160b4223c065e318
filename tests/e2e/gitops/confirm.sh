#!/bin/bash
# Objects whose deletion a user must confirm: Prune=confirm, Delete=confirm.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web"
# map NAME OPTIONS [MORE METADATA]: a ConfigMap with these sync options.
map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, annotations: {argocd.argoproj.io/sync-options: "%s"}}\ndata: {a: %s}\n' "$1" "$2" "${3-b}" >"$repo/web/$1.yaml"; }
map kept 'Prune=false,Delete=false'
map dear 'Prune=confirm'
map plain ''
commit first >/dev/null
gitops gitops
kubectl create namespace argocd >/dev/null
kubectl create namespace shop >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {prune: true}}
Y
app() { "$SLUICE" app "$@"; }
status() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
there() { kubectl get configmap "$1" -n shop; }
data() { kubectl get configmap "$1" -n shop -o 'jsonpath={.data.a}'; }
check "all is applied" within 20 says Synced status sync.status
rm "$repo/web/dear.yaml" "$repo/web/plain.yaml"
map kept 'Prune=false,Delete=false' changed
commit second >/dev/null
refresh web
check "the sync waits, and says for what" within 20 says "Running: waiting for pruning confirmation of /ConfigMap/dear" status 'operationState.phase}: {.status.operationState.message'
check "the condition says how to confirm it" says "sluice app confirm-deletion web" status 'conditions[?(@.type=="ConfirmationRequired")].message'
check "nothing is done meanwhile" sh -c "sleep 3; kubectl get configmap dear plain -n shop && kubectl get configmap kept -n shop -o yaml | grep -q 'a: b'"
kubectl annotate application web -n argocd argocd.argoproj.io/deletion-approved=2020-01-01T00:00:00Z >/dev/null
refresh web
check "a confirmation from before the sync does not count" sh -c "sleep 4; kubectl get configmap dear -n shop"
kubectl annotate --overwrite application web -n argocd argocd.argoproj.io/deletion-approved=soon >/dev/null
check "nor does one that is no time" sh -c "sleep 3; kubectl get configmap dear -n shop"
map dear 'Prune=confirm'
commit third >/dev/null
refresh web
check "a newer commit that wants it again ends the wait" within 20 says changed data kept
check "and nothing waits any more" within 20 says "/Succeeded" status 'conditions[?(@.type=="ConfirmationRequired")].message}/{.status.operationState.phase'
rm "$repo/web/dear.yaml"
commit fourth >/dev/null
refresh web
check "it is waited for again" within 20 says "waiting for pruning confirmation" status operationState.message
check "a user confirms the pruning" says "deletion confirmed" app confirm-deletion web
check "it is pruned" within 20 fails there dear
check "and the sync succeeds" within 20 says Succeeded status operationState.phase
check "the condition is removed" says "none" sh -c "kubectl get application web -n argocd -o 'jsonpath={.status.conditions[?(@.type==\"ConfirmationRequired\")].type}none' | grep -x none"

map guarded 'Delete=confirm'
map other 'Prune=false'
commit fifth >/dev/null
refresh web
check "another two are applied" within 20 there guarded
check "deleting the Application" says deleted app delete web
check "waits, and says for what" within 20 says "waiting for deletion confirmation of /ConfigMap/guarded" status 'conditions[?(@.type=="ConfirmationRequired")].message'
check "with all of its objects" sh -c "sleep 3; kubectl get configmap guarded other kept -n shop && kubectl get application web -n argocd"
check "a user confirms the deletion of the Application" app confirm-deletion web
check "the objects are deleted" within 20 fails there guarded
check "also one that is only not pruned" within 20 fails there other
check "and then the Application" within 20 fails kubectl get application web -n argocd
check "one that says Delete=false stays" there kept
kill $controller && wait $controller
