#!/bin/bash
# `sluice backtest` against a real Prometheus with six hours of a service, in which five releases were: history.awk.
. "$(dirname "$0")/lib.sh"

until=2024-06-01T06:00:00Z
awk -f tests/e2e/backtest/history.awk -v end="$(date -u -d $until +%s)" -v hours=6 -v releases=good,errors5,good,slow2,good \
	>"$dir/history" 2>"$dir/releases"
promtool tsdb create-blocks-from openmetrics "$dir/history" "$dir/tsdb" >"$dir/promtool.log" 2>&1 || { cat "$dir/promtool.log"; exit 1; }
port=$(free_port)
echo "global: {}" >"$dir/prometheus.yaml"
prometheus --config.file="$dir/prometheus.yaml" --storage.tsdb.path="$dir/tsdb" --storage.tsdb.retention.time=100y \
	--web.listen-address=127.0.0.1:$port >"$dir/prometheus.log" 2>&1 &
prometheus=$!
within 20 grep -q "Server is ready" "$dir/prometheus.log" || { cat "$dir/prometheus.log"; exit 1; }
url=http://127.0.0.1:$port
t="-f examples/gates/compare.yaml -a job=myapp -a namespace=shop"

once() { # ARGS...
	"$SLUICE" backtest compare $t --prometheus $url --until $until --minutes 14 "$@"
}
backtest() { # ARGS...: of six hours
	once --past 6h "$@"
}
# figure FILE METRIC EFFECT MEMBER: a member of an effect, in JSON that is written a member a line.
figure() {
	awk -v metric="\"$2\"" -v effect="$3" -v member="\"$4\":" '
		$1 == "\"name\":" { here = $2 == metric "," }
		$1 == "\"effect\":" { at = $2 + 0 == effect }
		here && at && $1 == member { print $2 + 0 }' "$1"
}
top() { awk -v member="\"$2\":" '$1 == member { print $2 + 0; exit }' "$1"; }
between() { awk -v least="$1" -v most="$2" -v is="$3" 'BEGIN { print is; exit !(is != "" && is >= least && is <= most) }'; }

check "it prints JSON" sh -c "$(declare -f once backtest); SLUICE='$SLUICE' t='$t' url=$url until=$until backtest --record '$dir/record' -o json >'$dir/json'"
check "700 releases or more" between 700 1400 "$(top "$dir/json" releases)"
check "with at most 100 queries" between 20 100 "$(top "$dir/json" queries)"
check "no good release is stopped" between 0 0.005 "$(top "$dir/json" falseAlarms)"
check "the interval is that of 8 windows that do not overlap" between 0.36 0.37 "$(top "$dir/json" falseAlarmsHigh)"

# The reference (gates.md, section 6) has 0.003, 0.104, 0.824 and 1 for errors put in evenly, with other random numbers; 23
# windows, of which a third are independent. Borrowed errors are within some points of it (section 5).
releases=$(figure "$dir/json" errors 1 releases)
stopped() { awk -v s="$(figure "$dir/json" "$1" "$2" stopped)" -v n="$releases" 'BEGIN { print s / n }'; }
check "errors x1.5 are seldom stopped" between 0 0.03 "$(stopped errors 1.5)"
check "errors x2 sometimes" between 0.03 0.25 "$(stopped errors 2)"
check "errors x3 mostly" between 0.7 0.95 "$(stopped errors 3)"
check "errors x5 always" between 0.99 1 "$(stopped errors 5)"
check "after minutes" between 120 300 "$(figure "$dir/json" errors 5 medianSeconds)"
check "latency x1.5 always" between 0.99 1 "$(stopped latency 1.5)"
check "the smallest that is caught nine times in ten" between 2.8 4.2 "$(awk '/"smallestCaught"/ { print $2 + 0; exit }' "$dir/json")"
check "the error rate of the stable version" between 0.0095 0.0105 "$(awk '/"stableRate"/ { print $2 + 0; exit }' "$dir/json")"

