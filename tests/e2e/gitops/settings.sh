#!/bin/bash
# Settings of differences and health: ignoreDifferences, argocd-cm and its scripts; and objects that were applied on the
# client side.
. "$(dirname "$0")/../lib.sh"
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
metadata: {name: colors}
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
metadata: {name: colors, labels: {old: "true"}}
data: {sky: blue, sea: green, grass: brown}
Y
check "an apply from the client side is one of kubectl's" test "$(get configmap/colors .metadata.managedFields[0].manager)" = kubectl-client-side-apply
application "" "[]"
check "it is taken over" within 20 says Synced status sync.status
check "and what Git does not name goes" within 10 sh -c 'test -z "$(kubectl get configmap colors -n shop -o "jsonpath={.data.grass}{.metadata.labels.old}")"'
check "what it names stays" says blue get configmap/colors .data.sky
check "as our own field" test "$(get configmap/colors '.metadata.managedFields[*].manager')" = argocd-controller

application "RespectIgnoreDifferences=true" '[{group: apps, kind: Deployment, jqPathExpressions: [".spec.template.spec.containers[] | select(.name == \"web\") | .resources"]}, {kind: ConfigMap, managedFieldsManagers: [painter]}]'
check "it is compared anew" within 20 says jqPath kubectl get application web -n argocd -o 'jsonpath={.status.sync.comparedTo.ignoreDifferences}'
kubectl patch deployment web -n shop --type json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/resources/limits/memory","value":"1Gi"}]' >/dev/null
kubectl patch configmap colors -n shop --field-manager painter --type merge -p '{"data":{"sky":"red"}}' >/dev/null
refresh web
check "places named by jq, and another manager's fields, do not count" within 20 says Synced status sync.status
check "and stay" sh -c 'sleep 3; kubectl get deployment web -n shop -o yaml | grep -q 1Gi && kubectl get configmap colors -n shop -o yaml | grep -q "sky: red"'
sed -i 's/log:1/log:2/; s/sea: green/sea: gray/' "$repo/web/all.yaml"
commit second >/dev/null
refresh web
check "another change of the same list lands" within 20 says log:2 get deployment/web '.spec.template.spec.containers[1].image'
check "and of the same map" within 20 says gray get configmap/colors .data.sea
check "what does not count is left as it is live" says 1Gi get deployment/web '.spec.template.spec.containers[0].resources.limits.memory'
check "an ignored field keeps the value of any manager" says red get configmap/colors .data.sky
application "RespectIgnoreDifferences=false" "[]"
check "without the rules Git's values come back" within 20 says 64Mi get deployment/web '.spec.template.spec.containers[0].resources.limits.memory'
check "all of them" within 20 says blue get configmap/colors .data.sky

application "" '[{group: apps, kind: Deployment, jqPathExpressions: [".spec.replicas |"]}]'
check "a wrong expression is an error with its path" within 20 says 'spec.ignoreDifferences[0].jqPathExpressions[0]: .spec.replicas |: jq: error' status 'conditions[*].message'
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
      hs.message = string.format("%d colors, at %s", table.getn({1, 2}), os.date("!%Y", 0))
    end
    return hs
Y
check "health by a script" within 20 says Degraded health ConfigMap status
check "and what it says" says "2 colors, at 1970" health ConfigMap message
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

condition() { kubectl get application web -n argocd -o "jsonpath={.status.conditions[?(@.type==\"$1\")].message}"; }
settings <<'Y'
  application.resourceTrackingMethod: labell
  oidc.config: 'name: SSO'
  dex.config: 'connectors: []'
  repositories: '[{url: "https://example.com/a.git", enableLfs: true}]'
  helm.repositories: '[]'
  resource.exclusion: ''
  kustomize.buildOptions: --enable-helm --load-restrictor LoadRestrictionsNone
