#!/bin/bash
# Notifications: each subscription sends once, when its trigger occurs. The laptop cluster's API server receives them: a
# webhook creates ConfigMaps there.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
server=$(sed -n 's/.*server: //p' "$KUBECONFIG")
metrics=$(free_port)
controller() {
	"$SLUICE" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort $metrics --healthzPort 0 "$@" >>"$dir/controller.log" 2>&1 &
	controller=$!
}
stop() { kill $controller && wait $controller; }
sent() { kubectl get configmap "$@" -o 'jsonpath={.data.text}'; }
has() { curl -sf "http://127.0.0.1:$metrics/metrics" | grep -qF "$1"; }
config=$dir/config.yaml secret=$dir/secret.yaml
cat >"$config" <<Y
apiVersion: v1
kind: ConfigMap
metadata: {name: argo-rollouts-notification-configmap}
data:
  service.webhook.here: |
    url: $server/api/v1/namespaces/default
    headers: [{name: Content-Type, value: application/json}, {name: X-Token, value: \$token}]
  service.webhook.gone: |
    url: $server/nowhere
  context: |
    team: web
  template.told: |
    message: "{{.rollout.metadata.name}} of {{.context.team}} is {{.rollout.status.phase}}"
    webhook:
      here:
        method: POST
        path: /configmaps
        body: |
          {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{.recipient}}-{{.rollout.metadata.name}}-{{.rollout.status.phase | lower}}"},
           "data": {"text": {{printf "%s %s" .rollout.metadata.name .secrets.token | quote}}}}
  template.image: |
    message: "{{(index .rollout.spec.template.spec.containers 0).image}}"
    webhook:
      here:
        method: POST
        path: /configmaps
        body: |
          {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{.recipient}}-{{.rollout.metadata.name}}"},
           "data": {"text": "{{(index .rollout.spec.template.spec.containers 0).image}}"}}
  trigger.on-image: |
    - when: rollout.status.phase == 'Healthy'
      send: [image]
  trigger.on-rollout-paused: |
    - send: [told]
  trigger.on-rollout-completed: |
    - send: [told]
  trigger.on-degraded: |
    - when: rollout.status.phase == 'Degraded'
      oncePer: rollout.status.currentPodHash
      send: [told]
Y
cat >"$secret" <<'Y'
apiVersion: v1
kind: Secret
metadata: {name: argo-rollouts-notification-secret}
data: {token: aHVzaA==}
Y
kubectl create -f "$config" >/dev/null
kubectl create -f "$secret" >/dev/null
controller
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
s=$SLUICE
check "it is deployed" says Healthy "$s" status myapp --timeout 300s
kubectl annotate rollout myapp notifications.argoproj.io/subscribe.on-rollout-paused.here=ops \
	notifications.argoproj.io/subscribe.on-degraded.here='a;b' notifications.argoproj.io/subscribe.on-rollout-paused.gone=x >/dev/null
"$s" set image myapp myapp=myregistry/myapp:v2 >/dev/null
check "a subscriber receives the text of the template" within 20 says "myapp hush" sent ops-myapp-paused
check "it counts as sent" within 5 has 'notification_send_success{name="myapp",namespace="default",reason="RolloutPaused",type="Normal"} 1'
check "one that is refused counts as failed" within 5 has 'notification_send_error{name="myapp",namespace="default",reason="RolloutPaused",type="Normal"} 1'
check "... and the log says why" grep -q "status 404" "$dir/controller.log"
"$s" abort myapp >/dev/null
check "a trigger whose condition is true is sent" within 20 says "myapp hush" sent a-myapp-degraded
check "... to all" within 5 says "myapp hush" sent b-myapp-degraded
noted() { kubectl get rollout myapp -o jsonpath='{.metadata.annotations.notified\.notifications\.argoproj\.io}'; }
check "... and noted" within 5 says ":here:b" noted
kubectl delete configmap a-myapp-degraded >/dev/null
stop
controller --loglevel debug
check "... another process decides about it" decided rollout myapp default
check "... so that another process tells it no more" fails sent a-myapp-degraded
kubectl apply -f - >/dev/null <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: shared}
spec:
  replicas: 0
  selector: {matchLabels: {app: shared}}
  template: {metadata: {labels: {app: shared}}, spec: {containers: [{name: shared, image: "shared:v7"}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shared, annotations: {notifications.argoproj.io/subscribe.on-image.here: image}}
spec: {replicas: 1, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shared}, strategy: {canary: {}}}
Y
check "a Rollout with workloadRef has its workload's template" within 20 says "shared:v7" sent image-shared
check "... also when it is tried out" says "shared:v7" "$s" notifications template notify image shared
check "a trigger without a subscription is not sent" fails sent ops-myapp-healthy
stop

check "templates" says "told" "$s" notifications template get
check "a template as YAML" says "method: POST" "$s" notifications template get told -o yaml
check "a template that there is not" says "there is no template.nope" "$s" notifications template get nope
check "what it would say" says 'message: myapp of web is Degraded' "$s" notifications template notify told myapp
check "from files" says "myapp hush" "$s" notifications template notify told tests/e2e/rollout.yaml --config-map "$config" --secret "$secret"
check "sending one" says "sent to here:try" "$s" notifications template notify told myapp --recipient here:try
check "... sends it" says "myapp hush" sent try-myapp-degraded
check "a recipient whose service does not exist is refused" says "there is no service.pager" "$s" notifications template notify told myapp --recipient pager:x
check "triggers" says "rollout.status.phase == 'Degraded'" "$s" notifications trigger get
check "a trigger's conditions" says "true" "$s" notifications trigger run on-degraded myapp
check "an event's has none" says "(the event)" "$s" notifications trigger run on-rollout-paused myapp
check "a trigger that there is not" says "there is no trigger.nope" "$s" notifications trigger run nope myapp
check "too few words" says "usage: sluice notifications trigger" "$s" notifications trigger

# The configuration in deploy/, and the examples in docs/notifications.md.
stock=deploy/notifications/configmap.yaml
for t in $("$s" notifications template get -o name --config-map $stock --secret :empty); do
	check "deploy: $t" says "Rollout myapp" "$s" notifications template notify "$t" tests/e2e/rollout.yaml --config-map $stock --secret :empty
done
check "deploy: triggers" says "on-rollout-aborted" "$s" notifications trigger get --config-map $stock --secret :empty

# A tenant's own, with --self-service-notification-enabled; they reach nothing of this machine.
kubectl create namespace tenant >/dev/null
kubectl create -n tenant -f "$config" >/dev/null
sed 's|^  name: myapp$|  name: own\n  annotations: {notifications.argoproj.io/subscribe.on-rollout-completed.here: t}|' tests/e2e/rollout.yaml >"$dir/own.yaml"
kubectl delete configmap argo-rollouts-notification-configmap >/dev/null
controller --self-service-notification-enabled
kubectl apply -n tenant -f "$dir/own.yaml" >/dev/null
check "a tenant's notification does not reach this machine" within 20 grep -q "leads to this machine" "$dir/controller.log"
stop
