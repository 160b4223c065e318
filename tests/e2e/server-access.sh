#!/bin/bash
# The dashboard of a team: what each user sees and does. Kubernetes decides about Rollouts, argocd-rbac-cm about Applications.
. "$(dirname "$0")/lib.sh"
dev --without mesh,prometheus,app,load
build/oidc >"$dir/oidc.out" 2>"$dir/oidc.log" &
oidc=$!
within 10 grep -q port "$dir/oidc.out"
read -r _ provider <"$dir/oidc.out"
provider=http://127.0.0.1:$provider
port=$(free_port)
at=http://127.0.0.1:$port
kubectl create namespace argocd >/dev/null
# The server has the ServiceAccount of deploy/server, and only its permissions, for two groups.
"$SLUICE" kustomize deploy/server | sed 's/^\( *\)- sluice:developers$/&\n\1- sluice:operators/' | kubectl apply -f - >/dev/null
kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: argocd, annotations: {kubernetes.io/service-account.name: sluice-server}}
type: kubernetes.io/service-account-token
Y
check "deploy/server has a ServiceAccount" within 20 sh -c "kubectl get secret token -n argocd -o 'jsonpath={.data.token}' | grep -q ."
account=$(kubectl get secret token -n argocd -o 'jsonpath={.data.token}' | base64 -d)
configmap() { kubectl create configmap "$1" -n argocd "${@:2}" --dry-run=client -o yaml | kubectl apply -f - >/dev/null; }
configmap argocd-cm --from-literal=url="$at/" --from-literal=oidc.config="{name: Test, issuer: '$provider', clientID: sluice, clientSecret: \$oidc.secret}"
kubectl create secret generic argocd-secret -n argocd --from-literal=oidc.secret=s3cret >/dev/null
"$SLUICE" server --token "$account" -p $port --listen-address 127.0.0.1 --healthzPort 0 --impersonate-groups developers,operators >"$dir/server.log" 2>&1 &
server=$!
check "the server starts" within 20 grep -q "the dashboard listens" "$dir/server.log"

# login USER GROUPS: a session of this user, in $dir/USER.
login() {
	curl -sf -o /dev/null "$provider/set?user=$1&groups=$2"
	curl -sL -o /dev/null -b "$dir/$1" -c "$dir/$1" "$at/auth/login?return_url=/"
	curl -s -b "$dir/$1" "$at/api/v1/session" | jq -r .csrfToken >"$dir/$1.csrf"
}
# get USER PATH; change USER METHOD PATH BODY: with the status behind it.
get() { curl -s -b "$dir/$1" "$at/api/v1/$2"; }
change() { curl -s -b "$dir/$1" -X "$2" -H "X-CSRF-Token: $(cat "$dir/$1.csrf")" "$at/api/v1/$3" -d "${4-}" -w ' %{http_code}'; }
names() { get "$1" rollouts/info | jq -c '[.rollouts[].objectMeta | .namespace + "/" + .name]'; }
apps() { get "$1" applications | jq -c '[.items[].metadata.name]'; }
login dora developers
login opal operators
login nora others
login mary 'system:masters,sluice:developers,admin,role:admin'
login admin ''

# Rollouts: Kubernetes decides.
for ns in shop pay; do
	kubectl create namespace $ns >/dev/null
	kubectl apply -n $ns -f tests/e2e/rollout.yaml >/dev/null
