#!/bin/bash
# Jobs of metrics in another cluster: made there, waited for there, read there.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
mkdir "$dir/other"
"$SLUICE" dev --dir "$dir/other" --without controller,mesh,prometheus,app,load >"$dir/other.log" 2>&1 &
other=$!
check "a second cluster" within 20 grep -q Ctrl-C "$dir/other.log"
there() { kubectl --kubeconfig "$dir/other/kubeconfig" "$@"; }
there create namespace jobs >/dev/null
check "a kubeconfig that is not there" says "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG: " \
	env ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG=/not/there "$SLUICE" controller --metricsPort 0 --healthzPort 0
start() { # VARIABLE=VALUE...
	env "$@" "$SLUICE" controller --leader-elect=false --metricsPort 0 --healthzPort 0 >>"$dir/controller.log" 2>&1 &
	controller=$!
}
run() { # NAME COMMAND
	kubectl create -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata: {name: $1}
spec:
  metrics:
  - name: smoke
    provider: {job: {spec: {backoffLimit: 0, ttlSecondsAfterFinished: 600, template: {spec: {restartPolicy: Never, containers: [{name: check, image: check, command: [sh, -c, "$2"]}]}}}}}
Y
}
phase() { kubectl get analysisrun "$1" -o 'jsonpath={.status.phase} {.status.metricResults[0].measurements[0].message}'; }
start ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG="$dir/other/kubeconfig" ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE=jobs
run good "sleep 1"
check "a Job that succeeds there" within 20 says "Successful" phase good
check "it is there" says "smoke" there get jobs -n jobs -o yaml
check "a Job in another cluster has no owner reference" fails says "ownerReferences" there get jobs -n jobs -o yaml
check "and the status says where" says "jobs" kubectl get analysisrun good -o 'jsonpath={.status.metricResults[0].measurements[0].metadata.job-namespace}'
check "not here" says "No resources found" kubectl get jobs -A
run bad "sleep 1; exit 3"
check "one that fails, and why" within 20 says "exit code 3" phase bad
kill $controller && wait $controller
start ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE=default
kubectl create namespace runs >/dev/null
kubectl config set-context --current --namespace runs >/dev/null 2>&1 || sed -i 's/namespace: .*/namespace: runs/' "$KUBECONFIG"
run near "sleep 1"
check "in another namespace of this cluster" within 20 says "Successful" phase near
check "it is there too" says "smoke" kubectl get jobs -n default -o yaml
kill $controller && wait $controller
"$SLUICE" controller --leader-elect=false --metricsPort 0 --healthzPort 0 --job-namespaces 'ci-*' >>"$dir/controller.log" 2>&1 &
controller=$!
run refused "sleep 1"
check "no Job in a namespace that --job-namespaces does not name" within 20 says "--job-namespaces does not name it" phase refused
check "and none was made" fails says "refused" kubectl get jobs -A
kill $controller && wait $controller
kill $other && wait $other
