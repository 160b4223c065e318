#!/bin/bash
# Metrics and probes of the controller.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
metrics=$(free_port) health=$(free_port)
"$SLUICE" controller --listen-address 127.0.0.1 --metricsPort $metrics --healthzPort $health --qps 40 --rollout-threads=10 --enable-pprof-address=x >"$dir/controller.log" 2>&1 &
controller=$!
get() { curl -sf "http://127.0.0.1:$1"; }
has() { get $metrics/metrics | grep -qF "$1"; }
check "it is ready" within 10 get $health/readyz
check "a flag of Argo Rollouts is accepted" grep -q "flag has no effect in Sluice" "$dir/controller.log"
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
check "an update is in progress" within 10 says Progressing kubectl get rollout bluegreen -o 'jsonpath={.status.phase}'
"$SLUICE" abort bluegreen >/dev/null
check "how long an aborted one took" within 10 has 'rollout_duration_seconds_bucket{status="Aborted",le="60"} 1'
check "... without its pauses" has 'rollout_progression_duration_seconds_count{status="Aborted"} 1'
check "... and in them" has 'rollout_manual_pause_duration_seconds_sum{status="Aborted"} 0'
kubectl delete rollout bluegreen >/dev/null
check "a deleted Rollout keeps its metrics for a while" has "rollout_info{$rollout"
kill $controller
wait $controller

repository
mkdir -p "$repo/web"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\n' >"$repo/web/map.yaml"
commit first >/dev/null
"$SLUICE" controller --controllers gitops,flux --leader-elect=false --listen-address 127.0.0.1 --metricsPort $metrics --healthzPort $health \
	--gitops-cache "$dir/cache" --gitops-file-urls >>"$dir/controller.log" 2>&1 &
controller=$!
kubectl create namespace argocd >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", path: web}
  destination: {server: https://kubernetes.default.svc, namespace: default}
  syncPolicy: {automated: {}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: nothing, namespace: default}
spec: {url: "file:///nowhere", interval: 1m}
Y
app='namespace="argocd",name="web",project="default"'
check "an application" within 20 has "argocd_app_info{$app,autosync_enabled=\"true\",repo=\"file://$repo\",dest_server=\"https://kubernetes.default.svc\",dest_namespace=\"default\",sync_status=\"Synced\",health_status=\"Healthy\",operation=\"\"} 1"
check "its syncs" has "argocd_app_sync_total{$app,dest_server=\"https://kubernetes.default.svc\",phase=\"Succeeded\",dry_run=\"false\",sync_status=\"Synced\"} 1"
check "the comparisons of an Application are measured" has 'argocd_app_reconcile_bucket{namespace="argocd",dest_server="https://kubernetes.default.svc",le="16"}'
check "as it was called before" has "argocd_app_health_status{$app,health_status=\"Healthy\"} 1"
flux='kind="GitRepository",name="nothing",namespace="default"'
check "one of Flux's objects" within 20 has "gotk_reconcile_condition{$flux,type=\"Ready\",status=\"False\"} 1"
check "the reconciliations of a Flux object are measured" has "gotk_reconcile_duration_seconds_count{$flux}"
check "promtool finds nothing wrong with these" sh -c "curl -s http://127.0.0.1:$metrics/metrics | promtool check metrics | grep -v 'no help text' | (! grep .)"
sed -n '/^  groups:/,$s/^  //p' deploy/gitops/monitoring/rules.yaml >"$dir/rules.yaml"
check "nor with the rules about them" promtool check rules "$dir/rules.yaml"
cat >"$dir/rules-test.yaml" <<'Y'
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series:
  - {series: 'argocd_app_sync_total{namespace="argocd",name="new",phase="Failed",dry_run="false",sync_status="OutOfSync"}', values: '_x20 1x80'}
  - {series: 'argocd_app_sync_total{namespace="argocd",name="again",phase="Error",dry_run="false",sync_status="OutOfSync"}', values: '1x20 2x80'}
  - {series: 'argocd_app_sync_total{namespace="argocd",name="before",phase="Failed",dry_run="false",sync_status="OutOfSync"}', values: '3x100'}
  - {series: 'argocd_app_sync_total{namespace="argocd",name="trial",phase="Failed",dry_run="true",sync_status="OutOfSync"}', values: '_x20 1x80'}
  promql_expr_test:
  - expr: 'ALERTS{alertname="ApplicationSyncFails"}'
    eval_time: 24m
    exp_samples:
    - {labels: 'ALERTS{alertname="ApplicationSyncFails",alertstate="firing",namespace="argocd",name="new",severity="warning"}', value: 1}
    - {labels: 'ALERTS{alertname="ApplicationSyncFails",alertstate="firing",namespace="argocd",name="again",severity="warning"}', value: 1}
  - {expr: 'ALERTS{alertname="ApplicationSyncFails"}', eval_time: 60m, exp_samples: []}
Y
check "which report the first failure of a sync, and later ones" promtool test rules "$dir/rules-test.yaml"
kill $controller
wait $controller