backtest >"$dir/table" 2>&1
check "the table has the smallest effect that is caught" grep -q "errors: a canary with about x3.* the errors is stopped nine times in ten: 0.99 % -> 3" "$dir/table"
check "and the false alarms" grep -q "^False alarms: 0 % of the good releases were stopped; with 95 % confidence 0 % to 37 %" "$dir/table"
documented() { sed -n '/^    \$ sluice backtest/,/^| Column/{/^    \$/d;/^        --until/d;/^| Column/q;s/^    //;p}' docs/backtest.md | sed '$d' | diff - "$dir/table"; }
check "docs/backtest.md shows it" documented
again() { backtest >"$dir/again" 2>&1; cmp "$dir/table" "$dir/again"; }
check "the same seed prints the same text" again
backtest --seed 2 -o json >"$dir/seed2"
check "another one other figures" fails cmp -s "$dir/json" "$dir/seed2"
check "a smaller weight has fewer requests" says "had 6" backtest --weight 5 --effects 5
check "a figure between effects that are far apart says so" says "It is interpolated between x1 and x5" backtest --effects 5
check "a larger one than the pods had is reported" says "The pods that played the canary had 20 % of the requests only" backtest --weight 60 --effects 5

limited() { backtest --effects 2,5 "$@" >/dev/null 2>"$dir/limits"; }
check "within its limits, it succeeds" limited --allow-false-alarms 1% --must-catch 5
check "a metric that does not catch what it must is a failure" fails limited --allow-false-alarms 1 --must-catch 2
check "which names the metric" grep -q "^error: metric errors catches x[34].* nine times in ten; --must-catch is 2" "$dir/limits"
check "and no other" fails grep -q latency "$dir/limits"
check "so is one that catches no effect" says "metric errors catches no effect of --effects" backtest --effects 1.5,2 --must-catch 5
check "a dry run catches nothing" says "all metrics are dry runs" \
	"$SLUICE" backtest compare -f <(sed 's/^  metrics:/  dryRun: [{metricName: .*}]\n&/' examples/gates/compare.yaml) -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --effects 5 --must-catch 5
check "an argument that the template does not have is an error" says 'AnalysisTemplate compare has no argument "nope"' backtest -a nope=1
check "--global chooses by the kind, also in files" says 'the files have no ClusterAnalysisTemplate "compare"' backtest --global
# Of the same AnalysisRun, all comparisons share its false alarms, also those of other templates.
sed 's/- templateName: compare/&\n        - templateName: more\n        - templateName: away/' examples/gates/compare.yaml >"$dir/more.yaml"
cat >>"$dir/more.yaml" <<'Y'
---
{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: more, annotations: {sluice.argoproj.io/compare: "n: {bad: b, total: t}"}}, spec: {metrics: [
  {name: m, provider: {plugin: {sluice/compare: {bad: b, total: t}}}}, {name: n, provider: {prometheus: {address: "http://p", query: q}}}]}}
Y
"$SLUICE" backtest compare -f "$dir/more.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --effects 3 -o json >"$dir/more" 2>"$dir/away"
check "comparisons of other templates make false alarms rarer, and regressions harder to see" \
	between 1 "$(($(figure "$dir/json" errors 3 stopped) - 10))" "$(figure "$dir/more" errors 3 stopped)"
check "one that is not found is named" grep -q "^warning: comparisons of AnalysisTemplate away, .* are not counted: it is not in the files" "$dir/away"
# A template counts once, those in another one count too, and a namesake in another namespace or of another kind does not.
sed -i 's/- templateName: more/&\n        - templateName: more/; s/spec: {metrics: \[/spec: {templates: [{templateName: inner}], metrics: [/' "$dir/more.yaml"
cat >>"$dir/more.yaml" <<'Y'
---
{apiVersion: argoproj.io/v1alpha1, kind: ClusterAnalysisTemplate, metadata: {name: more}, spec: {metrics: [{name: x, provider: {plugin: {sluice/compare: {bad: b, total: t}}}}]}}
---
{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: inner}, spec: {metrics: [{name: i, provider: {plugin: {sluice/compare: {bad: b, total: t}}}}]}}
Y
check "in the reason, it is one in 500 by chance" says "(at most 1 in 500 by chance)" \
	"$SLUICE" backtest compare -f "$dir/more.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --releases
check "without limits that is a success" backtest --effects 1.5,2
# Every difference between pods counts.
sed -E 's/slow:.*/&\n          tolerate: {ratio: 1}\n          falseAlarms: 50%/' examples/gates/compare.yaml >"$dir/eager.yaml"
check "a share of false alarms that is not allowed is a failure" says "of the good releases were stopped; --allow-false-alarms is 0 %" \
	"$SLUICE" backtest compare -f "$dir/eager.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --effects 2 --allow-false-alarms 0
