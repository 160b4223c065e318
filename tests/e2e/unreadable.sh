#!/bin/bash
# Objects that the API server stores and the controller cannot read: they are named, what depends on them stands still, and all others go on.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
metrics=$(free_port)
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
deep=$(printf '[%.0s' $(seq 300))$(printf ']%.0s' $(seq 300))
post() { curl -s -o /dev/null -w '%{http_code}' -X "$1" -H "Content-Type: ${4:-application/json}" --data "$3" "$server$2"; }
posted() { [ "$(post "$@")" -lt 300 ]; }
rollouts=/apis/argoproj.io/v1alpha1/namespaces
# rollout NAME MORE: its manifest, with something more in the pod's spec.
rollout() {
	printf '{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"%s"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"%s"}},"template":{"metadata":{"labels":{"app":"%s"}},"spec":{"containers":[{"name":"c","image":"app:v1"}]%s}},"strategy":{"canary":{"steps":[{"setWeight":50},{"analysis":{"templates":[{"templateName":"gate"}]}}]}}}}' \
		"$1" "$1" "$1" "$2"
}
gate() {
	printf '{"apiVersion":"argoproj.io/v1alpha1","kind":"AnalysisTemplate","metadata":{"name":"gate"},"spec":{"metrics":[{"name":"m","provider":{"job":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"app:v1","command":["true"]}]%s}}}}}}]}}' "$1"
}
kubectl create namespace tenant >/dev/null
check "the laptop cluster stores what is nested deeply" posted POST $rollouts/tenant/rollouts "$(rollout deep ",\"x\":$deep")"
check "the laptop cluster stores another object too" posted POST $rollouts/default/rollouts "$(rollout good "")"
check "and its analysis template" posted POST $rollouts/default/analysistemplates "$(gate "")"
"$SLUICE" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort $metrics --healthzPort 0 --loglevel debug >"$dir/controller.log" 2>&1 &
controller=$!
field() { kubectl get rollout "$1" -o "jsonpath={$2}"; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
has_metric() { curl -sf http://127.0.0.1:$metrics/metrics | grep -qF "$1"; }
unread='sluice_unreadable_object{kind="Rollout",namespace="tenant",name="deep"} 1'
check "other Rollouts become Healthy" within 30 is good .status.phase Healthy
check "the log names the one that cannot be read" grep -q "cannot read object.*deep" "$dir/controller.log"
check "a metric names it" within 10 has_metric "$unread"
check "it has no pods" sh -c "! kubectl get rs -n tenant -o name | grep ."
check "list names it" says "Rollout tenant/deep cannot be read: nested deeper than 200" "$SLUICE" list rollouts -A
check "list shows the others" says "good" "$SLUICE" list rollouts -A
hint='`kubectl edit rollouts.argoproj.io deep -n tenant` shows it'
check "get names it and says what to do" says "error: Rollout tenant/deep cannot be read: nested deeper than 200; correct it or delete it" "$SLUICE" get rollout deep -n tenant
check "with the command" says "$hint" "$SLUICE" get rollout deep -n tenant
check "get fails" fails "$SLUICE" get rollout deep -n tenant
check "an unreadable object is not reported as not found" fails says "not found" "$SLUICE" get rollout deep -n tenant
check "get as JSON names it" says "error: Rollout tenant/deep cannot be read: nested deeper than 200; correct it or delete it" "$SLUICE" get rollout deep -n tenant -o json
check "status names it" says "error: Rollout tenant/deep cannot be read: nested deeper than 200; correct it or delete it" "$SLUICE" status deep -n tenant
check "status fails" fails "$SLUICE" status deep -n tenant
applications=/apis/argoproj.io/v1alpha1/namespaces
application() {
	printf '{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"%s"},"spec":{"project":"default","source":{"repoURL":"https://git.example/x","path":"x"},"destination":{"namespace":"x"}},"status":{"x":%s}}' "$1" "$2"
}
check "an Application is nested deeply too" posted POST $applications/tenant/applications "$(application deepapp "$deep")"
check "and another is not" posted POST $applications/default/applications "$(application goodapp 1)"
check "app list shows the others" says "goodapp" "$SLUICE" app list -A
check "and names it" says "Application tenant/deepapp cannot be read: nested deeper than 200" "$SLUICE" app list -A
check "so it does as JSON" says '"goodapp"' "$SLUICE" app list -A -o json
port=$(free_port)
"$SLUICE" dashboard -p "$port" >"$dir/dashboard.log" 2>&1 &
dashboard=$!
check "the dashboard opens a session" open_session "$dir/dashboard.log" "$dir/jar"
check "the dashboard names it" within 20 says '"error":"Rollout tenant/deep cannot be read: nested deeper than 200; correct it or delete it"' curl -s -b "$dir/jar" "http://127.0.0.1:$port/api/v1/rollouts/tenant/deep/info"
kill $dashboard
wait $dashboard
check "nor does it doubt the server" fails says "Check that the API server runs" "$SLUICE" get rollout deep -n tenant -o json
template=$rollouts/default/analysistemplates/gate
check "a template becomes unreadable" posted PUT $template "$(gate ",\"x\":$deep")"
says_why() { field good .status.conditions | grep -q 'stands still: AnalysisTemplate gate cannot be read'; }
check "the Rollout that names it says so in a condition" within 20 says_why
"$SLUICE" set image good c=app:v2 >/dev/null
check "the other object is reconciled again" stands_still rollout good default
check "and makes no new version" sh -c "[ \$(kubectl get rs -l app=good -o name | wc -l) = 1 ]"
check "the template can be read again" posted PUT $template "$(gate "")"
check "and the update goes on" within 60 is good .status.phase Healthy
check "with both versions seen" within 20 sh -c "[ \$(kubectl get rs -l app=good -o name | wc -l) = 2 ]"
strange() { printf '{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"strange"},"spec":{"replicas":0,"selector":{"matchLabels":{"app":"strange"}},"template":{"metadata":{"labels":{"app":"strange"}},"spec":{"containers":[{"name":"c","image":"app:v1"}],"x":%s}}}}' "$deep"; }
check "a ReplicaSet of no Rollout is unreadable" posted POST /apis/apps/v1/namespaces/default/replicasets "$(strange)"
check "revisions are completed without it" says 1 "$SLUICE" __complete -- undo good --to-revision ""
check "and an update is undone" says "rollout 'good' undo" "$SLUICE" undo good
check "the Rollout can be read at last" posted PUT $rollouts/tenant/rollouts/deep "$(rollout deep "")"
no_metric() { ! has_metric "$unread"; }
check "and is no longer named" within 20 no_metric
kill $controller
wait $controller
