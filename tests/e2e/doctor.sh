#!/bin/bash
# sluice doctor and check: what is wrong with an installation, as an administrator and as a user with few permissions.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
doctor() { "$SLUICE" doctor "$@"; }
finds() { doctor "${@:2}" 2>&1 | grep -qE "$1" || { echo "want: $1"; doctor "${@:2}"; return 1; }; }
check "a cluster without a controller is a problem" finds '^problem +controllers +no Deployment has the label'
check "which the exit code reports" fails doctor check
check "what is needed before is there" "$SLUICE" check --pre
check "a section that does not exist is an error with those that do" says 'there is no section "x"; there are: pre, check, rollouts, argocd' doctor x

kubectl create namespace argo-rollouts >/dev/null
kubectl create namespace argocd >/dev/null
kubectl apply -f deploy/rbac.yaml >/dev/null
sed 's/^  name: sluice$/&\n  namespace: argo-rollouts/' deploy/controller/rbac.yaml | kubectl apply -n argo-rollouts -f - >/dev/null
kubectl apply -n argo-rollouts -f deploy/controller/deployment.yaml >/dev/null
lease() { # TIME
	kubectl apply -n argo-rollouts -f - >/dev/null <<Y
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: argo-rollouts-controller-lock}
spec: {holderIdentity: sluice-0, leaseDurationSeconds: 3600, renewTime: "$1"}
Y
}
lease "$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)"
check "an installation as deploy/ makes it" within 30 finds '^ok +controllers +Deployment argo-rollouts/sluice: 2 of 2 replicas are ready; rollouts, image sluice:latest'
check "has a leader" finds '^ok +lease +the leader is sluice-0' check
check "and its permissions" finds '^ok +controllers +the controller has the permissions of deploy/' rbac
check "has no problem" doctor
check "also for check" "$SLUICE" check
lease 2020-01-01T00:00:00.000000Z
check "a Lease that is not renewed is one" finds '^problem +lease +Lease argo-rollouts/argo-rollouts-controller-lock was renewed .* no controller is the leader' check
lease "$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)"
kubectl delete clusterrolebinding sluice >/dev/null
check "so are permissions that are missing" finds '^problem +controllers +system:serviceaccount:argo-rollouts:sluice may not get, list, watch, patch rollouts.argoproj.io, which role sluice of deploy/ permits' rbac
check "each says what to do" finds '^ +-> kubectl apply --server-side -k deploy/$' rbac
kubectl apply -f deploy/rbac.yaml >/dev/null

repository
echo text >"$repo/file"
first=$(commit first)
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", path: .}
  destination: {name: staging, namespace: shop}
status:
  sync: {status: OutOfSync, revision: $first}
  health: {status: Degraded, message: "bad \e[31mred"}
  operationState: {phase: Failed, message: "refused\nok       applications   all is well"}
  resources: [{kind: Deployment, name: web, namespace: shop, status: OutOfSync, health: {status: Degraded}}]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: errors, namespace: argocd}
spec: {metrics: [{name: errors, provider: {prometheus: {address: "http://127.0.0.1:1", query: x}}}]}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: argocd}
spec: {url: "https://name.invalid/repo", interval: 1h, suspend: true}
Y
check "an Application that fails" finds '^problem +applications +argocd/web: the last sync failed: refused' argocd
check "text of others adds no line" fails finds '^ok +applications' argocd
check "and no command for the terminal" finds 'bad \\u001b\[31mred' argocd
check "a cluster that no Secret has" finds '^problem +clusters +argocd/web: there is no cluster staging' argocd web
check "one that does not exist" finds '^problem +applications +there is no Application "none"' argocd none
check "why one does not sync" finds '^problem +objects +Deployment shop/web: OutOfSync, Degraded' debug web
check "with the next commands" finds '^ +-> sluice app get web -n argocd --refresh; sluice app diff web -n argocd' debug web
check "needs its name" says "usage: sluice doctor debug APP" doctor debug
check "a Prometheus that does not respond" finds '^problem +prometheus +Prometheus http://127.0.0.1:1 does not respond' rollouts
check "a suspended source" finds '^note +sources +GitRepository argocd/repo is suspended' flux
check "a repository that responds" finds "^ok +repositories +file://$repo responds: $first" git
check "a file of this machine is not read in the run of all sections" finds "^unknown +repositories +file://$repo was not requested: it is a file or an address of this machine"
check "nor is an address of it" finds '^unknown +prometheus +Prometheus http://127.0.0.1:1 was not requested'
check "what is requested there is without credentials" finds '^note +repositories +https://name.invalid/repo cannot be read without credentials'
check "one that does not" finds '^problem +repositories +file:///nothing cannot be read' git file:///nothing
check "one whose URL is a command" finds '^problem +repositories +ext::sh cannot be read' git ext::sh
check "metrics that are not served" finds '^note +usage +the API server does not serve metrics.k8s.io' perf
check "several sections at once" sh -c "'$SLUICE' doctor flux perf | grep -c === | grep -qx 2"

doctor --report "$dir/report.txt" argocd >/dev/null
check "a report has the findings" grep -q "^problem  applications   argocd/web is Degraded" "$dir/report.txt"
check "and a date" grep -q "^Health report of http://127.0.0.1:[0-9]*, 20" "$dir/report.txt"
check "and no command for the terminal" fails grep -q "$(printf '\033')" "$dir/report.txt"
(cd "$dir" && doctor report >/dev/null)
check "the section report writes a file of all sections" sh -c "grep -c '^===' $dir/gitops-health-report-*.txt | grep -qx 9"

# Who may read nothing gets no result, and no wrong one.
kubectl create serviceaccount guest >/dev/null
kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: {name: guest, annotations: {kubernetes.io/service-account.name: guest}}
Y
token() { kubectl get secret guest -o 'jsonpath={.data.token}' | base64 -d; }
within 10 sh -c "kubectl get secret guest -o 'jsonpath={.data.token}' | grep -q ."
sed "s/user: {}/user: {token: $(token)}/" "$KUBECONFIG" >"$dir/guest"
check "a list that is not permitted is unknown" says 'unknown  applications   applications.argoproj.io cannot be listed: applications.argoproj.io is forbidden' doctor argocd --kubeconfig "$dir/guest"
check "which is no problem" doctor argocd --kubeconfig "$dir/guest"
check "but is counted" says "not checked: " doctor argocd --kubeconfig "$dir/guest"
check "permissions to install are missing" says "you may not create customresourcedefinitions" "$SLUICE" check --pre --kubeconfig "$dir/guest"
check "an API server that does not respond is an error" says "Check that the API server runs" doctor --server http://127.0.0.1:1
