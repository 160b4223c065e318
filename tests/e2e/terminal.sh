#!/bin/bash
# Nothing that stands in a cluster, or in a file, is a command of the terminal that shows it.
. "$(dirname "$0")/lib.sh"
dev --ready 100 --without controller,mesh,prometheus,app,load
kubectl create namespace argocd >/dev/null
esc='\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e'
kubectl apply -f - >/dev/null <<Y
{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "shown", "annotations": {"note": "Grüße $esc"}},
 "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "shown"}}, "strategy": {"canary": {"steps": [{"pause": {}}]}},
  "template": {"metadata": {"labels": {"app": "shown"}}, "spec": {"containers": [{"name": "web", "image": "web:Grüße$esc"}]}}}}
Y
kubectl apply -f - >/dev/null <<Y
{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "shown", "namespace": "argocd"},
 "spec": {"project": "$esc", "source": {"repoURL": "https://git.example/$esc", "path": "Grüße$esc", "targetRevision": "$esc"},
  "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"}}}
Y
status="{\"status\": {\"phase\": \"Degraded\", \"message\": \"Grüße $esc\", \"conditions\": [{\"type\": \"Progressing\", \"status\": \"True\", \"reason\": \"x\", \"message\": \"$esc\"}]}}"
kubectl patch rollout shown --subresource status --type merge -p "$status" >/dev/null
kubectl patch application shown -n argocd --type merge -p "{\"status\": {\"conditions\": [{\"type\": \"ComparisonError\", \"message\": \"Grüße $esc\"}],
	\"sync\": {\"status\": \"$esc\"}, \"health\": {\"status\": \"$esc\", \"message\": \"$esc\"}, \"resources\": [{\"kind\": \"$esc\", \"name\": \"$esc\", \"status\": \"$esc\"}],
	\"operationState\": {\"phase\": \"Failed\", \"message\": \"$esc\", \"syncResult\": {\"revision\": \"$esc\"}}, \"history\": [{\"id\": 1, \"revision\": \"$esc\"}]}}" >/dev/null
printf 'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: "x\\e[2J"}\nspec: {"\\e[31mreplicas": 1, strategy: {canary: {steps: [{"\\e]0;x\\a": 1}]}}}\n' >"$dir/bad.yaml"
printf 'a: "\x1b[31m' >"$dir/cut.yaml"
# clean COMMAND...: it prints something, and no character but line ends, tabs and what can be seen.
clean() {
	"$SLUICE" "$@" >"$dir/shown" 2>&1 </dev/null
	test -s "$dir/shown" && ! LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' "$dir/shown"
}
check "get" clean get rollout shown
check "get, with its words" grep -q 'Grüße' "$dir/shown"
check "and what was there can be seen" grep -q 'u001b' "$dir/shown"
check "list" clean list rollouts
check "list, wide" clean list rollouts -o wide -A
check "status" clean status shown --timeout 1s
check "JSON" clean get rollout shown -o json
check "which means the same" sh -c "grep -c . '$dir/shown' >/dev/null && kubectl get rollout shown -o 'jsonpath={.metadata.annotations.note}' | grep -q Grüße"
check "YAML" clean get rollout shown -o yaml
for words in "app list" "app get shown" "app history shown" "app diff shown" "app wait shown --timeout 1" "app sync shown --timeout 1"; do check "$words" clean $words; done
check "an error of the API server" clean get rollout $'no\x1b[31m'
check "lint" clean lint "$dir/bad.yaml"
check "lint of what is no YAML" clean lint "$dir/cut.yaml"
check "an unknown command" clean $'\x1b[31m'
check "an unknown flag" clean get rollout $'--\x1b[31m'
# On a terminal our own colors are there, and no others.
check "on a terminal" sh -c "TERM=xterm script -qec '\"$SLUICE\" get rollout shown' /dev/null </dev/null >'$dir/typed' 2>&1"
check "our colors are sent" grep -q $'\x1b\\[' "$dir/typed"
check "and no others" sh -c "! sed 's/\x1b\[[0-9;]*m//g; s/\r//g' '$dir/typed' | LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]'"
# The controller's log too.
"$SLUICE" controller --leader-elect=false --metricsPort 0 --healthzPort 0 >"$dir/controller.log" 2>&1 &
controller=$!
check "the controller has something to log" within 20 grep -q shown "$dir/controller.log"
check "and does so in plain text" sh -c "! LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' '$dir/controller.log'"
kill $controller && wait $controller
