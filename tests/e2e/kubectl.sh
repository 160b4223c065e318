#!/bin/bash
# kubectl against the laptop cluster: everything that people do with it.
. "$(dirname "$0")/lib.sh"
dev --ready 300 --without controller,mesh,prometheus,app
k=kubectl
cat >"$dir/web.yaml" <<'Y'
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web, labels: {tier: front}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: blue, size: "3"}
Y
json() { $k get "$1" "$2" -o "jsonpath=$3"; }
is() { # value, command...
	local want=$1 got
	shift
	got=$("$@") || return 1
	[ "$got" = "$want" ] || { echo "want $want, got $got"; return 1; }
}

check "version" $k version
check "api-resources lists rollouts" says "rollouts" $k api-resources
check "api-resources knows the short names" says "argoproj.io/v1alpha1" $k api-resources --api-group=argoproj.io
check "apply creates" says "configmap/settings created" $k apply -f "$dir/web.yaml"
check "apply again changes nothing" says "configmap/settings unchanged" $k apply -f "$dir/web.yaml"
sed -i 's/color: blue/color: green/; /size/s/, size: "3"//' "$dir/web.yaml"
check "apply patches" says "configmap/settings configured" $k apply -f "$dir/web.yaml"
check "apply removes what left the manifest" is '{"color":"green"}' json configmap settings '{.data}'
check "apply of a wrong kind is refused" says 'no matches for kind "Nothing"' sh -c "echo '{\"apiVersion\": \"v1\", \"kind\": \"Nothing\", \"metadata\": {\"name\": \"x\"}}' | $k apply -f -"
check "wait for readiness" $k wait --for=condition=Ready pod -l app=web --timeout=20s
check "status of a ReplicaSet" within 20 is 2 json rs web '{.status.readyReplicas}'
check "get is a table" says "NAME" $k get rs
check "get -o wide" $k get pods -o wide
check "get -o name" is "configmap/settings" $k get configmap settings -o name
check "get -o yaml" says "color: green" $k get configmap settings -o yaml
check "get by label" says "web-" $k get pods -l 'app in (web, other)'
check "get by label: none" says "No resources found" $k get pods -l app=nothing
check "get by field" says "settings" $k get configmap --field-selector metadata.name=settings
check "get in all namespaces" says "default" $k get rs -A
check "get in pages" is 2 sh -c "$k get pods --chunk-size=1 -o name | wc -l"
check "get of several kinds" says "replicaset.apps/web" $k get rs,configmap -o name
check "get what is not there" says 'configmaps "none" not found' $k get configmap none
check "describe" says "Replicas:" $k describe rs web
check "describe pod" says "Controlled By:" $k describe pods
check "scale" $k scale rs web --replicas=3
check "scale made a pod" within 20 is 3 json rs web '{.status.replicas}'
check "merge patch" $k patch configmap settings --type merge -p '{"data":{"size":"4"}}'
check "merge patch took effect" is 4 json configmap settings '{.data.size}'
check "JSON patch" $k patch configmap settings --type json -p '[{"op":"test","path":"/data/size","value":"4"},{"op":"replace","path":"/data/size","value":"5"}]'
check "JSON patch whose test fails is refused" fails $k patch configmap settings --type json -p '[{"op":"test","path":"/data/size","value":"4"},{"op":"replace","path":"/data/size","value":"6"}]'
check "nothing of a refused JSON patch is done" is 5 json configmap settings '{.data.size}'
check "strategic patch merges lists by name" $k patch rs web -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"B","value":"9"}]}]}}}}'
check "strategic patch kept the others" is "A=1 B=9 " json rs web '{range .spec.template.spec.containers[0].env[*]}{.name}={.value} {end}'
check "label" $k label configmap settings team=blue
check "annotate" $k annotate configmap settings note=x
check "remove a label" $k label configmap settings team-
check "edit" env KUBE_EDITOR="sed -i s/green/red/" $k edit configmap settings
check "edit took effect" is red json configmap settings '{.data.color}'
check "replace" sh -c "$k get configmap settings -o json | sed 's/red/white/' | $k replace -f -"
check "replace with an old version is a conflict" says "the object has been modified" sh -c "$k get configmap settings -o json > $dir/old.json; $k label configmap settings a=b >/dev/null; $k replace -f $dir/old.json"
check "create namespace" $k create namespace other
check "create twice" says "already exists" $k create namespace other
check "create in it" $k -n other create configmap here --from-literal=a=b
check "no such namespace" says "not found" $k -n nowhere create configmap x --from-literal=a=b
check "generateName" sh -c "echo '{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"generateName\": \"made-\"}}' | $k create -f - | grep -q made-....."