Y
check "keys without effect are named, with the reason" within 20 says "dex.config (run Dex on its own, and name it in oidc.config)" condition SettingsWarning
check "... and none that has an effect" fails says "oidc.config (" condition SettingsWarning
check "and what to do instead" says "helm.repositories (use repositories)" condition SettingsWarning
check "members of repositories without effect too" says "repositories[0].enableLfs (files in Git LFS are read as the pointers that Git has)" condition SettingsWarning
check "options of kustomize too" says "kustomize.buildOptions: --enable-helm (charts in a kustomization are refused" condition SettingsWarning
check "a key that does not exist is named with those that do" says "unknown keys: resource.exclusion; keys with an effect are application.resourceTrackingMethod," condition SettingsWarning
check "so is a wrong value" says '"labell" is not annotation, label or annotation+label' condition SettingsWarning
check "the log says so too" grep -q "SettingsWarning: ConfigMap argocd-cm: without effect here" "$dir/controller.log"
kubectl annotate configmap colors -n shop example.com/by-hand=yes >/dev/null
settings <<'Y'
  resource.exclusions: |
    - {apiGroups: [""], kinds: [ConfigMap], clusters: ["https://kubernetes.*"]}
    - {apiGroups: [example.com]}
Y
check "an excluded kind is left out, and named" within 20 says "Resource /ConfigMap colors is excluded in the settings" condition ExcludedResourceWarning
check "the other warning is removed" says "()" sh -c "echo \"(\$(kubectl get application web -n argocd -o 'jsonpath={.status.conditions[?(@.type==\"SettingsWarning\")].message}'))\""
sed -i 's/sea: gray/sea: black/; s/web:1/web:2/' "$repo/web/all.yaml"
commit third >/dev/null
refresh web
check "others are applied" within 20 says web:2 get deployment/web '.spec.template.spec.containers[0].image'
check "it is not" says gray get configmap/colors .data.sea
settings <<'Y'
  resource.inclusions: '[{apiGroups: ["*"], kinds: [ConfigMap]}]'
Y
check "kinds that are not included are left out" within 20 says "Resource apps/Deployment web is excluded in the settings" condition ExcludedResourceWarning
check "and the included one is applied" within 20 says black get configmap/colors .data.sea
settings <<'Y'
  resource.exclusions: 'a: b'
Y
check "what is no list is refused, with its key" within 20 says "resource.exclusions: it is not a list" condition ComparisonError
kubectl delete configmap argocd-cm -n argocd >/dev/null
repository_secret() { # NAME FIELDS
	kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: $1, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repository}}
stringData: {url: 'file://$repo', $2}
Y
	refresh web
}
repository_secret others "project: other, githubAppID: '1'"
repository_secret ours "enableLfs: 'true', passphrase: hush"
check "keys of a repository's Secret without effect are named" within 20 says "Secret ours: without effect here: enableLfs (files in Git LFS are read as the pointers that Git has), passphrase (it is not known)" condition SettingsWarning
check "but not those of another project's" fails sh -c "kubectl get application web -n argocd -o 'jsonpath={.status.conditions}' | grep githubAppID"
check "and no value" fails sh -c "kubectl get application web -n argocd -o 'jsonpath={.status.conditions}' | grep hush"
kubectl delete secret others ours -n argocd >/dev/null
application "PruneLast=yes, Selfheal=true, ServerSideApply=false" "[]"
check "a sync option without such a value" within 20 says 'spec.syncPolicy.syncOptions[0]: sync option "PruneLast=yes" has no effect: it is written PruneLast=VALUE, where VALUE is one of true, false' condition SyncOptionWarning
check "one that does not exist, with those that do" says 'sync option "Selfheal=true" is unknown and has no effect; known are ApplyOutOfSyncOnly,' condition SyncOptionWarning
check "one that has no effect here" says 'sync option "ServerSideApply=false" has no effect: objects are always applied on the server' condition SyncOptionWarning
sed -i 's/metadata: {name: colors}/metadata: {name: colors, annotations: {argocd.argoproj.io\/sync-options: "CreateNamespace=true"}}/' "$repo/web/all.yaml"
commit fourth >/dev/null
refresh web
check "one that says nothing about an object, with its file" within 20 says 'web/all.yaml: ConfigMap colors: sync option "CreateNamespace=true" has no effect on an object' condition SyncOptionWarning
kill $controller && wait $controller
