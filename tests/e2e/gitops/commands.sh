#!/bin/bash
# The commands about Flux's objects, logs, events and parameters as in flux, argocd and kustomize.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
for ns in flux-system shop argocd argo-rollouts; do kubectl create namespace $ns >/dev/null; done
repository
mkdir "$repo/deploy"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n' >"$repo/deploy/one.yaml"
first=$(commit first)
check "without objects there are none" says "No kustomizations in namespace flux-system" "$SLUICE" get kustomizations
check "a kind that the API server does not serve is named" says "does not serve buckets.source.toolkit.fluxcd.io" "$SLUICE" get sources bucket
check "it is no error in the list of all" says "No Flux objects in namespace flux-system" "$SLUICE" get all
check "an unknown kind is named with those that exist" says "there are: git, oci, helm, chart, bucket" "$SLUICE" get sources svn
gitops flux
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: flux-system}
spec: {url: "file://$repo", ref: {branch: main}, interval: 1h}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system}
spec: {path: deploy, prune: true, interval: 1h, targetNamespace: shop, sourceRef: {kind: GitRepository, name: repo}}
Y
check "an object is reconciled" says "Applied revision: main@sha1:$first" "$SLUICE" reconcile kustomization shop --with-source
check "all objects, with their kinds" sh -c "'$SLUICE' get all | grep -qE '^kustomization/shop +main@sha1:${first:0:8} +False +True +Applied revision' "
check "and sources" sh -c "'$SLUICE' get all -A | grep -qE '^flux-system +source git/repo +main@sha1:${first:0:8} '"
check "sources of a kind" sh -c "'$SLUICE' get sources git | grep -qE '^repo +main@sha1:'"
check "one object by its name" sh -c "'$SLUICE' get ks shop | grep -qE '^shop +main@sha1:'"
check "one that does not exist" says '"nothing" not found' "$SLUICE" get ks nothing
check "exits 1" fails "$SLUICE" get ks nothing
check "it is suspended" says "Kustomization flux-system/shop: suspended" "$SLUICE" suspend kustomization shop
check "which the list shows" sh -c "'$SLUICE' get ks | grep -qE '^shop +[^ ]+ +True'"
check "then it is not reconciled" says 'is suspended (spec.suspend); `sluice resume` ends it' "$SLUICE" reconcile ks shop
check "until it is resumed" says "Applied revision: main@sha1:$first" "$SLUICE" resume ks shop
check "a source too" says "GitRepository flux-system/repo: suspended" "$SLUICE" suspend source git repo
check "and back" says "stored artifact" "$SLUICE" resume source git repo
check "a kind without a name" says "usage: sluice suspend KIND NAME" "$SLUICE" suspend kustomization
check "an unknown kind" says 'there is no kind "pod"; there are: kustomization, helmrelease, source KIND' "$SLUICE" suspend pod x
kill $controller && wait $controller

# Events, with a name that would write to the terminal.
kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Event
metadata: {name: new, namespace: shop}
involvedObject: {kind: Rollout, name: web, namespace: shop}
type: Warning
reason: RolloutAborted
message: "newer \e[31m"
lastTimestamp: "2026-01-02T00:00:00Z"
---
apiVersion: v1
kind: Event
metadata: {name: old, namespace: shop}
involvedObject: {kind: Pod, name: web-1, namespace: shop}
type: Normal
reason: Started
message: older
lastTimestamp: "2026-01-01T00:00:00Z"
Y
check "events, the newest last" sh -c "'$SLUICE' events -n shop | sed -n '2p;3p' | tr '\n' ' ' | grep -q 'older .*newer'"
check "without commands for the terminal" says 'newer \u001b[31m' "$SLUICE" events -n shop
check "of one object" fails sh -c "'$SLUICE' events -n shop --for rollout/web | grep -q older"
check "of one type" fails sh -c "'$SLUICE' events -n shop --types warning | grep -q older"
check "in all namespaces" says "shop " "$SLUICE" events -A
check "none" says "No events in namespace argocd" "$SLUICE" events -n argocd

