#!/bin/bash
# Errors of users: the status and an event name the object and the field, the stable version keeps serving, and a
# correction is enough.
. "$(dirname "$0")/lib.sh"
dev --ready 200 --without mesh,app
s=$SLUICE
prometheus=$(sed -n 's/^Prometheus: *//p' "$dir/dev.log")
sed '/^---/,$d' tests/e2e/rollout.yaml >"$dir/good.yaml"

# template NAME ADDRESS QUERY ARG: an AnalysisTemplate.
template() {
	kubectl apply -f - >/dev/null <<-YAML
		apiVersion: argoproj.io/v1alpha1
		kind: AnalysisTemplate
		metadata:
		  name: $1
		spec:
		  args:
		  - name: $4
		  metrics:
		  - name: rate
		    interval: 1s
		    consecutiveErrorLimit: 1
		    successCondition: result[0] < 0.05
		    provider:
		      prometheus:
		        address: $2
		        query: $3
	YAML
}
template needs-arg "$prometheus" 'up{job="{{args.service-name}}"}' service-name
template bad-query "$prometheus" 'sum(rate(' unused
template bad-argument "$prometheus" 'up{job="{{args.job}}"}' unused
template no-server "http://127.0.0.1:1" 'up' unused
kubectl apply -f - >/dev/null <<-YAML
	apiVersion: argoproj.io/v1alpha1
	kind: AnalysisTemplate
	metadata: {name: bad-condition}
	spec:
	  metrics:
	  - {name: rate, successCondition: "result[0] <", provider: {prometheus: {address: "$prometheus", query: up}}}
	---
	apiVersion: argoproj.io/v1alpha1
	kind: AnalysisTemplate
	metadata: {name: bad-limit}
	spec:
	  metrics:
	  - {name: rate, interval: 1s, count: 2, failureLimit: 3, provider: {prometheus: {address: "$prometheus", query: up}}}
YAML
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
check "v1 is healthy" says Healthy "$s" status myapp --timeout 300s
stable=$(kubectl get ro myapp -o 'jsonpath={.status.stableRS}')

message() { kubectl get ro myapp -o 'jsonpath={.status.message}'; }
events() { kubectl get events -o 'jsonpath={range .items[*]}{.type} {.reason} {.message}{"\n"}{end}'; }
served() { # the stable version has its pods, and all traffic
	[ "$(kubectl get rs "myapp-$stable" -o 'jsonpath={.status.readyReplicas}')" = 4 ] &&
		[ "$(kubectl get vs myapp-vs -o 'jsonpath={.spec.http[0].route[*].weight}')" = "100 0" ]
}

# wrong NAME JSON-PATCH TEXT: the rollout is changed to something wrong, together with a new version.
wrong() {
	local name=$1 patch=$2 text=$3
	kubectl delete events --all >/dev/null
	kubectl patch ro myapp --type json -p \
		"[$patch, {\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/image\", \"value\": \"myregistry/myapp:wrong\"}]" >/dev/null
	check "$name: the status says what" within 20 says "$text" message
	check "$name: a warning says it too" within 20 says "Warning InvalidSpec" events
	check "$name: it names the field" says "$text" events
	check "$name: sluice status says it" within 30 says "$text" "$s" status myapp --watch=false
	check "$name: the stable version keeps serving" served
	kubectl replace -f "$dir/good.yaml" >/dev/null
	check "$name: corrected, it is healthy" within 20 says Healthy "$s" status myapp --timeout 300s
}

# refused NAME PATCH TEXT: what the CRD's schema rules out does not get in.
refused() {
	check "$1: it is refused, with the field" says "$3" kubectl patch ro myapp --type json -p "[$2]"
	check "$1: nothing has changed" says Healthy "$s" status myapp --timeout 300s
}
refused "wrong type" '{"op": "replace", "path": "/spec/strategy/canary/steps/0/setWeight", "value": "a lot"}' \
	'spec.strategy.canary.steps[0].setWeight in body must be of type integer: "string"'
refused "weight out of bounds" '{"op": "replace", "path": "/spec/strategy/canary/steps/2/setWeight", "value": -1}' \
	'spec.strategy.canary.steps[2].setWeight: Invalid value: -1'
