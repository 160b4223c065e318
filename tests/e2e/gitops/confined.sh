#!/bin/bash
# Flux's objects, confined by flags of Flux's names: who they act as, and that they refer to nothing of another namespace.
. "$(dirname "$0")/../lib.sh"
repository
mkdir "$repo/deploy"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\n' >"$repo/deploy/one.yaml"
commit first >/dev/null
dev --without controller,mesh,prometheus,app,load
# A proxy between the controller and the cluster: logs the user that each request impersonates.
api=$(sed -n 's/.*server: http:\/\///p' "$KUBECONFIG") between=$(free_port)
cat >"$dir/haproxy.cfg" <<H
global
	log stdout format raw local0
defaults
	mode http
	log global
	timeout connect 60s
	timeout client 10m
	timeout server 10m
frontend in
	bind 127.0.0.1:$between
	http-request capture req.hdr(Impersonate-User) len 200
	log-format "as=%[capture.req.hdr(0)] %HM %HP"
	default_backend out
backend out
	server api $api
H
haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy.out" 2>&1 &
proxy=$!
sed "s#server: .*#server: http://127.0.0.1:$between#" "$KUBECONFIG" >"$dir/through"
gitops flux --kubeconfig "$dir/through" --default-service-account tenant --no-cross-namespace-refs
for ns in shop other; do kubectl create namespace $ns >/dev/null; done
kubectl apply -f - >/dev/null <<Y
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tenants, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {kind: ServiceAccount, name: tenant, namespace: shop}
- {kind: ServiceAccount, name: mine, namespace: shop}
Y
source() { # NAMESPACE
	kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: $1}
spec: {url: "file://$repo", ref: {branch: main}, interval: 1h}
Y
}
kustomization() { # NAME EXTRA
	kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: $1, namespace: shop}
spec: {path: deploy, prune: true, interval: 1h, targetNamespace: shop, sourceRef: {kind: GitRepository, name: repo${2-}}${3-}}
Y
}
ready() { kubectl get kustomization "$1" -n shop -o 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}'; }
source shop
source other
kustomization plain
check "one that names no account is applied" within 60 says "ReconciliationSucceeded" ready plain
check "as the default account of its namespace" grep -q 'as=system:serviceaccount:shop:tenant PATCH .*configmaps/made' "$dir/haproxy.out"
check "and never as the controller" sh -c "! grep 'as=- PATCH .*configmaps' '$dir/haproxy.out'"
kustomization own '' ', serviceAccountName: mine'
check "one that names its own is, as that" within 60 grep -q 'as=system:serviceaccount:shop:mine PATCH .*configmaps/made' "$dir/haproxy.out"
kustomization across ', namespace: other'
check "a source of another namespace is not read" within 40 says "AccessDenied: can't access 'GitRepository/other/repo', cross-namespace references have been blocked" ready across
kustomization behind '' ', dependsOn: [{name: x, namespace: other}]'
check "nor is it waited for what is there" within 40 says "AccessDenied: can't access 'Kustomization/other/x'" ready behind
kustomization broken '' ', serviceAccountName: "a\r\nb"'
check "an account that no header can name" within 40 says 'spec.serviceAccountName' ready broken
check "is refused, and nothing is applied as the controller" sh -c "! grep 'as=- PATCH .*configmaps' '$dir/haproxy.out'"
kill $controller && wait $controller
kill $proxy
