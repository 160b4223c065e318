#!/bin/bash
# What people say about differences and health: ignoreDifferences, argocd-cm, scripts in it; and objects that were applied from the client side.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web"
cat >"$repo/web/all.yaml" <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1", resources: {limits: {memory: 64Mi}}}
      - {name: log, image: "log:1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: colours}
data: {sky: blue, sea: green}
Y
commit first >/dev/null
gitops gitops
get() { kubectl get "$1" -n shop -o "jsonpath={$2}"; }
status() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
health() { kubectl get application web -n argocd -o "jsonpath={.status.resources[?(@.kind==\"$1\")].health.$2}"; }
application() { # SYNCOPTIONS IGNORED
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd, annotations: {argocd.argoproj.io/refresh: normal}}
spec:
  source: {repoURL: "file://$repo", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [$1]}
  ignoreDifferences: $2
Y
}
settings() { # YAML of argocd-cm's data, on standard input
	{ printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\ndata:\n'; cat; } | kubectl apply -f - >/dev/null
	refresh web
}
kubectl create namespace argocd >/dev/null
kubectl create namespace shop >/dev/null

# Another tool has applied it before, from the client side, with a field and an object's key that Git does not have any more.
kubectl apply -n shop -f - >/dev/null <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: colours, labels: {old: "true"}}
data: {sky: blue, sea: green, grass: brown}
Y
check "an apply from the client side is one of kubectl's" test "$(get configmap/colours .metadata.managedFields[0].manager)" = kubectl-client-side-apply
application "" "[]"
check "it is taken over" within 20 says Synced status sync.status
check "and what Git does not name goes" within 10 sh -c 'test -z "$(kubectl get configmap colours -n shop -o "jsonpath={.data.grass}{.metadata.labels.old}")"'
check "what it names stays" says blue get configmap/colours .data.sky
check "as our own field" test "$(get configmap/colours '.metadata.managedFields[*].manager')" = argocd-controller

application "RespectIgnoreDifferences=true" '[{group: apps, kind: Deployment, jqPathExpressions: [".spec.template.spec.containers[] | select(.name == \"web\") | .resources"]}, {kind: ConfigMap, managedFieldsManagers: [painter]}]'
check "it is compared anew" within 20 says jqPath kubectl get application web -n argocd -o 'jsonpath={.status.sync.comparedTo.ignoreDifferences}'
kubectl patch deployment web -n shop --type json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/resources/limits/memory","value":"1Gi"}]' >/dev/null
kubectl patch configmap colours -n shop --field-manager painter --type merge -p '{"data":{"sky":"red"}}' >/dev/null
refresh web
check "places named by jq, and another manager's fields, do not count" within 20 says Synced status sync.status
check "and stay" sh -c 'sleep 3; kubectl get deployment web -n shop -o yaml | grep -q 1Gi && kubectl get configmap colours -n shop -o yaml | grep -q "sky: red"'
sed -i 's/log:1/log:2/; s/sea: green/sea: grey/' "$repo/web/all.yaml"
commit second >/dev/null
refresh web
check "another change of the same list lands" within 20 says log:2 get deployment/web '.spec.template.spec.containers[1].image'
check "and of the same map" within 20 says grey get configmap/colours .data.sea
check "what does not count is left as it is live" says 1Gi get deployment/web '.spec.template.spec.containers[0].resources.limits.memory'
check "whoever set it" says red get configmap/colours .data.sky
application "RespectIgnoreDifferences=false" "[]"
check "without the rules Git's values come back" within 20 says 64Mi get deployment/web '.spec.template.spec.containers[0].resources.limits.memory'
check "all of them" within 20 says blue get configmap/colours .data.sky

application "" '[{group: apps, kind: Deployment, jqPathExpressions: [".spec.replicas |"]}]'
check "a wrong expression is said, with its place" within 20 says 'spec.ignoreDifferences[0].jqPathExpressions[0]: .spec.replicas |: jq: error' status 'conditions[*].message'
application "" '[{group: apps, kind: Deployment, jqPathExpressions: [".spec | until(false; .)"]}]'
check "one that takes too long too" within 20 says 'it takes longer than 500 ms' status 'conditions[*].message'
application "" "[]"
check "until it is mended" within 20 says Synced status sync.status

settings <<'Y'
  resource.customizations.ignoreDifferences.apps_Deployment: |
    jsonPointers: [/spec/replicas]
Y
kubectl patch deployment web -n shop --type merge -p '{"spec":{"replicas":5}}' >/dev/null
refresh web
check "argocd-cm has such rules too" sh -c "sleep 3; test \"\$(kubectl get deployment web -n shop -o 'jsonpath={.spec.replicas}')\" = 5"
settings <<'Y'
  resource.customizations.health.ConfigMap: |
    hs = {}
    if obj.data.sky == "blue" then
      hs.status = "Degraded"
      hs.message = string.format("%d colours, at %s", table.getn({1, 2}), os.date("!%Y", 0))
    end
    return hs
Y
check "health by a script" within 20 says Degraded health ConfigMap status
check "and what it says" says "2 colours, at 1970" health ConfigMap message
check "is the application's" within 20 says Degraded status health.status
script() { printf '  resource.customizations.health.ConfigMap: |\n    %s\n' "$1" | settings; }
script 'while true do end'
check "a script that does not end" within 20 says "it takes longer than 500 ms" health ConfigMap message
check "says nothing of its object" says Unknown health ConfigMap status
script 'local t = "x"; while true do t = t .. t end'
check "one that wants all memory" within 20 says "not enough memory" health ConfigMap message
script 'return ("a"):rep(40):find(("a-"):rep(40) .. "b")'
check "one that is lost in a pattern" within 20 says "it takes longer than 500 ms" health ConfigMap message
script 'io.open("/etc/passwd")'
check "one that looks for a file" within 20 says "global 'io'" health ConfigMap message
script 'return require("os").execute("true")'
check "or a program" within 20 says "field 'execute'" health ConfigMap message
script 'if'
check "one that is wrong" within 20 says "near <eof>" health ConfigMap message
script 'return {status = "Splendid"}'
check "one with a word of its own" within 20 says "invalid health status" health ConfigMap message
settings <<'Y'
  resource.customizations: |
    "/Config*":
      health.lua: |
        return {status = "Progressing", message = obj.kind}
Y
check "the older form, with a glob" within 20 says Progressing health ConfigMap status
settings <<'Y'
  application.instanceLabelKey: argocd.argoproj.io/instance
Y
check "and without one it has no health" within 20 sh -c 'test -z "$(kubectl get application web -n argocd -o "jsonpath={.status.resources[?(@.kind==\"ConfigMap\")].health.status}")"' 
kill $controller && wait $controller