sed -E 's/slow:.*/&\n          until: end/' examples/gates/compare.yaml >"$dir/until.yaml"
"$SLUICE" backtest compare -f "$dir/until.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --effects 2 -o json >"$dir/until-end"
check "a comparison until the end passes no release before it" between 0 0 "$(figure "$dir/until-end" latency 1 passed)"
check "the other one does" between 1 700 "$(figure "$dir/until-end" errors 1 passed)"
sed -E 's/(bad|slow):.*/&\n          wait: 3m\n          otherwise: abort/' examples/gates/compare.yaml >"$dir/impatient.yaml"
check "a placebo release ends when the time to wait does, as a release" says "of the good releases were stopped; --allow-false-alarms is 1 %" \
	"$SLUICE" backtest compare -f "$dir/impatient.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --effects 2 --allow-false-alarms 1%
check "a metric that stops all is named so" says "metric errors stops good releases, too" \
	"$SLUICE" backtest compare -f "$dir/impatient.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --effects 2 --must-catch 2
(cat examples/gates/compare.yaml && echo --- && sed '1,/^---/d; s/name: myapp$/name: other/' examples/gates/compare.yaml) >"$dir/two.yaml"
check "of two Rollouts one must be chosen" says "several objects Rollout (myapp, other): choose one with --rollout" "$SLUICE" backtest compare -f "$dir/two.yaml" --prometheus $url
check "which is a failure" fails "$SLUICE" backtest compare -f "$dir/two.yaml" --prometheus $url --until $until
# Metrics with conditions: the article's templates, which see all pods, and a query about the canary alone.
seed() { # TEMPLATE ARGS...
	"$SLUICE" backtest "$1" -f examples/seed/analysis-templates.yaml -a service-name=myapp -a namespace=shop --rollout myapp \
		--prometheus $url --until $until --past 6h --minutes 14 "${@:2}"
}
cat >"$dir/conditions.yaml" <<-'END'
	apiVersion: argoproj.io/v1alpha1
	kind: AnalysisTemplate
	metadata: {name: conditions}
	spec:
	  args: [{name: hash, valueFrom: {podTemplateHashValue: Latest}}]
	  metrics:
	  - &metric
	    name: alone
	    interval: 1m
	    initialDelay: 60s
	    count: 5
	    successCondition: result[0] < 0.05
	    failureLimit: 3
	    provider: {prometheus: {query: 'sum(rate(http_requests_total{pod=~"myapp-{{args.hash}}-.*",code!~"2.."}[1m])) / sum(rate(http_requests_total{pod=~"myapp-{{args.hash}}-.*"}[1m]))'}}
	  - <<: *metric
	    name: success
	    successCondition: result[0] >= 0.95
	    provider: {prometheus: {query: 'sum(rate(http_requests_total{pod=~"myapp-{{args.hash}}-.*",code=~"2.."}[2m])) / sum(rate(http_requests_total{pod=~"myapp-{{args.hash}}-.*"}[2m]))'}}
	  - <<: *metric
	    name: other
	    provider: {prometheus: {query: 'max(rate(http_requests_total{code!~"2.."}[2m]))'}}
	  - name: away
	    provider: {web: {url: 'http://127.0.0.1:1', jsonPath: '{$}'}}
END
"$SLUICE" backtest conditions -f "$dir/conditions.yaml" --rollout myapp --prometheus $url --until $until --past 6h --minutes 14 \
	--effects 3,5,10,20 -o json >"$dir/conditions" 2>"$dir/warnings"
seed error-rate-analysis --effects 5,10,20 -o json >"$dir/seed-errors"
seed response-time-analysis --effects 2,3,5,10 -o json >"$dir/seed-latency"
member() { awk -v name="\"$2\"," -v member="\"$3\":" '$1 == "\"name\":" { here = $2 == name } here && $1 == member { print $2 + 0 }' "$1"; }
share() { awk -v s="$(figure "$1" "$2" "$3" stopped)" -v n="$(figure "$1" "$2" "$3" releases)" 'BEGIN { print s / n }'; }
for metric in alone success; do
	check "what $metric is without a change equals Prometheus' own value" between 0 1e-9 "$(member "$dir/conditions" $metric difference)"
