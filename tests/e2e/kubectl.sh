#!/bin/bash
# kubectl with the laptop cluster: all commands that users need.
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
check "wait for readiness" $k wait --for=condition=Ready pod -l app=web --timeout=300s
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
# Fields that cannot be changed, as on an API server.
refused() { says "$1" $k patch "$2" "$3" --type merge -p "$4"; }
$k apply -f - >/dev/null <<'Y'
apiVersion: batch/v1
kind: Job
metadata: {name: fixed}
spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: a, image: "b:1"}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: fixed}
spec: {replicas: 0, serviceName: a, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: fixed}
spec: {clusterIP: 10.0.0.77, selector: {a: b}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: fixed}
immutable: true
data: {a: b}
Y
check "a Job's template stays" refused 'spec.template: Invalid value: field is immutable' \
	job fixed '{"spec":{"template":{"spec":{"restartPolicy":"OnFailure"}}}}'
check "its parallelism may change" $k patch job fixed --type merge -p '{"spec":{"parallelism":2}}'
check "a StatefulSet's spec stays, but for some fields" refused "updates to statefulset spec for fields other than" \
	statefulset fixed '{"spec":{"serviceName":"x"}}'
check "its template may change" $k patch statefulset fixed --type merge -p '{"spec":{"template":{"metadata":{"labels":{"c":"d"}}}}}'
check "a Service's address stays" refused "may not change once set" service fixed '{"spec":{"clusterIP":"10.0.0.78"}}'
check "a Service that does not name it keeps it" $k patch service fixed --type merge -p '{"spec":{"clusterIP":null}}'
check "it is still there" is 10.0.0.77 $k get service fixed -o 'jsonpath={.spec.clusterIP}'
check "an immutable ConfigMap stays" refused "field is immutable when \`immutable\` is set" configmap fixed '{"data":{"a":"c"}}'
check "its labels may change" $k label configmap fixed c=d
$k delete job,statefulset,service,configmap fixed --cascade=foreground --timeout=300s >/dev/null 2>&1
check "delete waits for dependants" $k delete rs web --cascade=foreground --timeout=300s
check "its pods are gone" within 10 is 0 sh -c "$k get pods -o name 2>/dev/null | wc -l"
check "wait for deletion" sh -c "(sleep 1; $k delete configmap later >/dev/null) & $k wait --for=delete configmap/later --timeout=300s"
check "delete by file" $k delete -f "$dir/web.yaml" --ignore-not-found
check "delete a namespace takes what is in it" $k delete namespace other --timeout=300s
check "its objects are gone" fails $k -n other get configmap here
check "events" $k get events
$k create configmap first --from-literal=n=2 --dry-run=client -o yaml | $k apply -f - >/dev/null
$k create configmap second --from-literal=n=1 --dry-run=client -o yaml | $k apply -f - >/dev/null
check "a table is sorted by a field" is "second first" sh -c "$k get configmaps --sort-by=.data.n --no-headers | sed -n 's/^\(first\|second\) .*/\1/p' | paste -sd' '"
check "delete all" $k delete configmap --all

# Fields are validated as an API server validates them, by --validate.
cat >"$dir/wrong.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: wrong}
spec:
  replicaz: 1
  selector: {matchLabels: {app: wrong}}
  template: {metadata: {labels: {app: wrong}}, spec: {containers: [{name: web, image: "web:1", imagePul: Always}]}}
  strategy: {canary: {}}
Y
check "an unknown field is refused" says 'unknown field "spec.replicaz"' $k apply -f "$dir/wrong.yaml"
check "one of a pod template too" says 'unknown field "spec.template.spec.containers[0].imagePul"' $k apply -f "$dir/wrong.yaml"
check "it is a warning with --validate=warn" says 'Warning: unknown field "spec.replicaz"' $k create --validate=warn -f "$dir/wrong.yaml"
$k delete ro wrong >/dev/null
check "or nothing" is "rollout.argoproj.io/wrong created" $k create --validate=ignore -f "$dir/wrong.yaml"
check "a Service's" says 'unknown field "spec.ports[0].prot"' sh -c "printf 'apiVersion: v1\nkind: Service\nmetadata: {name: w}\nspec: {ports: [{port: 1, prot: TCP}]}\n' | $k apply -f -"
check "metadata's" says 'unknown field "metadata.label"' sh -c "printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: w, label: {a: b}}\n' | $k apply -f -"
printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: myapp-production}\n' | $k apply -f - >/dev/null
check "those that are known pass" $k apply -f examples/seed/demo -f tests/e2e/rollout.yaml --dry-run=server
printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},"data":{"x":"1","x":"2"}}' >"$dir/twice.json"
check "a field that is there twice is refused" says 'duplicate field "x"' $k create --raw '/api/v1/namespaces/default/configmaps?fieldValidation=Strict' -f "$dir/twice.json"
check "or the last one counts" says '"x":"2"' $k create --raw '/api/v1/namespaces/default/configmaps' -f "$dir/twice.json"