$k get configmap -w -o name >"$dir/watched" 2>/dev/null &
watcher=$!
within 10 grep -q settings "$dir/watched"
$k create configmap later --from-literal=a=b >/dev/null
check "watch" within 10 grep -q configmap/later "$dir/watched"
kill $watcher 2>/dev/null

cat >"$dir/ours.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: ours}
data: {color: blue, size: "3"}
Y
sed 's/blue/red/; s/, size: "3"//' "$dir/ours.yaml" >"$dir/theirs.yaml"
check "apply on the server creates" says "configmap/ours serverside-applied" $k apply --server-side -f "$dir/ours.yaml"
check "its fields have a manager" is kubectl json configmap ours '{.metadata.managedFields[0].manager}'
check "another manager's value is a conflict" says 'conflict with "kubectl"' $k apply --server-side --field-manager=team -f "$dir/theirs.yaml"
check "the conflict names the field" says ".data.color" $k apply --server-side --field-manager=team -f "$dir/theirs.yaml"
check "a conflict changes nothing" is blue json configmap ours '{.data.color}'
check "apply on the server by force" $k apply --server-side --force-conflicts --field-manager=team -f "$dir/theirs.yaml"
check "what was forced is there" is '{"color":"red","size":"3"}' json configmap ours '{.data}'
sed -i 's/color: blue, //; s/"3"/"4"/' "$dir/ours.yaml"
check "the rest is still the first manager's" $k apply --server-side -f "$dir/ours.yaml"
check "and what was taken is not removed" is '{"color":"red","size":"4"}' json configmap ours '{.data}'

# Old kubectls look for dryRun in OpenAPI, and do not find it here: the requests are made by hand.
at=/api/v1/namespaces/default/configmaps
$k get configmap ours -o json | sed 's/"size": "4"/"size": "5"/' >"$dir/dry.json"
echo '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "never"}}' >"$dir/never.json"
check "dry run of a change" says '"size":"5"' $k replace --raw "$at/ours?dryRun=All" -f "$dir/dry.json"
check "a dry run changes nothing" is 4 json configmap ours '{.data.size}'
check "dry run of a deletion" $k delete --raw "$at/ours?dryRun=All"
check "it is still there" is 4 json configmap ours '{.data.size}'
check "dry run of a creation" says '"name":"never"' $k create --raw "$at?dryRun=All" -f "$dir/never.json"
check "it is not there" fails $k get configmap never

check "delete a pod" $k delete pod --wait=false "$($k get pods -o name | head -1 | cut -d/ -f2)"
check "it comes back" within 20 is 3 json rs web '{.status.readyReplicas}'
check "delete waits for dependants" $k delete rs web --cascade=foreground --timeout=20s
check "its pods are gone" within 10 is 0 sh -c "$k get pods -o name 2>/dev/null | wc -l"
check "wait for deletion" sh -c "(sleep 1; $k delete configmap later >/dev/null) & $k wait --for=delete configmap/later --timeout=20s"
check "delete by file" $k delete -f "$dir/web.yaml" --ignore-not-found
check "delete a namespace takes what is in it" $k delete namespace other --timeout=20s
check "its objects are gone" fails $k -n other get configmap here
check "events" $k get events
check "delete all" $k delete configmap --all
