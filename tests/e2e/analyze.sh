#!/bin/bash
# AnalysisRuns and templates in words: from the cluster, from files, and what cannot be explained.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app
run() {
	cat <<-'Y'
		apiVersion: argoproj.io/v1alpha1
		kind: AnalysisRun
		metadata: {name: web-2, namespace: default}
		spec:
		  metrics:
		  - name: errors
		    interval: 12s
		    successCondition: result[0] < 0.05
		    provider: {prometheus: {address: "http://p", query: x}}
	Y
}
status='{"status": {"phase": "Failed", "startedAt": "2026-12-01T12:00:01Z", "completedAt": "2026-12-01T12:00:13Z", "metricResults":
 [{"name": "errors", "phase": "Failed", "message": "failed (1) > failureLimit (0)", "count": 1, "failed": 1, "measurements":
 [{"phase": "Failed", "value": "[0.2]", "startedAt": "2026-12-01T12:00:13Z"}]}]}}'
run | kubectl create -f - >/dev/null
s=$SLUICE
check "a run that has not begun" says "errors: not measured yet" "$s" analyze web-2
kubectl patch analysisrun web-2 --type=merge -p "$status" >/dev/null
check "a failed run: its reason" says "default/web-2: Failed, 12s after its start at 2026-12-01T12:00:01Z. Metric errors: failed (1) > failureLimit (0). It measured 0.2, where success is result[0] < 0.05." "$s" analyze web-2
check "... and its measurements" says "12:00:13  [0.2]                    Failed        0.15 above 0.05 (4 times)" "$s" analyze web-2
check "the same of a file" sh -c "'$s' analyze web-2 >'$dir/live'; kubectl get analysisrun web-2 -o yaml | '$s' analyze -f - | diff - '$dir/live'"
check "... and of a list" sh -c "kubectl get analysisruns -o yaml | '$s' analyze -f - | diff - '$dir/live'"
check "a run that does not exist is an error" fails "$s" analyze web-3
check "... which names it" says '"web-3" not found' "$s" analyze web-3
check "... and where AnalysisRuns are listed" says "kubectl get analysisruns -A" "$s" analyze web-3
check "a name that is a path is an error" says '"../web-2" is not a name' "$s" analyze ../web-2
check "the article's template: when it fails at the earliest" says "fails when more than 3 measurements have failed, 3m after the start at the earliest" "$s" analyze -f examples/seed/analysis-templates.yaml
check "... and a query without data" says "a query without a sample is an error: 5 in a row end the run, 40s after the first" "$s" analyze -f examples/seed/analysis-templates.yaml
check "a comparison" says "compares the canary with the stable version" "$s" analyze -f examples/gates/compare.yaml
check "a comparison in an annotation, of a template" says "compares the canary with the stable version" "$s" analyze -f examples/gates/annotation.yaml
cat >"$dir/run.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata: {name: a, namespace: shop, ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Experiment, name: e, uid: u, controller: true}]}
spec: {metrics: []}
status: {phase: Error, message: "the AnalysisRun is invalid: no metrics"}
Y
check "a run that is invalid: its message" says "AnalysisRun shop/a of Experiment e: Error. the AnalysisRun is invalid: no metrics." "$s" analyze -f "$dir/run.yaml"
check "... and nothing about an update, which an Experiment may not have" fails says "aborts the update" "$s" analyze -f "$dir/run.yaml"
sed -i 's/metrics: \[\]/metrics: [{name: m, successCondition: "len(result) > 0 \&\& all(result, # < 0.05)", provider: {prometheus: {query: q}}}]/; s/message: .*/metricResults: [{name: m, phase: Failed, count: 1, failed: 1, dryRun: true, measurements: [{phase: Failed, value: "[0.2,0.01]", metadata: {course: secret-course, evidence: "1"}}]}]}/' "$dir/run.yaml"
check "a list is measured by the element that decides" says "0.15 above 0.05 (4 times)" "$s" analyze -f "$dir/run.yaml"
check "... of a metric that is a dry run by its result" says "m: Failed (dry run: " "$s" analyze -f "$dir/run.yaml"
check "numbers of a plot are left out" fails says secret-course "$s" analyze -f "$dir/run.yaml"
check "files without a run are an error" says "the files have no AnalysisRun" "$s" analyze -f examples/seed/network.yaml
run | sed 's/result\[0\] </result[0] <</' >"$dir/bad.yaml"
check "a condition that cannot be read is an error" fails "$s" analyze -f "$dir/bad.yaml"
check "no name is an error" says "usage: sluice analyze NAME" "$s" analyze