# Names follow Kubernetes' grammars.
for name in NAME a_b -a a..b; do
	check "no Rollout is named $name" says 'metadata.name: Invalid value' sh -c "sed 's/wrong}\$/\"$name\"}/; /replicaz/d; s/, imagePul: Always//' '$dir/wrong.yaml' | $k create -f -"
done
check "no Service 1web" says 'DNS-1035' $k create service clusterip 1web --tcp=80
check "no label a b" says 'a valid label' $k label configmap settings 'x=a b'
check "an empty name is made from generateName" says "configmap/web-" sh -c "printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"\", generateName: web-}\n' | $k create -f -"

# An object whose owners do not exist is deleted, as by Kubernetes' garbage collector.
owned() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: settings, uid: "%s"}]}\n' "$1" "$2" | $k create -f -; }
$k create configmap settings --from-literal a=b >/dev/null 2>&1
owned orphan 0-0 >/dev/null
check "an object without an owner that exists is deleted" says "not found" $k get configmap orphan
owned child "$($k get configmap settings -o 'jsonpath={.metadata.uid}')" >/dev/null
check "an object with an owner is not" says "child" $k get configmap child

# The fields of a type.
check "explain" says "Steps of an update, in order" $k explain rollout.spec.strategy.canary.steps
check "explain of a pod template" says "readinessProbe" $k explain rollout.spec.template.spec.containers
check "explain of a Deployment" says "template" $k explain deployment.spec
check "explain of what is not there" says 'field "nothing" does not exist' $k explain rollout.spec.nothing

# Definitions of resources, and what is served because of them.
cat >"$dir/crd.yaml" <<'Y'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.shop.example}
spec:
  group: shop.example
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties: {size: {type: integer, minimum: 1}, color: {type: string, pattern: "^[a-z]+$", description: what it looks like}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
  - {name: v1beta1, served: true, storage: false, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
Y
widget() { printf 'apiVersion: shop.example/v1\nkind: Widget\nmetadata: {name: %s}\nspec: %s\n' "$1" "$2" | $k apply -f -; }
check "before its definition a kind is not there" says 'no matches for kind "Widget"' widget a '{size: 3}'
check "a definition is created" $k apply -f "$dir/crd.yaml"
check "it is established" $k wait --for condition=established crd/widgets.shop.example --timeout=300s
check "discovery has it" says "Widget" $k api-resources --api-group=shop.example
check "its objects are served" says "widget.shop.example/a created" widget a '{size: 3, color: red}'
check "validated" says "should be greater than or equal to 1" widget b '{size: 0}'
check "their patterns" says "should match" widget b '{size: 1, color: RED}'
check "what is required" says "Required value" widget b '{color: red}'
check "and unknown fields" says 'unknown field "spec.sizes"' widget b '{size: 1, sizes: 2}'
check "in its columns" says "SIZE" $k get wd
check "in its other version" is shop.example/v1beta1 $k get widgets.v1beta1.shop.example a -o 'jsonpath={.apiVersion}'
check "explained" says "what it looks like" $k explain widget.spec.color
check "watched" says "widget.shop.example/a condition met" sh -c "(sleep 1; $k patch widget a --subresource=status --type merge -p '{\"status\":{\"phase\":\"Ready\"}}' >/dev/null) & $k wait widget/a --for 'jsonpath={.status.phase}=Ready' --timeout=300s"
check "those of Sluice's own kinds are kept, and change nothing" sh -c "$k apply -f deploy/crds.yaml && $k get ro wrong"
check "one without a schema is refused" says "schemas are required" sh -c "sed '/schema:/,/^  - {name/d' '$dir/crd.yaml' | $k apply -f -"
check "one with a wrong name too" says "spec.names.plural" sh -c "sed 's/name: widgets.shop/name: gadgets.shop/' '$dir/crd.yaml' | $k apply -f -"
check "its deletion" $k delete crd widgets.shop.example
check "deletes its objects" fails $k get widgets
check "and once it is there again there are none" says "No resources found" sh -c "$k apply -f '$dir/crd.yaml' >/dev/null; $k get widgets"