done
kubectl create clusterrole sees --verb=get,list --resource=rollouts.argoproj.io >/dev/null
kubectl create clusterrole acts --verb=get,list,patch --resource=rollouts.argoproj.io,rollouts.argoproj.io/status >/dev/null
kubectl create rolebinding seers -n shop --clusterrole=sees --group=sluice:developers --group=sluice:others >/dev/null
kubectl create clusterrolebinding actors --clusterrole=acts --group=sluice:operators >/dev/null
check "an operator sees the Rollouts of all namespaces" within 40 says '["pay/myapp","shop/myapp"]' names opal
check "a developer sees those of one" says '["shop/myapp"]' names dora
check "... and no other namespace" says '"availableNamespaces":["shop"]' get dora namespace
check "... not even by name" says 'you may not list rollouts.argoproj.io in the namespace \"pay\"' get dora rollouts/pay/myapp/info
check "... in the same words as one that does not exist" says 'you may not list' get dora rollouts/pay/nothing/info
check "... nor as a stream" says '"code":7' get dora rollouts/pay/info/watch
curl -sN -b "$dir/dora" -H 'Accept: text/event-stream' "$at/api/v1/rollouts/info/watch" >"$dir/stream" &
stream=$!
check "a stream of all has what a developer may see" within 10 grep -q '"namespace":"shop"' "$dir/stream"
kubectl annotate rollout myapp -n pay test/turn=1 >/dev/null
kubectl annotate rollout myapp -n shop test/turn=1 >/dev/null
check "... and its changes" within 20 grep -q '"type":"MODIFIED"' "$dir/stream"
check "... and nothing of others" fails grep -q '"namespace":"pay"' "$dir/stream"
check "who may only see changes nothing" says 'User \"sluice:dashboard\" cannot patch' change dora PUT rollouts/shop/myapp/abort
check "... which is 403" says ' 403' change dora PUT rollouts/shop/myapp/abort
check "a Rollout of another namespace is not changed" says 'you may not list' change dora PUT rollouts/pay/myapp/restart
restarted() { kubectl get rollout "$1" -n "$2" -o 'jsonpath={.spec.restartAt}'; }
check "... nor was it" [ -z "$(restarted myapp pay)" ]
check "an operator changes it" says '"restartAt":' change opal PUT rollouts/pay/myapp/restart
check "... which Kubernetes has" [ -n "$(restarted myapp pay)" ]
check "a group that the installation does not list sees nothing" says '[]' names nora
check "groups with the name of Kubernetes' or of the prefix grant nothing" says '[]' names mary
check "without a cookie a change is refused" says 401 curl -s -o /dev/null -w '%{http_code}' -X PUT "$at/api/v1/rollouts/pay/myapp/retry"
check "another site's change too" says 403 curl -s -o /dev/null -w '%{http_code}' -b "$dir/opal" -X PUT -H "X-CSRF-Token: $(cat "$dir/opal.csrf")" -H 'Sec-Fetch-Site: cross-site' "$at/api/v1/rollouts/pay/myapp/retry"

# Pages of namespaces, for users who may not list all: 1,001 more, in which a developer sees nothing.
check "the namespaces after one are another page" says '[]' sh -c "curl -s -b '$dir/dora' '$at/api/v1/rollouts/info?continue=shop' | jq -c .rollouts"
check "... with those that the user may see" says '"shop"' sh -c "curl -s -b '$dir/dora' '$at/api/v1/rollouts/info?continue=pay' | jq -c '.rollouts[].objectMeta.namespace'"
check "there is one page only" says null sh -c "curl -s -b '$dir/dora' '$at/api/v1/namespace' | jq .continue"
api=$(kubectl config view -o 'jsonpath={.clusters[0].cluster.server}')
post() { printf 'url=%s\noutput=/dev/null\nheader="Content-Type: application/json"\ndata=%s\nnext\n' "$api/$1" "$(jq -R . <<<"$2")"; }
namespace=$(post api/v1/namespaces '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"aNNNN"}}')
# A selector that does not match is refused by the controller, which then has nothing to do.
web=$(kubectl get rollout myapp -n shop -o json | jq -c '{apiVersion, kind, metadata: {name: "web"}, spec: (.spec | .selector.matchLabels = {no: "pod"})}')
rollout=$(post apis/argoproj.io/v1alpha1/namespaces/aNNNN/rollouts "$web")
for i in $(seq 1000 2000); do echo "${namespace//aNNNN/a$i}"; echo "${rollout//aNNNN/a$i}"; done | sed '$d' >"$dir/posts"
curl -s -K "$dir/posts"
continues() { get "$1" "namespace${2-}" | jq -r .continue; }
check "with more than 1,000 namespaces there is a next page" within 5 says a1999 continues dora
check "... which has what the first one does not" says '["shop"]' sh -c "curl -s -b '$dir/dora' '$at/api/v1/namespace?continue=a1999' | jq -c .availableNamespaces"
check "... and is the last one" says null continues dora '?continue=a1999'
check "a list has the next page too" says a1999 sh -c "curl -s -b '$dir/dora' '$at/api/v1/rollouts/info' | jq -r .continue"
curl -sN -m 5 -b "$dir/dora" -H 'Accept: text/event-stream' "$at/api/v1/rollouts/info/watch?continue=a1999" >"$dir/page"
check "... and a stream is of one page" grep -q '"namespace":"shop"' "$dir/page"
check "who may list all has one page" says null continues opal

