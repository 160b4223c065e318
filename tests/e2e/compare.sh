#!/bin/bash
# Comparisons of two versions, against a real Prometheus with a service's history: fifteen minutes of two canary and five
# stable pods, 20 requests a second each, scraped every 15 s.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load

# Errors of each version in 1,000 requests, and the share that took longer than 0.25 s; pods do not differ.
now=$(date +%s)
start=$((now - 900))
awk -v start=$start -v n=64 '
function series(name, labels, each, i) {
	for (i = 0; i < n; i++)
		printf "%s{%s} %d %d\n", name, labels, 1000 + i * each, start + i * 15
}
function version(hash, pods, errors, slow, i, pod) {
	for (i = 0; i < pods; i++) {
		pod = "pod=\"myapp-" hash "-" i "\""
		series("requests_total", pod ",code=\"200\"", 300 - errors)
		series("requests_total", pod ",code=\"500\"", errors)
		series("seconds_bucket", pod ",le=\"0.1\"", 300 - 2 * slow)
		series("seconds_bucket", pod ",le=\"0.25\"", 300 - slow)
		series("seconds_bucket", pod ",le=\"+Inf\"", 300)
		series("seconds_count", pod, 300)
	}
}
BEGIN {
	version("stable", 5, 3, 30)
	version("good", 2, 3, 30)
	version("bad", 2, 30, 30)
	version("slow", 2, 3, 90)
	print "# EOF"
}' | sort -s -t'{' -k1,1 | awk '{ split($0, a, "{"); if (a[1] != last && $0 !~ /^#/) { print "# TYPE " a[1] " unknown"; last = a[1] } print }' \
	| grep -v '^# EOF' >"$dir/history"
echo "# EOF" >>"$dir/history"
promtool tsdb create-blocks-from openmetrics "$dir/history" "$dir/tsdb" >"$dir/promtool.log" 2>&1 || { cat "$dir/promtool.log"; exit 1; }
port=$(free_port)
echo "global: {}" >"$dir/prometheus.yaml"
prometheus --config.file="$dir/prometheus.yaml" --storage.tsdb.path="$dir/tsdb" --storage.tsdb.retention.time=1d \
	--web.listen-address=127.0.0.1:$port >"$dir/prometheus.log" 2>&1 &
prometheus=$!
within 20 grep -q "Server is ready" "$dir/prometheus.log"
metrics=$(free_port)
"$SLUICE" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort $metrics --healthzPort 0 >"$dir/controller.log" 2>&1 &
controller=$!

errors='bad: "requests_total{code=~\"5..\"}", total: requests_total'
run() { # NAME CANARY CONFIG: the release began with the history
	kubectl create -f - <<-END
		apiVersion: argoproj.io/v1alpha1
		kind: AnalysisRun
		metadata:
		  name: $1
		  annotations:
		    sluice.argoproj.io/release: '{"rollout":"myapp","canary":"$2","stable":"stable","since":"$(date -u -d @$((start + 300)) +%Y-%m-%dT%H:%M:%SZ)"}'
		spec:
		  metrics:
		  - name: compared
		    provider: {plugin: {sluice/compare: {address: "http://127.0.0.1:$port", $3}}}
	END
}
metadata() { kubectl get analysisrun "$1" -o "jsonpath={.status.metricResults[0].measurements[0].metadata.$2}"; }
message() { kubectl get analysisrun "$1" -o "jsonpath={.status.phase} {.status.message} {.status.metricResults[0].measurements[0].message}"; }
has() { message "$1" | grep -q "$2"; }

run good good "$errors" >/dev/null
run bad bad "$errors" >/dev/null
run hidden bad "bad: 'absent_total', total: requests_total" >/dev/null
run slow slow "slow: seconds, warmup: 0s" >/dev/null
run refused good "bad: 'requests_total{code=~\"(\"}', total: requests_total" >/dev/null
check "a canary with ten times the errors fails" within 30 has bad "^Failed compared: the canary fails 10.00 % of"
check "with the time of the bin that decided" says "$(date -u -d @$((start + 300)) +%Y-%m-%dT)" metadata bad bin
first=$(metadata bad bin)
check "a good one has no verdict against it" within 30 sh -c "$(declare -f metadata); metadata good evidence | grep -q 'to stop'"
check "and is not Failed" fails has good "^Failed"
check "all its requests are read" says "bad (1.00 %), 2 pods" metadata good canary
check "a slow one fails" within 30 has slow "^Failed compared: the canary takes more than 0.25 s for 30.00 %"
check "without a series of errors no error is counted" within 30 sh -c "$(declare -f metadata); metadata hidden canary | grep -q '^0 of'"
check "what Prometheus refuses is an error with its text" within 30 says "error parsing regexp" message refused
run again bad "$errors" >/dev/null
check "another run of the release finds the same verdict at the same bin" within 30 has again "^Failed"
check "at that bin" says "$first" metadata again bin
# by-annotation has a query that is always successful, and a comparison in its annotation that fails.
sed 's/^\t\t//' <<-END | kubectl create -f - >/dev/null
		apiVersion: argoproj.io/v1alpha1
		kind: AnalysisRun
		metadata:
		  name: by-annotation
		  annotations:
		    sluice.argoproj.io/release: '{"rollout":"myapp","canary":"bad","stable":"stable","since":"$(date -u -d @$((start + 300)) +%Y-%m-%dT%H:%M:%SZ)"}'
		    sluice.argoproj.io/compare: '{"compared": {"bad": "requests_total{code=~\"5..\"}", "total": "requests_total"}}'
		spec:
		  metrics:
		  - name: compared
		    successCondition: "true"
		    provider: {prometheus: {address: "http://127.0.0.1:$port", query: vector(1)}}
END
check "the comparison of an annotation replaces the query" within 30 has by-annotation "^Failed compared: the canary fails"
check "get analysisrun has the numbers of a comparison" says "  canary    " "$SLUICE" get analysisrun bad
check "without --plot it draws nothing" fails says "to stop the canary" "$SLUICE" get analysisrun bad
check "--plot draws the evidence up to the limit" sh -c "'$SLUICE' get analysisrun bad --plot | grep -q '^    stop 100 ┤.*●'"
check "and the bad requests of both versions" sh -c "'$SLUICE' get analysisrun bad --plot | grep -q '^     10.00 % ┤●.*●'"
check "of slow requests it names the bound" says "requests slower than 0.25 s: ● canary" "$SLUICE" get analysisrun slow --plot
check "a metric without evidence is reported" says "No evidence to plot" "$SLUICE" get analysisrun refused --plot
exposes() { curl -s "http://127.0.0.1:$metrics/metrics" | grep -Eq "$1"; }
of='namespace="default",rollout="myapp",metric="compared"'
check "the evidence against a bad canary is exposed" exposes "^sluice_gate_evidence\{name=\"bad\",$of,side=\"stop\"\} [1-9][0-9]{2}"
check "and that for it" exposes "^sluice_gate_evidence\{name=\"bad\",$of,side=\"pass\"\} [0-9.]+e-"
check "with the limits" exposes "^sluice_gate_evidence_limit\{name=\"bad\",$of,side=\"stop\"\} 100$"
check "the evidence of a comparison in an annotation is exposed" exposes "^sluice_gate_evidence\{name=\"by-annotation\""
check "which has the type of a comparison" exposes '^analysis_run_metric_type\{name="by-annotation",namespace="default",metric="compared",type="sluice/compare"\} 1'
check "each verdict is counted once" exposes '^sluice_gate_verdicts_total\{verdict="Failed"\} 4$'
check "a comparison that has not ended has none" exposes '^sluice_gate_verdicts_total\{verdict="Successful"\} 0$'
check "promtool finds nothing wrong with the metrics" sh -c "curl -s http://127.0.0.1:$metrics/metrics | promtool check metrics | grep -v 'no help text' | (! grep .)"
kill $controller
wait $controller
"$SLUICE" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort $metrics --healthzPort 0 >"$dir/restarted.log" 2>&1 &
controller=$!
check "a restarted controller exposes the evidence" within 30 exposes "^sluice_gate_evidence\{name=\"bad\",$of,side=\"stop\"\} [1-9][0-9]{2}"
check "but does not count a verdict again" exposes '^sluice_gate_verdicts_total\{verdict="Failed"\} 0$'
kill $controller
wait $controller
kill $prometheus
wait $prometheus
