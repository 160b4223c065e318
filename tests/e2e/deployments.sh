#!/bin/bash
# Deployments: the laptop cluster's controller, and (tests/cluster) that of Kubernetes, by the same expectations.
. "$(dirname "$0")/lib.sh"
dev --ready 300 --without controller,mesh,prometheus,app
kubectl create namespace deployments >/dev/null
k() { kubectl -n deployments "$@"; }
get() { k get deployment web -o "jsonpath=$1"; }
is() { # value, command...
	local want=$1 got
	shift
	got=$("$@") || return 1
	[ "$got" = "$want" ] || { echo "want $want, got $got"; return 1; }
}
condition() { get "{.status.conditions[?(@.type==\"$1\")]['status','reason','message']}"; }
sets() { k get rs -l app=web --sort-by=.metadata.creationTimestamp -o "jsonpath={range .items[*]}$1 {end}"; }
set_of() { k get rs -o "jsonpath={.items[?(@.spec.template.spec.containers[0].image==\"web:$1\")]$2}"; }
sizes() { echo "$(set_of "$1" .spec.replicas) $(set_of "$2" .spec.replicas)"; }
rolled() { within 60 k rollout status deployment web --timeout=300s; }
patch() { k patch deployment web --type merge -p "$1"; }
events() { k get events --field-selector involvedObject.kind=Deployment -o 'jsonpath={range .items[*]}{.reason}: {.message}{"\n"}{end}'; }
web() { sed "s/^  replicas: .*/&${1:+
  $1}/" <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {team: blue}}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: web, image: "web:v1"}]
Y
}
refused() { says "$1" k patch deployment web --type merge -p "$2"; }

check "a Deployment is created" sh -c "$(declare -f web); web | kubectl -n deployments apply -f -"
check "it has the defaults of an API server" is '600 10 {"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"}' \
	get '{.spec.progressDeadlineSeconds} {.spec.revisionHistoryLimit} {.spec.strategy}'
check "its pods are rolled out" rolled
first=$(set_of v1 .metadata.name) hash=$(set_of v1 '.metadata.labels.pod-template-hash')
check "by a ReplicaSet with the hash of the template" is "web-$hash" echo "$first"
check "whose pods and selector have it" is "$hash $hash" k get rs "$first" -o 'jsonpath={.spec.selector.matchLabels.pod-template-hash} {.spec.template.metadata.labels.pod-template-hash}'
check "and which the Deployment owns" is "Deployment/web true true" k get rs "$first" -o 'jsonpath={.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name} {.metadata.ownerReferences[0].controller} {.metadata.ownerReferences[0].blockOwnerDeletion}'
check "its annotations have the revision and the numbers of the Deployment" is "1 4 5 blue" \
	k get rs "$first" -o 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision} {.metadata.annotations.deployment\.kubernetes\.io/desired-replicas} {.metadata.annotations.deployment\.kubernetes\.io/max-replicas} {.metadata.annotations.team}'
check "the Deployment has the revision too" is 1 get '{.metadata.annotations.deployment\.kubernetes\.io/revision}'
check "the status counts the pods" within 10 is "1 4 4 4 4 " get '{.status.observedGeneration} {.status.replicas} {.status.updatedReplicas} {.status.readyReplicas} {.status.availableReplicas} {.status.unavailableReplicas}'
check "it is available" is "True MinimumReplicasAvailable Deployment has minimum availability." condition Available
check "it has progressed" is "True NewReplicaSetAvailable ReplicaSet \"$first\" has successfully progressed." condition Progressing
check "an event reports the scaling" says "ScalingReplicaSet: Scaled up replica set $first from 0 to 4" events
check "kubectl shows it" says "4/4" k get deployment web

check "another image" k set image deployment web web=web:v2
check "is rolled out" rolled
second=$(set_of v2 .metadata.name)
check "the new ReplicaSet has all pods" within 10 is "0 4" sizes v1 v2
check "the status has the new revision" is 2 get '{.metadata.annotations.deployment\.kubernetes\.io/revision}'
check "it was rolled out in steps" says "Scaled down replica set $first from 4 to 3" events
check "the history has both" says "2 " k rollout history deployment web
check "undo" k rollout undo deployment web
check "rolls out the first again" rolled
check "which is the third revision" is "3 1" k get rs "$first" -o 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision} {.metadata.annotations.deployment\.kubernetes\.io/revision-history}'
check "with its ReplicaSet" within 10 is "4 0" sizes v1 v2
check "it has progressed again" within 10 is "True NewReplicaSetAvailable ReplicaSet \"$first\" has successfully progressed." condition Progressing

