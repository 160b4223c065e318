#!/bin/bash
# Metrics of an HTTP service: of this machine only if a flag of the controller allows it.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
health=$(free_port)
start() { # FLAGS...
	"$SLUICE" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort 0 --healthzPort $health "$@" >"$dir/controller.log" 2>&1 &
	controller=$!
}
run() { # NAME
	kubectl create -f - <<END
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata: {name: $1}
spec:
  metrics:
  - name: health
    successCondition: result == "ok"
    consecutiveErrorLimit: 0
    provider: {web: {url: "http://127.0.0.1:$health/healthz"}}
END
}
phase() { kubectl get analysisrun "$1" -o "jsonpath={.status.phase} {.status.message} {.status.metricResults[*].measurements[*].message}"; }
is() { phase "$1" | grep -q "$2"; }
start
run refused >/dev/null
check "this machine gets no request" within 20 is refused "^Error"
check "and why" says "leads to this machine, its link or the API server" phase refused
kill $controller
wait $controller
start --allow-local-web-metrics
run allowed >/dev/null
check "unless that is allowed" within 20 is allowed "^Successful"
kill $controller
wait $controller
