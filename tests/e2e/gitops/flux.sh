#!/bin/bash
# Flux's GitRepository and Kustomization.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/deploy/more" "$repo/base"
map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {%s}\n' "$2" "$3" >"$repo/$1"; }
map deploy/one.yaml one 'cluster: "${cluster_name}", region: "${region:-nowhere}", plain: "$HOME $${kept}"'
map deploy/more/two.yaml two 'a: b'
map base/base.yaml base 'a: b'
first=$(commit first)
gitops flux
kubectl create namespace flux-system >/dev/null
kubectl create namespace flux-shop >/dev/null
get() { kubectl get "$1" "$2" -n flux-system -o "jsonpath={$3}"; }
ready() { get "$1" "$2" '.status.conditions[?(@.type=="Ready")].message'; }
data() { kubectl get configmap "$1" -n flux-shop -o "jsonpath={.data.$2}"; }
now() { kubectl annotate --overwrite gitrepository repo -n flux-system "reconcile.fluxcd.io/requestedAt=$(date +%s%N)" >/dev/null; }
kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system}
spec:
  interval: 1h
  retryInterval: 2s
  sourceRef: {kind: GitRepository, name: repo}
  path: ./deploy
  prune: true
  wait: true
  targetNamespace: flux-shop
  commonMetadata: {labels: {team: a}}
  dependsOn: [{name: base}]
  postBuild: {substitute: {cluster_name: production}}
Y
check "without a source it says so" within 20 says "GitRepository 'flux-system/repo' not found" ready kustomization shop
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: flux-system}
spec: {interval: 1h, url: "file://$repo", ref: {branch: main}}
Y
check "the commit of the branch" within 20 says "main@sha1:$first" get gitrepository repo .status.artifact.revision
check "is ready" says "stored artifact for revision 'main@sha1:$first'" ready gitrepository repo
kubectl create secret generic access -n flux-system --from-literal password=hush --from-literal githubAppID=1 >/dev/null
kubectl patch gitrepository repo -n flux-system --type merge -p '{"spec":{"secretRef":{"name":"access"}}}' >/dev/null
unused() { kubectl get "$1" "$2" -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="SettingsWarning")].message}'; }
check "keys of its Secret without effect are named" within 20 says "Secret access: without effect here: githubAppID (tokens are not fetched" unused gitrepository repo
check "and logged" within 20 grep -q "SettingsWarning: Secret access: without effect here: githubAppID" "$dir/controller.log"
check "what it depends on is not there" within 20 says "dependency 'flux-system/base' not found" ready kustomization shop
kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: base, namespace: flux-system}
spec: {interval: 1h, sourceRef: {kind: GitRepository, name: repo}, path: base, prune: true, targetNamespace: flux-shop, namePrefix: pre-}
Y
check "a dependency is applied" within 20 says "Applied revision: main@sha1:$first" ready kustomization base
check "which names the Secret's keys, too" within 20 says "Secret access: without effect here: githubAppID" unused kustomization base
kubectl patch gitrepository repo -n flux-system --type json -p '[{"op":"remove","path":"/spec/secretRef"}]' >/dev/null
check "until the Secret is not used" within 20 says "want: githubAppID" says githubAppID unused gitrepository repo
check "with its prefix" says b data pre-base a
check "and then what depends on it" within 20 says "Applied revision: main@sha1:$first" ready kustomization shop
check "a variable" says production data one cluster
check "a variable that is not set has its default" says nowhere data one region
check "dollars that are none" test "$(data one plain)" = '$HOME ${kept}'
check "directories below" says b data two a
check "labels of every object" says a kubectl get configmap two -n flux-shop -o 'jsonpath={.metadata.labels.team}'
check "whose it is" says shop kubectl get configmap two -n flux-shop -o 'jsonpath={.metadata.labels.kustomize\.toolkit\.fluxcd\.io/name}'
check "the inventory" says "flux-shop_two__ConfigMap" get kustomization shop '.status.inventory.entries[*].id'
rm "$repo/deploy/more/two.yaml"
map deploy/one.yaml one 'cluster: "${cluster_name^^}"'
second=$(commit second)
now
check "a commit is followed" within 20 says "Applied revision: main@sha1:$second" ready kustomization shop
check "with what it changes" says PRODUCTION data one cluster
check "and what it dropped is pruned" within 20 fails data two a
map deploy/one.yaml one 'cluster: "${cluster_name"'
commit third >/dev/null
now
check "a variable that is not closed fails the build" within 20 says "missing closing brace" ready kustomization shop
check "and changes nothing" says PRODUCTION data one cluster
map deploy/one.yaml one 'cluster: "${cluster_name}"'
commit fourth >/dev/null
now
check "until it is mended" within 20 says production data one cluster
kubectl patch kustomization shop -n flux-system --type merge -p '{"spec":{"suspend":true}}' >/dev/null
map deploy/one.yaml one 'cluster: "suspended"'
commit fifth >/dev/null
now
check "a suspended one is left alone" sh -c "sleep 3; kubectl get configmap one -n flux-shop -o yaml | grep -q 'cluster: production'"
kubectl patch kustomization shop -n flux-system --type merge -p '{"spec":{"suspend":false,"decryption":{"provider":"sops"}}}' >/dev/null
check "what is not supported is refused" within 20 says "decryption" ready kustomization shop
kubectl patch kustomization shop -n flux-system --type json -p '[{"op":"remove","path":"/spec/decryption"}]' >/dev/null
check "and then goes on" within 20 says suspended data one cluster
kubectl create serviceaccount robot -n flux-system >/dev/null
kubectl patch kustomization shop -n flux-system --type merge -p '{"spec":{"serviceAccountName":"robot"}}' >/dev/null
check "an account without rights may nothing" within 20 says 'User "system:serviceaccount:flux-system:robot" cannot' ready kustomization shop
kubectl create clusterrolebinding robot --clusterrole=cluster-admin --serviceaccount=flux-system:robot >/dev/null
"$SLUICE" reconcile ks shop >/dev/null
check "with them it is applied" within 30 says "Applied revision" ready kustomization shop
kubectl delete kustomization shop -n flux-system --wait=false >/dev/null
check "with it go its objects" within 20 fails data one cluster
check "but not another's" says b data pre-base a
kill $controller && wait $controller
