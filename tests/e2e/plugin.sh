#!/bin/bash
# Step plugins with real processes: a program, one that does not end, and a service; and errors of a file that declares
# plugins.
. "$(dirname "$0")/lib.sh"
dev --ready 200 --without controller,mesh,prometheus,app,load
health=$(free_port)
cat >"$dir/hook" <<'SCRIPT'
#!/bin/bash
call=$(cat)
printf '%s\n' "$call" >>"$(dirname "$0")/calls"
echo '{"phase": "Successful", "message": "done", "status": {"seen": 1}}'
SCRIPT
chmod +x "$dir/hook"
cat >"$dir/plugins.yaml" <<YAML
stepPlugins:
- name: test/hook
  exec: {command: [$dir/hook]}
- name: test/slow
  exec: {command: [sh, -c, "sleep 61; true"]}
  timeoutSeconds: 1
- name: test/page
  http: {url: "http://127.0.0.1:$health/healthz"}
YAML
wrong() { # TEXT YAML
	printf '%s\n' "$2" >"$dir/wrong.yaml"
	says "$1" timeout 200 "$SLUICE" controller --step-plugins "$dir/wrong.yaml"
}
check "a plugin with neither way" wrong 'stepPlugins[0]: Invalid value: must have exactly one of http, exec' 'stepPlugins: [{name: x}]'
check "one of the other mechanism" wrong 'stepPlugins[0].location: unknown field; a step plugin has name, http, exec' \
	'stepPlugins: [{name: x, location: "file:///x"}]'
check "two of one name" wrong 'stepPlugins[1].name: Duplicate value: "x"' \
	'stepPlugins: [{name: x, exec: {command: [a]}}, {name: x, exec: {command: [b]}}]'
check "an address that is not http or https is refused" wrong 'stepPlugins[0].http.url' 'stepPlugins: [{name: x, http: {url: "ftp://x"}}]'
check "no file" says "/nowhere" timeout 200 "$SLUICE" controller --step-plugins /nowhere

ARGO_ROLLOUTS_PROMETHEUS_ADDRESS=http://127.0.0.1:$health "$SLUICE" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort 0 --healthzPort $health \
	--step-plugins "$dir/plugins.yaml" >"$dir/controller.log" 2>&1 &
controller=$!
sed '/- setWeight: 25/,/pause: {duration: 3s}/d' tests/data/traces/istio.yaml |
	sed 's#      steps:#      steps: [{setWeight: 25}, {plugin: {name: test/hook, config: {table: users}}}, {plugin: {name: test/slow}}, {plugin: {name: test/page}}]#' |
	kubectl apply -f - >/dev/null
plugin() { kubectl get ro myapp -o "jsonpath={.status.canary.stepPluginStatuses[$1].phase}: {.status.canary.stepPluginStatuses[$1].message}"; }
is() { plugin "$1" | grep -q "$2"; }
kubectl apply -f - >/dev/null <<-YAML
	apiVersion: argoproj.io/v1alpha1
	kind: AnalysisRun
	metadata: {name: by-hand}
	spec: {metrics: [{name: up, consecutiveErrorLimit: 0, provider: {prometheus: {query: up}}}]}
YAML
# The server there does not have the path; before it listens, the message has its address.
check "a metric without an address queries the one in the environment" within 20 sh -c \
	"kubectl get analysisrun by-hand -o 'jsonpath={.status.message}' | grep -E '127.0.0.1:$health|there are /healthz'"
check "healthy" within 20 says Healthy "$SLUICE" status myapp --timeout 300s
"$SLUICE" set image myapp myapp=myregistry/myapp:v2 >/dev/null
check "a program is run, and its response read" within 20 is 0 "^Successful: done"
check "it was given its configuration" grep -q '"table": *"users"' "$dir/calls"
check "and the rollout" grep -q '"name": *"myapp"' "$dir/calls"
check "one that does not end is killed" within 20 is 1 "^Error: sh: did not end in [0-9]* s"
check "and what it started is gone" within 10 fails pgrep -f "^sleep 61$"
"$SLUICE" promote myapp --skip-current-step >/dev/null
check "a response that is not an object" within 40 is 3 "^Error: the response is not a JSON object"
"$SLUICE" abort myapp >/dev/null
# The other two are tried five times each, half a minute apart, before it is the first one's turn.
check "an abort begins with the last" within 20 says "Abort" kubectl get ro myapp -o 'jsonpath={.status.canary.stepPluginStatuses[4].operation}'
kill $controller
wait $controller
