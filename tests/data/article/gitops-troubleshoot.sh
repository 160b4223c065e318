#!/bin/bash
# The article's scripts/gitops-troubleshoot.sh, with sluice for argocd and flux. Corrected: `logs` does not follow, which
# would end no report; metrics are those of $METRICS; the ServiceAccount that applies is the controller's; names are
# resolved by getent, which is everywhere; the Pod runs one command. `sluice doctor` has the same sections.
metrics=${METRICS:-http://argo-rollouts-metrics.argo-rollouts.svc.cluster.local:8090/metrics}
controller=system:serviceaccount:argo-rollouts:sluice

check_argocd_health() {
	echo "=== ArgoCD Health Check ==="
	kubectl get pods -n argo-rollouts
	sluice app list
	sluice app get "${1:-myapp-production}" --show-params
	kubectl get events -n argocd --sort-by=.firstTimestamp
}

check_flux_health() {
	echo "=== Flux Health Check ==="
	sluice get all
	sluice get kustomizations
	sluice get sources git
	sluice logs --tail 50
}

debug_sync_issues() {
	local app_name=${1:-myapp-production}
	echo "=== Debugging Sync Issues for $app_name ==="
	sluice app get "$app_name" --refresh
	sluice app diff "$app_name"
	read -p "Force sync? (y/N): " -n 1 -r
	echo
	if [[ $REPLY =~ ^[Yy]$ ]]; then
		sluice app sync "$app_name" --force
	fi
}

check_rbac_permissions() {
	echo "=== RBAC Permission Check ==="
	kubectl auth can-i get applications.argoproj.io --as=$controller
	kubectl auth can-i create deployments --as=$controller
	kubectl auth can-i get kustomizations.kustomize.toolkit.fluxcd.io --as=$controller
	kubectl auth can-i patch deployments --as=$controller
}

analyze_git_issues() {
	local repo_url=${1:-https://github.com/company/myapp-config}
	echo "=== Git Access Analysis ==="
	kubectl get secrets -n argocd | grep git
	kubectl get secrets -n flux-system | grep git
	echo "Testing Git repository access: $repo_url"
	git ls-remote "$repo_url" | head -5
}

performance_analysis() {
	echo "=== GitOps Performance Analysis ==="
	curl -s "$metrics" | grep argocd_app_sync_total
	curl -s "$metrics" | grep gotk_reconcile_duration
	kubectl top pods -n argo-rollouts
}

network_connectivity_check() {
	echo "=== Network Connectivity Check ==="
	getent hosts github.com
	getent hosts api.github.com
	kubectl run test-pod --image=curlimages/curl:latest --restart=Never -- curl -I https://github.com
}

generate_report() {
	local output_file
	output_file=gitops-health-report-$(date +%Y%m%d-%H%M%S).txt
	echo "Generating GitOps health report: $output_file"
	{
		echo "GitOps Health Report - $(date)"
		echo "=================================="
		echo
		check_argocd_health "$1"
		echo
		check_flux_health
		echo
		check_rbac_permissions
		echo
		performance_analysis
	} >"$output_file"
	echo "Report saved to: $output_file"
}

case "${1:-}" in
argocd) check_argocd_health "$2" ;;
flux) check_flux_health ;;
debug) debug_sync_issues "$2" ;;
rbac) check_rbac_permissions ;;
git) analyze_git_issues "$2" ;;
perf) performance_analysis ;;
network) network_connectivity_check ;;
report) generate_report "$2" ;;
*)
	echo "Usage: $0 {argocd|flux|debug|rbac|git|perf|network|report} [app-name|repo-url]"
	exit 1
	;;
esac