done
check "so does the article's error rate" between 0 1e-9 "$(member "$dir/seed-errors" error-rate difference)"
check "and its latency" between 0 1e-9 "$(member "$dir/seed-latency" avg-response-time difference)"
check "the rate of errors is that of the stable version" between 0.0095 0.0105 "$(member "$dir/conditions" alone stableRate)"
check "that of the other requests, too" between 0.0095 0.0105 "$(member "$dir/conditions" success stableRate)"
# Section 6 of the reference: 0.266, 1 and 1 for errors put in evenly at x5, x10 and x20, and a sum over all pods sees x20 at 0.087.
check "a query about the canary sometimes stops errors x5" between 0.03 0.4 "$(share "$dir/conditions" alone 5)"
check "mostly x10" between 0.9 1 "$(share "$dir/conditions" alone 10)"
check "always x20" between 0.999 1 "$(share "$dir/conditions" alone 20)"
check "one about the requests without errors likewise" between 0.03 0.4 "$(share "$dir/conditions" success 5)"
check "it stops good releases for want of data" between 1 100 "$(figure "$dir/conditions" alone 1 errors)"
check "which are false alarms" between 0.001 0.14 "$(top "$dir/conditions" falseAlarms)"
check "the sum over all pods stops no errors x10" between 0 0 "$(figure "$dir/seed-errors" error-rate 10 stopped)"
check "and few x20" between 0 0.15 "$(share "$dir/seed-errors" error-rate 20)"
check "no latency x2" between 0 0 "$(figure "$dir/seed-latency" avg-response-time 2 stopped)"
check "but x5" between 0.9 1 "$(share "$dir/seed-latency" avg-response-time 5)"
check "of other queries the result is changed" grep -q '"kind": "result"' "$dir/conditions"
check "a time is then one release" between 23 23 "$(figure "$dir/conditions" other 5 releases)"
check "it says so" says "other: a canary with about x" "$SLUICE" backtest conditions -f "$dir/conditions.yaml" --rollout myapp --prometheus $url --until $until --past 6h --minutes 14 --effects 20
check "what is no query is named" grep -q "warning: metric away is not tested" "$dir/warnings"
check "with at most 100 queries" between 20 100 "$(top "$dir/conditions" queries)"
seen() { seed error-rate-analysis --effects 5,10,20 | grep '^error-rate: ' >"$dir/seen" && grep -Ff "$dir/seen" docs/backtest.md; }
check "docs/backtest.md has the article's figures" seen
check "it says that the query sums over both versions" grep -q '"sumsVersions": true' "$dir/seed-errors"
check "... in words" says "The query sums over both versions, and the canary has 20 % of the requests" seed error-rate-analysis --effects 20
check "... but not of one about the canary's pods" says false jq '.metrics[] | select(.name == "alone") | .sumsVersions' "$dir/conditions"

# The comparison that corresponds to a query, and its figures.
seed error-rate-analysis --propose >"$dir/proposed"
seed error-rate-analysis --propose -o json >"$dir/proposed.json"
# The query and the comparison in one template have the same windows.
{
	sed '/^---/,$d' examples/seed/analysis-templates.yaml
	sed -n '/^  - name:/,$p' "$dir/proposed"
} >"$dir/both.yaml"
"$SLUICE" backtest error-rate-analysis -f "$dir/both.yaml" -a service-name=myapp -a namespace=shop --rollout myapp --prometheus $url \
	--until $until --past 6h --minutes 14 >"$dir/both"
same_figures() { diff <(grep -m 1 -A5 '^error-rate-compared' "$dir/proposed") <(grep -m 1 -A5 '^error-rate-compared' "$dir/both"); }
check "a proposed comparison has the requests of the query" grep -qF "bad: 'http_requests_total{job=\"myapp\",namespace=\"shop\",code!~\"2..\"}'" "$dir/proposed"
check "in a template, it has the same figures" same_figures
check "which stops errors x3 that the query passes" between 0.7 1 "$(share "$dir/proposed.json" error-rate-compared 3)"
check "the query's own figures are those without it" says 0 figure "$dir/proposed.json" error-rate 10 stopped
check "it has no part in the false alarms and limits" says "error: metric error-rate catches no effect" \
	sh -c "'$SLUICE' backtest error-rate-analysis -f examples/seed/analysis-templates.yaml -a service-name=myapp -a namespace=shop --rollout myapp \
		--prometheus $url --until $until --past 6h --minutes 14 --propose --effects 2 --must-catch 10 2>&1 | grep '^error'"