check "a rollout that cannot proceed" patch '{"spec":{"progressDeadlineSeconds":4,"template":{"spec":{"containers":[{"name":"web","image":"web:does-not-exist"}]}}}}'
bad() { set_of does-not-exist .metadata.name; }
check "keeps the pods that maxUnavailable requires" within 10 is "3 2" sizes v1 does-not-exist
check "and misses its deadline" within 30 says "False ProgressDeadlineExceeded ReplicaSet \"$(bad)\" has timed out progressing." condition Progressing
check "it is available all the same" is "True MinimumReplicasAvailable Deployment has minimum availability." condition Available
check "kubectl rollout status says so" says "exceeded its progress deadline" k rollout status deployment web
check "the status counts what is missing" is "5 2 3 2" get '{.status.replicas} {.status.updatedReplicas} {.status.availableReplicas} {.status.unavailableReplicas}'
check "scaled up in the middle of it" k scale deployment web --replicas=8
check "both grow in proportion" within 10 is "6 4" sizes v1 does-not-exist
check "and down" k scale deployment web --replicas=2
check "both shrink in proportion" within 10 is "2 1" sizes v1 does-not-exist
check "undo ends it" k rollout undo deployment web
check "with the pods that there are" rolled
check "the rest is removed" within 10 is "2 0" sizes v1 does-not-exist

check "a pause" k rollout pause deployment web
check "is in the conditions" within 10 is "Unknown DeploymentPaused Deployment is paused" condition Progressing
check "an image that is set then" k set image deployment web web=web:v3
check "is not rolled out" within 10 is "$(get '{.metadata.generation}')" get '{.status.observedGeneration}'
check "and has no ReplicaSet" is "" set_of v3 .metadata.name
check "but the number of pods is followed" k scale deployment web --replicas=3
check "by the ReplicaSet that has them" within 10 is 3 set_of v1 .spec.replicas
check "resume" k rollout resume deployment web
check "rolls it out" rolled
check "the last ReplicaSet has the pods" within 10 is "0 3" sizes v1 v3

check "a history of one" patch '{"spec":{"revisionHistoryLimit":1}}'
check "deletes the oldest ReplicaSets" within 10 is 2 sh -c "kubectl -n deployments get rs -o name | wc -l"
check "Recreate with limits of a rolling update is refused" refused "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy \`type\` is 'Recreate'" '{"spec":{"strategy":{"type":"Recreate"}}}'
check "Recreate" patch '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"spec":{"containers":[{"name":"web","image":"web:v4"}]}}}}'
check "rolls out" rolled
third=$(set_of v3 .metadata.name)
# Kubernetes combines similar events.
[ -n "${ON_CLUSTER-}" ] || check "in one step" says "Scaled down replica set $third from 3 to 0" events
check "after the old pods" within 10 is "0 3" sizes v3 v4

check "a restart" k rollout restart deployment web
check "is a rollout" rolled
check "no surge and no loss is refused" refused 'may not be 0 when `maxSurge` is 0' '{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":0}}}}'
check "another strategy is refused" refused 'supported values: "Recreate", "RollingUpdate"' '{"spec":{"strategy":{"type":"Blue"}}}'
check "the selector stays" refused "field is immutable" '{"spec":{"selector":{"matchLabels":{"tier":"a"}}}}'
check "labels that the selector does not match are refused" refused '`selector` does not match template `labels`' '{"spec":{"template":{"metadata":{"labels":{"app":"other"}}}}}'
check "fewer than no pods are refused" refused "must be greater than or equal to 0" '{"spec":{"replicas":-1}}'
check "a deadline within minReadySeconds is refused" refused "must be greater than minReadySeconds" '{"spec":{"minReadySeconds":9,"progressDeadlineSeconds":9}}'
check "a template without containers is refused" refused "spec.template.spec.containers: Required value" '{"spec":{"template":{"spec":{"containers":[]}}}}'
check "the scale subresource has the selector" says '"selector":"app=web"' k get --raw /apis/apps/v1/namespaces/deployments/deployments/web/scale

check "a longer history" patch '{"spec":{"revisionHistoryLimit":9}}'
check "a ReplicaSet without a controller" k apply -f - <<'Y'
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: orphan, labels: {app: web}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web, orphan: "true"}}
  template: {metadata: {labels: {app: web, orphan: "true"}}, spec: {containers: [{name: web, image: "web:v0"}]}}
Y
check "is adopted" within 10 is web k get rs orphan -o 'jsonpath={.metadata.ownerReferences[0].name}'
check "and released when its labels do not match" k label rs orphan app=other --overwrite
check "without being deleted" within 10 is "" k get rs orphan -o 'jsonpath={.metadata.ownerReferences}'
check "deletion" k delete deployment web --cascade=foreground --timeout=300s
check "takes the ReplicaSets" within 10 is "replicaset.apps/orphan" k get rs -o name
check "and the pods" within 30 is "" k get pods -o name
kubectl delete namespace deployments --timeout=300s >/dev/null
