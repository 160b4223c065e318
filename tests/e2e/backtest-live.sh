#!/bin/bash
# Live = backtest: the controller judges a good and a bad update of the laptop cluster, whose pods a real Prometheus scrapes
# each second. `sluice backtest --releases` then finds both in the history, and the same verdicts at the same bins.
. "$(dirname "$0")/lib.sh"
dev --load 100 --behave "v3:errors=0.2"
prometheus=$(sed -n 's/^Prometheus: *//p' "$dir/dev.log")
ns=myapp-production

kubectl apply -f examples/seed/network.yaml >/dev/null
sed "s#http://127.0.0.1:9090#$prometheus#; s/share: 1%/share: 10%/" examples/seed/demo/comparison.yaml >"$dir/comparison.yaml"
# The Rollout's only analysis is the comparison.
sed 's/templateName: error-rate-analysis/templateName: comparison/; /templateName: response-time-analysis/d' \
	examples/seed/demo/rollout.yaml >"$dir/rollout.yaml"
kubectl apply -f "$dir/comparison.yaml" -f "$dir/rollout.yaml" >/dev/null
check "the first version is Healthy" within 60 says Healthy "$SLUICE" status myapp -n $ns --timeout 60s
# A release is found by the pods that were there before it.
check "Prometheus counts its requests" within 60 says '"value"' curl -sG "$prometheus/api/v1/query" \
	--data-urlencode 'query=count_over_time(http_requests_total{job="myapp"}[20s]) >= 12'

phase() { # NUMBER of the run, from 1
	kubectl get analysisruns -n $ns --sort-by=.metadata.creationTimestamp -o "jsonpath={.items[$(($1 - 1))].status.phase}"
}
run() { # NUMBER and a path
	kubectl get analysisruns -n $ns --sort-by=.metadata.creationTimestamp -o "jsonpath={.items[$(($1 - 1))]$2}"
}
"$SLUICE" set image myapp myapp=myregistry/myapp:v2 -n $ns >/dev/null
check "the comparison passes a good version" within 120 says Successful phase 1
"$SLUICE" promote myapp -n $ns >/dev/null
check "it becomes the stable one" within 90 says Healthy "$SLUICE" status myapp -n $ns --timeout 90s
check "with all the pods" within 60 says '"10"' curl -sG "$prometheus/api/v1/query" \
	--data-urlencode 'query=max_over_time(count(count by (pod) (http_requests_total{job="myapp"}))[10s:1s]) <= 10'
"$SLUICE" set image myapp myapp=myregistry/myapp:v3 -n $ns >/dev/null
check "and stops a bad one" within 120 says Failed phase 2

backtest() { "$SLUICE" backtest comparison -n $ns --rollout myapp --prometheus "$prometheus" --until "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$@"; }
backtest --releases --past 15m --minutes 10 -o json >"$dir/json"
value() { # NUMBER of the release, MEMBER
	awk -v nth="$1" -v member="\"$2\":" '$1 == "\"begin\":" { n++ } n == nth && $1 == member { gsub(/[",]/, "", $2); print $2; exit }' "$dir/json"
}
is() { [ "$1" = "$2" ] || { echo "$1, want $2"; cat "$dir/json"; return 1; }; }
for n in 1 2; do
	kind=$([ $n = 1 ] && echo good || echo bad)
	bin=$(run $n '.status.metricResults[0].measurements[0].metadata.bin')
	check "the history has the $kind release, and its AnalysisRun" is "$(value $n analysisRun)" "$(run $n .metadata.name)"
	check "of its version" is "$(value $n canary)" "$(run $n '.metadata.labels.rollouts-pod-template-hash')"
	check "it starts with the run" is "$(value $n begin)" "$(run $n .metadata.creationTimestamp)"
	check "the $kind one has the verdict of the controller" is "$(value $n phase)" "$(phase $n)"
	check "at the same bin" is "$(value $n at)" "${bin:-no bin}"
	check "with the revision" is "$(value $n revision)" $((n + 1))
done
check "the good one was good" is "$(value 1 quality)" good
backtest --releases --past 15m --minutes 10 >"$dir/table"
check "the table has the verdict of both" grep -q "compared-errors  Failed .*; the AnalysisRun: Failed" "$dir/table"

# The same without the cluster, from the time of the run, whose update began in the same second or before it.
"$SLUICE" backtest comparison -f "$dir/comparison.yaml" "$dir/rollout.yaml" --prometheus "$prometheus" \
	--at "$(run 2 .metadata.creationTimestamp):$(value 2 canary):$(value 2 stable)" --minutes 10 \
	--until "$(date -u +%Y-%m-%dT%H:%M:%SZ)" -o json >"$dir/at"
bin=$(run 2 '.status.metricResults[0].measurements[0].metadata.bin')
check "--at finds the same verdict" grep -q '"phase": "Failed"' "$dir/at"
check "at the same bin" grep -q "\"at\": \"$bin\"" "$dir/at"