check "a query without one is named" says "other: no comparison corresponds to it" "$SLUICE" backtest conditions -f "$dir/conditions.yaml" \
	--rollout myapp --prometheus $url --until $until --past 6h --minutes 14 --effects 20 --propose
check "comparisons alone have none" says "has comparisons only" backtest --propose
documented_proposal() { sed -n '/--propose$/,/^[^ ]/{/^    /!d;/--propose$/d;/\[\.\.\.\]/d;s/^    //;p}' docs/backtest.md >"$dir/documented" && [ -s "$dir/documented" ] && ! grep -vFxf "$dir/proposed" "$dir/documented"; }
check "docs/backtest.md shows it" documented_proposal

# Releases that were: found by the names of pods, and judged as an analysis of that time.
backtest --releases >"$dir/named" 2>&1
expected() { # a release that failed at first kept its stable version: its pods got none of the others' places
	awk '{ print $2, $3, ($4 == "good" ? "good" : "bad") }' "$dir/releases"
}
found() { awk '$3 == "after" { sub(",", "", $4); print $2, $4, $5 }' "$dir/named"; }
same_releases() { expected | diff - <(found); }
begin_with_their_pods() {
	awk '$3 == "after" { print $1 }' "$dir/named" | while read -r t; do date -d "$t" +%s; done |
		paste - "$dir/releases" | awk '$2 - $1 < 0 || $2 - $1 > 5 { wrong = 1 } END { exit wrong || NR != 5 }'
}
verdict() { # CANARY METRIC: the verdict in the table
	awk -v canary="$1" -v metric="$2" '$3 == "after" { here = $2 == canary }
		here && $1 == metric { print $2; exit }' "$dir/named"
}
canary() { awk -v kind="$1" '$4 == kind { print $2; exit }' "$dir/releases"; }
is() { [ "$1" = "$2" ] || { echo "$1, want $2"; return 1; }; }
check "it finds the five releases, and which were good" same_releases
check "which begin up to 5 s before their first pods" begin_with_their_pods
check "that with five times the errors is stopped by the errors" is "$(verdict "$(canary errors5)" errors)" Failed
check "and not by the latency" is "$(verdict "$(canary errors5)" latency)" Running
check "that with twice the latency by the latency" is "$(verdict "$(canary slow2)" latency)" Failed
check "no good one is stopped" grep -q "^Good releases: 0 of 3 stopped, .*; with 95 % confidence 0 % to 71 % are stopped" "$dir/named"
check "both bad ones are" grep -q "^Bad releases: 2 of 2 stopped, 0 passed" "$dir/named"
seed error-rate-analysis --releases >"$dir/named-seed"
check "the article's error rate stops none" grep -q "^Bad releases: 0 of 2 stopped, 2 passed" "$dir/named-seed"
# A query about the canary alone has no sample before the second scrape, and an error is measured again after 10 s.
sed 's/initialDelay: 60s/initialDelay: 0s/' "$dir/conditions.yaml" >"$dir/early.yaml"
early() {
	"$SLUICE" backtest conditions -f "$dir/early.yaml" --rollout myapp --prometheus $url --until $until --past 6h --minutes 14 --releases
}
check "measurements are made as by the controller" says "alone            Successful   4m20s" early
sed -i 's/initialDelay: 0s/&\n    consecutiveErrorLimit: 1/' "$dir/early.yaml"
check "also those that end in an error" says "alone            Error        10s      consecutiveErrors (2) > consecutiveErrorLimit (1)" early
# The counters are older than the first measurement: the last bin may be before it, but not the verdict.
sed -E 's/^( *)- name: (errors|latency)$/&\n\1  initialDelay: 10m/' examples/gates/compare.yaml >"$dir/late.yaml"
late() { "$SLUICE" backtest compare -f "$dir/late.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes "$1" --releases; }
check "a verdict is not before initialDelay" says "errors           Failed       10m " late 14
check "nor is there one of a run that ended before it" says "latency          Running      5m       its run ended before initialDelay had passed" late 5
bad_at=$(awk '$4 == "errors5" { print $1 }' "$dir/releases")
at() { # SECONDS after its start, and HASHES
	once --at "$(date -u -d @$((bad_at + $1)) +%Y-%m-%dT%H:%M:%SZ)$2" -o json
}
value() { awk -v member="\"$1\":" -v nth="${2:-1}" '$1 == member && ++n == nth { gsub(/[",]/, "", $2); print $2; exit }' "$dir/at"; }
at 60 "" >"$dir/at"
check "at a time in a release, the counters since its start are compared" between 0 5 $((bad_at - $(date -d "$(value since)" +%s)))
check "the analysis starts at that time" is "$(date -d "$(value begin)" +%s)" $((bad_at + 60))
check "its versions are known" is "$(value canary) $(value stable)" "$(awk '$4 == "errors5" { print $2, $3 }' "$dir/releases")"
check "it is stopped" is "$(value phase)" Failed
check "its quality is that of --releases" is "$(value quality)" bad
bin=$(value at)
at 120 "" >"$dir/at"
check "a later start has the verdict at the same bin" is "$(value phase) $(value at)" "Failed $bin"
at 60 ":$(value canary):$(value stable)" >"$dir/at"
check "with the hashes of versions, they are compared from that time on" is "$(value since)" "$(value begin)"
at 60 ":aaaaaaaaaa:$(value stable)" >"$dir/at"
check "a version without pods has no data" is "$(value data)" false
check "and is no pass" grep -q '"passed": 0' "$dir/at"
check "a time without a release is an error" says "there is no release of myapp from 2024-06-01T0" at 1500 ""
check "what is not a time is one" says "is not a time such as" once --at yesterday
check "so is one after the history" says "is not before the end of the history" once --at 2024-06-02T00:00:00Z
check "two kinds of releases are refused" says "exclude each other" once --at 2024-06-01T00:00:00Z --placebo
check "a flag about many releases is refused with one" says "--weight is about many releases or placebo releases, which --at excludes" once --at 2024-06-01T00:00:00Z --weight 5
check "of few good releases, the false alarms are those of placebo releases" \
	grep -q "^    False alarms: 0 % of the good releases were stopped; with 95 % confidence 0 % to 37 %" "$dir/named"
alarms() { backtest "$@" -o json | jq -c '.placebo // . | [.releases, .times, .falseAlarms, .falseAlarmsHigh]'; }
check "they are the same as without --releases" is "$(alarms --releases)" "$(alarms)"
check "the limit is about these" backtest --releases --allow-false-alarms 0
check "... and fails if too many are stopped" says "of the good releases were stopped; --allow-false-alarms is 0 %" \
	"$SLUICE" backtest compare -f "$dir/eager.yaml" -a job=myapp -a namespace=shop --prometheus $url --until $until --past 6h --minutes 14 --releases --allow-false-alarms 0
check "without a time for placebo releases, that is an error" says "3 good releases are known; --allow-false-alarms needs 20 of them, or placebo" \
	backtest --releases --pods 20 --allow-false-alarms 1
# In 90 days a column is a quarter of an hour: releases that end within one have data all the same.
check "no release between two columns is without data" fails says "no data" once --releases --past 90d --until 2024-06-01T05:10:00Z --minutes 8
check "... of the limit alone" says "Placebo releases have none: in the past there is no time" backtest --releases --pods 20
documented_past() { jq -r '.pastReleases[] | "\(.canary) \(.stable) \(.quality)"' "$dir/json" | diff - <(found); }
check "without --releases, the same releases are listed" documented_past
check "past releases are made no worse" says "needs placebo releases" backtest --releases --must-catch 3
# Lines of the document may end with [...].
documented_releases() {
	sed -n '/^    \$.*--releases --past 6h/,/^| Quality/{/^    \$/d;/^| Quality/q;s/^    //;s/ \[\.\.\.\]$//;p}' docs/backtest.md |
		sed '$d' >"$dir/documented"
	[ "$(wc -l <"$dir/documented")" = "$(wc -l <"$dir/named")" ] && paste -d '\n' "$dir/documented" "$dir/named" |
		awk 'NR % 2 { want = $0; next } index($0, want) != 1 { print want; wrong = 1 } END { exit wrong }'
}
check "docs/backtest.md shows them" documented_releases

evidence() { backtest --releases -o svg >"$dir/evidence.svg" && python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$dir/evidence.svg"; }
check "a picture of named releases is XML" evidence
check "... with a line for the evidence to stop and to pass of each, for each metric" is "$(grep -c '<path ' "$dir/evidence.svg")" 20
check "a template without comparisons has no such picture" says "error-rate-analysis has no comparison" seed error-rate-analysis --releases -o svg
backtest --releases --plot >"$dir/plotted"
check "--plot shows the evidence of each release and metric" is "$(grep -c 'evidence: . to stop the canary' "$dir/plotted")" 10
check "... which placebo releases do not have" says "--plot shows named releases" backtest --plot

check "a Rollout without pods is an error with the query" says "Prometheus has no pods of the Rollout other: the result of count by" \
	backtest --rollout other
check "a past without a window is an error" says "choose a longer --past" backtest --minutes 90
check "a query that Prometheus refuses is an error with its text" says "error parsing regexp" \
	"$SLUICE" backtest compare -f <(sed 's/total: /total: "{a=~\\"(\\"}" #/' examples/gates/compare.yaml) -a job=myapp -a namespace=shop --prometheus $url --until $until
kill $prometheus
wait $prometheus

# The recorded responses, and worse ones.
replay() { "$SLUICE" backtest compare $t --past 6h --minutes 14 --replay "$1" "${@:2}"; }
picture() { replay "$dir/record" -o svg >"$dir/power.svg" && python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$dir/power.svg"; }
check "a picture is XML" picture
check "... with a line for each metric" [ "$(grep -c '<path ' "$dir/power.svg")" = "$(jq '.metrics | length' "$dir/json")" ]
replayed() { replay "$dir/record" -o json >"$dir/replayed" && cmp "$dir/json" "$dir/replayed"; }
check "a replay prints the same without Prometheus" replayed
check "other options have no recorded response" says "it was recorded with other options" replay "$dir/record" --minutes 10
hostile() { # SED: changes the responses about counters, which have the label sluice of the query
	sed -E "/canary|stable\/total/$1" "$dir/record" >"$dir/hostile"
	replay "$dir/hostile"
}
check "NaN is an error that names the series" says "NaN" hostile 's/,\\"[0-9]+\\"\]/,\\"NaN\\"]/'
check "an infinite counter is one" says "has an infinite value" hostile 's/,\\"[0-9]+\\"\]/,\\"+Inf\\"]/'
check "a negative counter is one" says "metric errors, release at" hostile 's/,\\"([0-9]+)\\"\]/,\\"-\1\\"]/'
check "a response that ends too early is one" says "prometheus: status 200" hostile 's/("response": "([^\\]|\\.){3000}).*"/\1"/'
check "falling counters are restarts" says "False alarms: " hostile 's/,\\"[0-9]+\\"\]/,\\"1\\"]/5'
series='{"metric":{"sluice":"h'
awk -v series="${series//\"/\\\\\"}" 'BEGIN { for (i = 0; i < 1000000; i++) printf "%s%s%d\\\"},\\\"values\\\":[]}", i ? "," : "", series, i }' >"$dir/million"
sed -n '/"until"/p' "$dir/record" >"$dir/until"
first=$(grep -m 1 '"query"' "$dir/record")
{
	echo "{$(cat "$dir/until") \"exchanges\": [{$first \"status\": 200, \"response\": \"{\\\"status\\\":\\\"success\\\",\\\"data\\\":{\\\"resultType\\\":\\\"matrix\\\",\\\"result\\\":["
	cat "$dir/million"
	echo ']}}"}]}'
} | tr -d '\n' >"$dir/many"
check "a million series are refused" says "ReplicaSets had pods" replay "$dir/many"

check "a release needs eight bins" says "--minutes 1 is not from 2m to 37h: a comparison in steps of 15s needs 8 of them" backtest --minutes 1
check "a weight has bounds" says "is not a percentage between 0 and 100" backtest --weight 100
check "effects ascend" says "is not a list of ascending numbers above 1" backtest --effects 2,2
check "a past has a unit" says "is not from 1s to 366d" backtest --past 7
check "a time that is to come is refused" says "is not a time in the past" "$SLUICE" backtest compare $t --prometheus $url --until 2999-01-01T00:00:00Z
check "it needs a history" says "--prometheus URL or --replay FILE is needed" "$SLUICE" backtest compare $t
check "an argument without a value is named" says "args.namespace was not resolved" \
	"$SLUICE" backtest compare -f <(sed -n '/^kind: Rollout/q;p' examples/gates/compare.yaml | sed '/^apiVersion/h;$d') --rollout myapp --replay "$dir/record"
