#!/bin/bash
# Updates with traffic and bad versions, from files: shares, texts, formats, and errors.
. "$(dirname "$0")/lib.sh"
s=$SLUICE
article="examples/seed/rollout.yaml examples/seed/analysis-templates.yaml examples/seed/network.yaml"
compare=tests/e2e/simulate/compare.yaml

# holds CONDITION: it is true for awk.
holds() { awk "BEGIN { exit !($1) }" || { echo "$1"; return 1; }; }

check "the article's templates do not see errors x10 and latency x2" \
	sh -c "'$s' simulate -f $article --releases 10 --bad errors=10x --bad latency=2x -o json >'$dir/article'"
check "and stop none of these updates" [ "$(jq '[.versions[].stopped] | add' "$dir/article")" = 0 ]
check "users get the bad requests" holds "$(jq '.versions[1].badRequestsPerRelease' "$dir/article") > 10000"
check "how the queries were read" says "code!~\"2..\"}: failed requests of both versions" cat <(jq -r '.queries[]' "$dir/article")

check "a comparison of the same traffic" \
	sh -c "'$s' simulate -f $compare --releases 10 --bad errors=5x --bad latency=2x -o json >'$dir/compare'"
check "stops both versions, each by its metric" [ "$(jq -c '[.versions[].stopped], [.versions[].stoppedBy]' "$dir/compare" | tr -d '\n')" = '[0,10,10][{},{"errors":10},{"latency":10}]' ]
check "at the weight of its step" [ "$(jq -c '[.versions[].stoppedWeightMedian]' "$dir/compare")" = '[null,20,20]' ]
check "after minutes" holds "$(jq '.versions[1].stoppedAfterMedian' "$dir/compare") < 480"
check "with a few hundred bad requests" holds "$(jq '.versions[1].badRequestsPerRelease' "$dir/compare") < 1000"

sed 's/^  metrics:$/  dryRun: [{metricName: strict}]\n&\n  - name: strict\n    interval: 30s\n    count: 3\n    initialDelay: 60s\n    successCondition: result[0] < 0.0001\n    provider: {prometheus: {address: "http:\/\/p", query: "sum(rate(http_requests_total{code=~\\"5..\\"}[1m])) \/ sum(rate(http_requests_total[1m]))"}}/' $compare >"$dir/dry.yaml"
check "a metric of a dry run does not stop an update" \
	[ "$("$s" simulate -f "$dir/dry.yaml" --releases 5 --bad errors=5x -o json | jq -c '[.versions[].stoppedBy]')" = '[{},{"errors":5}]' ]

check "a template that is not in the files cannot be simulated" says "AnalysisTemplate error-rate-analysis is not in the files" "$s" simulate -f examples/seed/rollout.yaml
for errors in 5% 50% 70% 100%; do
	"$s" simulate -f $compare --releases 3 --errors $errors --bad none --world rough -o json >"$dir/share"
	check "of $errors errors, the good version has its share" holds "$(jq '.versions[0] | .failedRequests / .requests' "$dir/share") <= 1 && $(jq '.versions[0] | .failedRequests / .requests' "$dir/share") >= 0.9 * ${errors%\%} / 100"
	check "... and none that the old version would not have had" holds "$(jq '.versions[0].badRequestsPerRelease | fabs' "$dir/share") < 200"
done
check "a late fault may begin at once" \
	sh -c "'$s' simulate -f $compare --releases 2 --bad errors=5x --bad late@0s -o json | jq -e '.versions[1].failedRequests == .versions[2].failedRequests'"
check "no errors cannot be more" says "Warning: errors=5x changes nothing: --errors is 0" "$s" simulate -f $compare --releases 1 --errors 0 --bad errors=5x
check "... but a latency can" fails says "changes nothing" "$s" simulate -f $compare --releases 1 --errors 0 --bad errors=5x,latency=3x
check "a timeline ends when the traffic has returned" \
	sh -c "'$s' simulate -f $compare --releases 1 --bad errors=10x | grep 'aborted: ' | tail -1 | grep 'weight 0%'"
sed 's/- setWeight: 20/- setWeight: 120/' $compare >"$dir/stuck.yaml"
check "an update that cannot go on is a failure" fails "$s" simulate -f "$dir/stuck.yaml" --releases 1
documented() { (cd examples/seed && ../../sluice simulate -f rollout.yaml analysis-templates.yaml network.yaml --releases 40) | sed -n 's/^good\|^errors\|^latency/    &/p' >"$dir/rows" && [ "$(wc -l <"$dir/rows")" = 5 ] && ! grep -vFxf docs/simulate.md "$dir/rows"; }
check "docs/simulate.md has the table of the article's templates" documented
check "the same seed prints the same text" sh -c "
	'$s' simulate -f $compare --releases 3 --bad errors=3x --world rough >'$dir/one' &&
	'$s' simulate -f $compare --releases 3 --bad errors=3x --world rough >'$dir/two' && cmp '$dir/one' '$dir/two'"