refused "what is required, missing" '{"op": "remove", "path": "/spec/strategy"}' 'spec.strategy: Required value'
refused "unknown step" '{"op": "replace", "path": "/spec/strategy/canary/steps/1", "value": {"frobnicate": {}}}' \
	'spec.strategy.canary.steps[1]: Invalid value'
refused "two steps in one" \
	'{"op": "replace", "path": "/spec/strategy/canary/steps/1", "value": {"setWeight": 10, "pause": {}}}' \
	'spec.strategy.canary.steps[1]: Invalid value'
wrong "step plugin that there is not" \
	'{"op": "replace", "path": "/spec/strategy/canary/steps/1", "value": {"plugin": {"name": "nobody/nothing"}}}' \
	'spec.strategy.canary.steps[1].plugin'
wrong "missing VirtualService" \
	'{"op": "replace", "path": "/spec/strategy/canary/trafficRouting/istio/virtualService/name", "value": "other-vs"}' \
	'spec.strategy.canary.trafficRouting.istio.virtualService.name: Invalid value: "other-vs"'
wrong "missing route" \
	'{"op": "add", "path": "/spec/strategy/canary/trafficRouting/istio/virtualService/routes", "value": ["primary"]}' primary
wrong "missing DestinationRule" \
	'{"op": "replace", "path": "/spec/strategy/canary/trafficRouting/istio/destinationRule/name", "value": "other-dr"}' \
	'other-dr'
wrong "missing AnalysisTemplate" \
	'{"op": "add", "path": "/spec/strategy/canary/analysis", "value": {"templates": [{"templateName": "other"}]}}' \
	'AnalysisTemplate "other"'
wrong "labels that the selector does not match" \
	'{"op": "replace", "path": "/spec/template/metadata/labels/app", "value": "other"}' 'spec.template.metadata.labels'
wrong "condition that cannot be read" \
	'{"op": "add", "path": "/spec/strategy/canary/analysis", "value": {"templates": [{"templateName": "bad-condition"}]}}' \
	'successCondition'
wrong "argument that there is not" \
	'{"op": "add", "path": "/spec/strategy/canary/analysis", "value": {"templates": [{"templateName": "bad-argument"}],
	"args": [{"name": "unused", "value": "x"}]}}' 'args.job'
wrong "limit that its count cannot reach" \
	'{"op": "add", "path": "/spec/strategy/canary/analysis", "value": {"templates": [{"templateName": "bad-limit"}]}}' \
	'failureLimit'
wrong "missing argument" \
	'{"op": "add", "path": "/spec/strategy/canary/analysis", "value": {"templates": [{"templateName": "needs-arg"}]}}' \
	'service-name'

# measured NAME TEMPLATE TEXT: a new version whose analysis cannot be made, or has an error as its response.
measured() {
	local name=$1 template=$2 text=$3
	kubectl delete events --all >/dev/null
	kubectl patch ro myapp --type json -p "[{\"op\": \"add\", \"path\": \"/spec/strategy/canary/analysis\", \"value\":
		{\"templates\": [{\"templateName\": \"$template\"}], \"args\": [{\"name\": \"unused\", \"value\": \"x\"}]}},
		{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/image\", \"value\": \"myregistry/myapp:$template\"}]" >/dev/null
	check "$name: the rollout is aborted" within 30 says Degraded "$s" status myapp --timeout 300s
	check "$name: the status says why" says "$text" message
	check "$name: a warning says it too" says "Warning RolloutAborted" events
	check "$name: it names the run and the metric" says "rate" events
	check "$name: get rollout shows it" says "$text" "$s" get rollout myapp
	check "$name: all traffic is on the stable version" within 20 served
	kubectl replace -f "$dir/good.yaml" >/dev/null
	check "$name: corrected, it is healthy" within 20 says Healthy "$s" status myapp --timeout 300s
}

check "there is a Prometheus" test -n "$prometheus"
measured "a query that Prometheus does not understand" bad-query 'parse error'
measured "a server that is not there" no-server '127.0.0.1:1'