# Applications: argocd-rbac-cm decides.
application() {
	kubectl apply -f - >/dev/null <<-Y
		apiVersion: argoproj.io/v1alpha1
		kind: Application
		metadata: {name: $1, namespace: argocd}
		spec:
		  project: $2
		  source: {repoURL: "https://git.example/$1", path: .}
		  destination: {server: https://kubernetes.default.svc, namespace: shop}
	Y
}
application web shop
application bank pay
check "without a policy there are no Applications" says '[]' apps opal
policy() { configmap argocd-rbac-cm --from-literal=policy.csv="$1"; }
policy "p, role:dev, applications, get, shop/*, allow
p, role:ops, applications, *, */*, allow
p, role:ops, applications, sync, pay/*, deny
g, developers, role:dev
g, operators, role:ops"
check "an operator sees all" within 20 says '["bank","web"]' apps opal
check "a developer sees those of a project" says '["web"]' apps dora
check "... with what they may do" says false sh -c "curl -s -b '$dir/dora' $at/api/v1/applications | jq .items[0].may.sync"
check "... and not the others" says 'permission denied: applications, get, argocd/bank, sub: dora' get dora applications/bank
check "... as if they did not exist" says 'permission denied: applications, get, argocd/none, sub: dora' get dora applications/none
check "the names of roles and accounts in a login grant nothing" says '[]' apps mary
check "... nor does a user of such a name" says '[]' apps admin
check "others see nothing" says '[]' apps nora
operation() { kubectl get application "$1" -n argocd -o 'jsonpath={.operation}'; }
check "a developer may not sync" says ' 403' change dora POST applications/web/sync
check "... nor roll back" says 'permission denied: applications, sync' change dora POST applications/web/rollback '{"id": 0}'
check "what the policy denies is not synced" says ' 403' change opal POST applications/bank/sync
check "without a CSRF token nothing is synced" says 'X-CSRF-Token' curl -s -b "$dir/opal" -X POST "$at/api/v1/applications/web/sync"
check "another site syncs nothing" says 403 curl -s -o /dev/null -w '%{http_code}' -b "$dir/opal" -X POST -H "X-CSRF-Token: $(cat "$dir/opal.csrf")" -H 'Sec-Fetch-Site: cross-site' "$at/api/v1/applications/web/sync"
check "no operation was written" [ -z "$(operation web)$(operation bank)" ]
check "an operator syncs" says ' 200' change opal POST applications/web/sync '{"revision": "main"}'
check "... which is written for them" says '{"initiatedBy":{"username":"opal"},"sync":{"prune":false,"revision":"main"}}' sh -c "kubectl get application web -n argocd -o json | jq -cS .operation"
check "a second sync waits for the first" says 'another sync of application \"web\" is running' change opal POST applications/web/sync
policy "p, role:ops, applications, get, */*, allow
g, operators, role:ops
p, broken"
check "a policy that cannot be read allows nothing, and is named" within 20 says 'policy.csv, line 3' get opal applications
check "... nor a sync" says ' 403' change opal POST applications/web/sync
policy "g, developers, role:admin"
check "a permission that was withdrawn is at once without effect" within 20 says '[]' apps opal
secret="s3cret|$(cat "$dir/opal.csrf")|$(awk '/sluice/ { print $7 }' "$dir/opal" | tail -n 1)"
kubectl get "$(kubectl api-resources --verbs list -o name | grep -v '^secrets$' | paste -sd, -)" -A -o yaml >"$dir/objects"
check "the objects have who synced" grep -q "username: opal" "$dir/objects"
check "... and no secret, token or cookie in a status, an event or elsewhere" fails grep -qE "$secret" "$dir/objects"
check "no secret, token or cookie is in the log" fails grep -qE "$secret" "$dir/server.log"
kubectl delete clusterrolebinding actors >/dev/null
check "a permission for Rollouts that was withdrawn ends within a minute" within 60 says '[]' names opal
kill $stream $server $oidc
wait $server