check "another seed does not" sh -c "'$s' simulate -f $compare --releases 1 --bad none >'$dir/one' && ! '$s' simulate -f $compare --releases 1 --bad none --seed 2 | cmp -s - '$dir/one'"
check "one update is a timeline" says "weight 20%, pods 2/2 new, 10/10 old" cat "$dir/one"
check "with its measurements" grep -qE "^ +[0-9ms]+ +errors: (Successful|Inconclusive) " "$dir/one"

check "pods that crash from a weight on, and a fault that comes later" sh -c "'$s' simulate -f $compare --releases 2 --bad crash@20% --bad errors=10x,late@2m -o json >'$dir/later'"
check "are stopped" [ "$(jq -c '[.versions[].stopped]' "$dir/later")" = '[0,2,2]' ]
check "later" holds "$(jq '.versions[2].stoppedAfterMedian' "$dir/later") > 120"
template() { # QUERY
	cat <<-Y
	apiVersion: argoproj.io/v1alpha1
	kind: AnalysisTemplate
	metadata: {name: compare}
	spec: {metrics: [{name: m, interval: 1m, count: 3, successCondition: "result[0] < 0.05", provider: {prometheus: {address: "http://nowhere.example", query: '$1', headers: [{key: a, value: b}]}}}]}
	---
	$(sed -n '/^apiVersion: .*$/h;/^kind: Rollout/,$p' $compare | sed '1i apiVersion: argoproj.io/v1alpha1')
	Y
}
template 'sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m])) or vector(0)' >"$dir/threshold.yaml"
check "a threshold on all pods, in a step" sh -c "'$s' simulate -f '$dir/threshold.yaml' --releases 2 --bad errors=2x --bad errors=+60% -o json >'$dir/threshold'"
check "stops only a version that fails more than half of its requests" [ "$(jq -c '[.versions[] | [.stopped, .stoppedBy]]' "$dir/threshold")" = '[[0,{}],[0,{}],[2,{"m":2}]]' ]
template 'topk(1, up)' >"$dir/other.yaml"
check "a query that cannot be evaluated is an error that names it" says 'query `topk(1, up)`: the query cannot be evaluated here: there is another function' "$s" simulate -f "$dir/other.yaml"
template 'sum(rate(container_cpu_usage_seconds_total[1m]))' >"$dir/other.yaml"
check "and so is a metric that is not simulated" says 'is no metric that is simulated; simulated are' "$s" simulate -f "$dir/other.yaml"
check "these are failures" fails "$s" simulate -f "$dir/other.yaml"
sed 's/prometheus: {.*headers/web: {url: "http:\/\/nowhere.example", headers/' "$dir/other.yaml" >"$dir/web.yaml"
check "another provider is assumed to succeed, which a warning says" says "Warning: metric m of compare does not query Prometheus; the simulation assumes that it succeeds" "$s" simulate -f "$dir/web.yaml" --releases 2 --bad none
check "a Rollout without an analysis" says "no analysis measures the new version; nothing can stop it" sh -c "sed '/analysis:/,\$d' $compare | '$s' simulate -f - --rollout web --releases 2 --bad none"
# with_step STEP: the Rollout, with a step before the others.
with_step() { sed "s/^\( *\)steps:/&\n\1- $1/" $compare >"$dir/experiment.yaml"; }
with_step "experiment: {duration: 1m, templates: [{name: one, specRef: stable}]}"
check "an Experiment without traffic and analyses is played" says "pods" "$s" simulate -f "$dir/experiment.yaml" --releases 1 --bad none
with_step "experiment: {duration: 1m, templates: [{name: one, specRef: stable}], analyses: [{name: one, templateName: compare}]}"
check "an analysis of an Experiment is refused, with the step" \
	says "spec.strategy.canary.steps[0].experiment: traffic and analyses of Experiments are not simulated" "$s" simulate -f "$dir/experiment.yaml"
with_step "experiment: {duration: 1m, templates: [{name: one, specRef: stable, weight: 5}]}"
check "and so is its traffic" says "not simulated" "$s" simulate -f "$dir/experiment.yaml"
check "this is a failure" fails "$s" simulate -f "$dir/experiment.yaml"
for wrong in "--rps 0" "--rps x" "--errors 200%" "--bad errors=5" "--releases 0" "--seed x" "--promote-after soon" "--world odd"; do
	check "$wrong is refused" fails "$s" simulate -f $compare $wrong
done
check "a fault that is not known lists those that are" says "there are errors=5x, errors=+2%, latency=1.5x" "$s" simulate -f $compare --bad slow

# False alarms: 1 % of good updates may be stopped (docs/gates.md). `make soak` plays more.
check "good updates are not stopped" tests/e2e/simulate/false-alarms "$s" 6
check "and bad ones are, as docs/gates.md states" tests/e2e/simulate/power "$s" 10 usual 100

exit "$bad"