# The laptop cluster keeps no logs: a proxy returns them.
kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: sluice-0, namespace: argo-rollouts, labels: {app.kubernetes.io/name: sluice}}
spec: {containers: [{name: sluice, image: sluice}]}
Y
api=$(sed -n 's/.*server: http:\/\///p' "$KUBECONFIG") between=$(free_port)
cat >"$dir/lines" <<'L'
{"time":"2026-01-01T00:00:00Z","level":"info","msg":"scaled","name":"shop/web"}
{"time":"2026-01-01T00:00:01Z","level":"error","msg":"refused","name":"shop/api"}
L
cat >"$dir/haproxy.cfg" <<H
global
	log stdout format raw local0
defaults
	mode http
	log global
	timeout connect 60s
	timeout client 60s
	timeout server 60s
frontend in
	bind 127.0.0.1:$between
	log-format "%HM %HU"
	http-request return status 200 content-type text/plain file $dir/lines if { path_end /sluice-0/log }
	default_backend out
backend out
	server api $api
H
haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy.out" 2>&1 &
proxy=$!
sed "s#server: .*#server: http://127.0.0.1:$between#" "$KUBECONFIG" >"$dir/through"
within 20 kubectl --kubeconfig "$dir/through" get ns >/dev/null
logs() { "$SLUICE" logs --kubeconfig "$dir/through" "$@"; }
check "the log of the controller" says '"msg":"scaled"' logs
check "of a level" fails sh -c "'$SLUICE' logs --kubeconfig '$dir/through' --level error | grep -q scaled"
check "has what is above it" says refused logs --level warn
check "about an object" says scaled logs --name web
check "and no other" fails sh -c "'$SLUICE' logs --kubeconfig '$dir/through' --name web | grep -q refused"
logs --tail 5 --since 1h --follow >/dev/null 2>&1
check "lines and time are the API server's choice" grep -q 'sluice-0/log?tailLines=5&sinceSeconds=3600&follow=true' "$dir/haproxy.out"
check "a log that is not there is an error" says "log of Pod" "$SLUICE" logs
check "without a Pod it says where it searched" says "in namespace shop" "$SLUICE" logs -n shop
kill $proxy && wait $proxy

kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", path: deploy, kustomize: {images: ["myregistry/myapp:v1.2.3"]}}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
Y
check "parameters of an Application" sh -c "'$SLUICE' app get web --show-params | grep -qE '^kustomize.images +myregistry/myapp:v1.2.3'"

mkdir "$dir/prod"
printf '# kept\nresources: [a.yaml]\nimages:\n- name: myregistry/myapp\n  newTag: old # of last week\n' >"$dir/prod/kustomization.yaml"
edit() { (cd "$dir/prod" && "$SLUICE" kustomize edit set image "$@"); }
check "an image is set" edit myregistry/myapp=myregistry/myapp:abc1234
check "in its line" grep -q "  newTag: abc1234 # of last week" "$dir/prod/kustomization.yaml"
check "and comments stay" grep -q "^# kept" "$dir/prod/kustomization.yaml"
check "in a file that is named, several" "$SLUICE" kustomize edit set image myapp=myregistry/myapp:2 other:3 -f "$dir/prod/kustomization.yaml"
check "as new entries" grep -q "newTag: \"3\"" "$dir/prod/kustomization.yaml"
check "an image without a tag is refused" says "has neither a tag nor a digest" edit myapp
check "and the file is as before" grep -q "newTag: \"3\"" "$dir/prod/kustomization.yaml"
check "other edits are refused" says "other edits are not supported" "$SLUICE" kustomize edit add resource x
check "without a kustomization it is an error" says "name one with --file" "$SLUICE" kustomize edit set image a:b
