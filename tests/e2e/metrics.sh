#!/bin/bash
# What the controller tells Prometheus and its probes.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
metrics=$((20000 + RANDOM % 10000)) health=$((30000 + RANDOM % 10000))
"$SLUICE" controller --listen-address 127.0.0.1 --metricsPort $metrics --healthzPort $health --qps 40 --rollout-threads=10 --enable-pprof-address=x >"$dir/controller.log" 2>&1 &
controller=$!
get() { curl -sf "http://127.0.0.1:$1"; }
has() { get $metrics/metrics | grep -qF "$1"; }
check "it is ready" within 10 get $health/readyz
check "a flag of the other controller is taken" grep -q "flag has no effect here" "$dir/controller.log"
check "it is alive" says ok get $health/healthz
check "another cannot have the port" says "cannot listen on 127.0.0.1 port $metrics" \
	"$SLUICE" controller --listen-address 127.0.0.1 --metricsPort $metrics
check "controllers that there are not" says '"nothing" is not one of rollouts, analysis, gitops, flux' "$SLUICE" controller --controllers nothing
check "a port is a number" says '"many" is not a port' "$SLUICE" controller --metricsPort many
kubectl create -f tests/simulation/bluegreen.yaml >/dev/null
rollout='name="bluegreen",namespace="default"'
check "a rollout and its phase" within 20 has "rollout_info{$rollout,phase=\"Healthy\",strategy=\"blueGreen\",traffic_router=\"\"} 1"
check "... as it was called before" has "rollout_phase{$rollout,phase=\"Completed\",strategy=\"blueGreen\"} 1"
check "... and is not" has "rollout_phase{$rollout,phase=\"Abort\",strategy=\"blueGreen\"} 0"
check "its pods" has "rollout_info_replicas_available{$rollout} 4"
check "its events" has "rollout_events_total{$rollout,reason=\"RolloutCompleted\",type=\"Normal\"} 1"
check "its passes" has "rollout_reconcile_bucket{$rollout,le=\"+Inf\"}"
check "a template's metrics" has 'analysis_template_metric_info{name="error-rate",namespace="default",metric="error-rate",type="Prometheus"} 1'
check "requests" has 'controller_clientset_k8s_request_total{kind="replicasets",status_code="201",verb="Create"} 1'
check "who leads" has 'leader_election_master_status{name="argo-rollouts-controller-lock"} 1'
check "promtool finds nothing wrong with them" sh -c "curl -s http://127.0.0.1:$metrics/metrics | promtool check metrics | grep -v 'no help text' | (! grep .)"
check "how long the first one took, by how it ended" has 'rollout_duration_seconds_bucket{status="Promoted",le="60"} 1'
"$SLUICE" set image bluegreen app=app:does-not-exist >/dev/null
sleep 2
"$SLUICE" abort bluegreen >/dev/null
check "how long an aborted one took" within 10 has 'rollout_duration_seconds_bucket{status="Aborted",le="60"} 1'
check "... without its pauses" has 'rollout_progression_duration_seconds_count{status="Aborted"} 1'
check "... and in them" has 'rollout_manual_pause_duration_seconds_sum{status="Aborted"} 0'
kubectl delete rollout bluegreen >/dev/null
check "what is gone is told for a while" has "rollout_info{$rollout"
kill $controller
wait $controller
