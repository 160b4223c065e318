#!/bin/bash
# The rows of docs/article.md. `row ID` begins the checks of a row; rows that name another test are in that test.
. "$(dirname "$0")/lib.sh"
data=tests/data/article
rows=
row() { rows="$rows $1 "; }
dev --without controller,mesh,prometheus,app,load
repository
cp -r $data/base $data/environments $data/applications $data/secrets $data/monitoring $data/dashboard "$repo"
mkdir "$repo/ordered" "$repo/rollout"
cat >"$repo/rollout/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: myapp}
spec:
  replicas: 1
  selector: {matchLabels: {app: canary}}
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}
  template:
    metadata: {labels: {app: canary}}
    spec: {containers: [{name: myapp, image: "myregistry/myapp:v1"}]}
Y
# The secrets of the article in waves, and an object that needs them.
cat >"$repo/ordered/kustomization.yaml" <<'Y'
resources: [../secrets/secrets.yaml, user.yaml]
patches:
- {target: {kind: SecretStore}, patch: '[{op: add, path: /metadata/annotations, value: {argocd.argoproj.io/sync-wave: "-2"}}]'}
- {target: {kind: ExternalSecret|SealedSecret}, patch: '[{op: add, path: /metadata/annotations, value: {argocd.argoproj.io/sync-wave: "-1"}}]'}
Y
mv "$repo/secrets/secrets.yaml" "$repo/ordered/secrets.yaml"
sed -i 's#\.\./secrets/##' "$repo/ordered/kustomization.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: user}\n' >"$repo/ordered/user.yaml"
commit first >/dev/null
for ns in argocd flux-system myapp-production monitoring shop; do kubectl create namespace $ns >/dev/null; done
# Alerts are read again when the last list is 10 s old: these are there before the first event.
slack=$(free_port)
perl -MIO::Socket -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my ($n, $body) = (0, "");
		while (<$c>) { $n = $1 if /^content-length: *(\d+)/i; last if /^\r?\n$/ }
		read $c, $body, $n;
		open my $f, ">>", $ARGV[1]; print $f "$body\n"; close $f;
		print $c "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
		close $c;
	}' "$slack" "$dir/slack" &
listener=$!
sed "s#ADDRESS#$(printf 'http://127.0.0.1:%s/hook' "$slack" | base64 -w0)#" $data/notifications.yaml | kubectl apply -f - >/dev/null
port=$(free_port)
interval=5s gitops rollouts,gitops,flux --listen-address 127.0.0.1 --metricsPort "$port"
application() { # NAME PATH NAMESPACE [SYNCPOLICY]
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: $2}
  destination: {server: https://kubernetes.default.svc, namespace: $3}
  syncPolicy: ${4-"{automated: {}}"}
Y
}
status() { kubectl get application "$1" -n argocd -o "jsonpath={.status.$2}"; }
health() { status "$1" "resources[?(@.kind==\"$2\")].health.$3"; }

row layout
check "the overlay of production is the base" says "kind: Deployment" "$SLUICE" kustomize $data/environments/production
row push
kubectl apply -n shop -f $data/base/deployment.yaml >/dev/null
kubectl set image -n shop deployment/myapp myapp=myregistry/myapp:v1.2.3 >/dev/null
check "the commands of the pipeline that pushes" says "successfully rolled out" kubectl rollout status -n shop deployment/myapp --timeout 120s
kubectl delete deployment myapp -n shop >/dev/null
row install
applies() { kubectl apply --server-side -k "$1"; }
deployed() { kubectl get deployment sluice -n argo-rollouts -o "jsonpath=$1"; }
check "the controller is installed" applies deploy
check "with GitOps" applies deploy/gitops
check "in its namespace" within 40 says 2 deployed '{.status.readyReplicas}'
check "for Applications" says '"--controllers=rollouts,gitops"' deployed '{.spec.template.spec.containers[0].args}'
check "there is no login" says 'unknown command "login"' "$SLUICE" login
row flux-install
check "a cluster is checked before the installation" says "you may create what deploy/ contains" "$SLUICE" check --pre
check "Flux's objects are installed" applies deploy/gitops/flux
check "... and the controller reconciles them" says '"--controllers=rollouts,gitops,flux"' deployed '{.spec.template.spec.containers[0].args}'
check "... with its permissions" says "the controller has the permissions of deploy/" "$SLUICE" doctor rbac
# The controller of this test is another one.
kubectl delete deployment sluice -n argo-rollouts >/dev/null
check "there is no bootstrap" says 'unknown command "bootstrap"' "$SLUICE" bootstrap github

row argocd-cm
kubectl apply -f $data/settings.yaml >/dev/null
application rollout rollout shop
check "the health of a Rollout is that of the script" within 40 says "Rollout is healthy" health rollout Rollout message
warning() { kubectl get application rollout -n argocd -o 'jsonpath={.status.conditions[?(@.type=="SettingsWarning")].message}'; }
check "the key without effect is named, and no other" [ "$(warning)" = "ConfigMap argocd-cm: application.instanceLabelKey has no effect: objects are tracked by an annotation. It counts if application.resourceTrackingMethod is label or annotation+label" ]
check "the dashboard needs the address that the provider returns to" says "ConfigMap argocd-cm in namespace argocd has no url" "$SLUICE" server
kubectl patch configmap argocd-cm -n argocd --type merge -p '{"data": {"url": "https://sluice.example"}}' >/dev/null
check "... and the Secret of oidc.config" says "oidc.config, clientID: Secret argocd-secret has no key oidc.google.clientId" "$SLUICE" server
kubectl create secret generic argocd-secret -n argocd --from-literal=oidc.google.clientId=id --from-literal=oidc.google.clientSecret=secret >/dev/null
"$SLUICE" server -p 0 --healthzPort 0 --listen-address 127.0.0.1 >"$dir/server.log" 2>&1 &
server=$!
check "with them the article's oidc.config is that of the dashboard" within 10 grep -q "the dashboard listens.*issuer=https://accounts.google.com" "$dir/server.log"
kill $server
wait $server 2>/dev/null
row argocd-rbac-cm
can() { says "$1" "$SLUICE" rbac can "${@:2}"; }
check "developers sync Applications for development" can "Yes: p, role:developer, applications, sync, */dev-*, allow (policy.csv, line 2)" company:developers sync applications default/dev-web
check "and no others" can "No: nothing allows it" company:developers sync applications default/web
check "operations may do all" can "Yes: p, role:ops" company:ops delete applications default/web
check "everybody may read" can "Yes: p, role:readonly" someone get applications default/web

row tenant
application tenant-a applications/tenants/tenant-a tenant-a "{automated: {}, syncOptions: [CreateNamespace=true]}"
tenant() { kubectl get deployment tenant-a-app -n tenant-a -o "jsonpath=$1"; }
check "a tenant's Deployment has the value of its ConfigMap" within 30 says "postgres://tenant-a-db:5432/app" tenant '{.spec.template.spec.containers[0].env[0].value}'
check "and its labels" says "tenant-a production" tenant '{.spec.selector.matchLabels.tenant} {.spec.selector.matchLabels.environment}'

row secrets
application ordered ordered myapp-production
check "without definitions the kind is named" within 30 says "knows no kind" status ordered operationState.message
kubectl apply -f $data/definitions.yaml >/dev/null
"$SLUICE" app sync ordered --async >/dev/null 2>&1
ready() { # KIND NAME STATUS TYPE REASON
	kubectl patch "$1" "$2" -n myapp-production --subresource status --type merge \
		-p "{\"status\":{\"observedGeneration\":1,\"conditions\":[{\"type\":\"$4\",\"status\":\"$3\",\"reason\":\"$5\",\"message\":\"$5 of $2\"}]}}" >/dev/null
}
exists() { kubectl get "$1" "$2" -n myapp-production; }
check "with them the first wave is applied" within 30 exists secretstore vault-secret-store
check "its health is that of its condition, which is not there" within 20 says Progressing health ordered SecretStore status
check "the next wave waits for it" fails exists externalsecret myapp-secrets
ready secretstore vault-secret-store True Ready Valid
check "until it is ready" within 30 exists externalsecret myapp-secrets
row sealed-secret
check "a SealedSecret is of the same wave" within 10 exists sealedsecret myapp-sealed
ready externalsecret myapp-secrets True Ready SecretSynced
check "an object that needs both waits for both" fails exists configmap user
ready sealedsecret myapp-sealed True Synced Unsealed
check "and is then applied" within 30 exists configmap user
check "the Application is healthy" within 20 says Healthy status ordered health.status
ready sealedsecret myapp-sealed False Synced "no key could decrypt secret"
check "a SealedSecret that cannot be opened is Degraded" within 30 says "no key could decrypt secret" health ordered SealedSecret message
ready sealedsecret myapp-sealed True Synced Unsealed
ready externalsecret myapp-secrets False Ready SecretSyncedError
check "an ExternalSecret that cannot be read is too" within 30 says "SecretSyncedError of myapp-secrets" health ordered ExternalSecret message
check "so is the Application" within 10 says Degraded status ordered health.status

row helm
sed "s#CHARTS#http://127.0.0.1:1#" $data/helm.yaml | kubectl apply -f - >/dev/null
release() { kubectl get helmrelease redis -n myapp-production -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}'; }
repository_says() { kubectl get helmrepository bitnami -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}'; }
check "without the program of Helm the HelmRepository names the flag" within 30 says "--gitops-helm" repository_says
check "and the HelmRelease names what it depends on" within 30 says "dependency 'cert-manager/cert-manager' not found" release
check "the list of HelmReleases has it" says redis "$SLUICE" get helmreleases -A
kubectl delete -f $data/helm.yaml --wait=false >/dev/null

row notifications
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1beta2
kind: GitRepository
metadata: {name: myapp-config, namespace: flux-system}
spec: {interval: 5m, url: "file://$repo", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1beta2
kind: Kustomization
metadata: {name: myapp-production, namespace: flux-system}
spec: {interval: 10m, prune: true, path: ./rollout, targetNamespace: myapp-production, sourceRef: {kind: GitRepository, name: myapp-config}}
Y
sent() { cat "$dir/slack"; }
check "Slack has what was applied" within 30 says "Applied revision: main@sha1:" sent
check "in the channel" says '"channel":"#deployments"' sent
check "with the summary as it is written" says "Commit: {{ .Revision }}" sent
sed -i 's/kind: Rollout/kind: [/' "$repo/rollout/rollout.yaml"
commit bad >/dev/null
"$SLUICE" reconcile kustomization myapp-production --with-source >/dev/null 2>&1
check "and what failed" within 30 says "rollout/rollout.yaml: line 4" sent
kill $listener

row monitoring
application monitoring monitoring argocd
check "ServiceMonitor and PrometheusRule are applied" within 30 says "Synced Healthy" kubectl get application monitoring -n argocd -o 'jsonpath={.status.sync.status} {.status.health.status}'
row dashboard
application dashboard dashboard monitoring
check "the dashboard is applied with its label" within 30 says 1 kubectl get configmap gitops-dashboard -n monitoring -o 'jsonpath={.metadata.labels.grafana_dashboard}'
check "it is JSON" says "GitOps Overview" sh -c "kubectl get configmap gitops-dashboard -n monitoring -o 'jsonpath={.data.gitops-dashboard\.json}' | jq -r .title"

# Prometheus evaluates the expressions of alerts and panels with the metrics. Since its last sync, `late` differs from Git.
application late applications/tenants/tenant-a late "{syncOptions: [CreateNamespace=true]}"
"$SLUICE" app sync late --timeout 120 >/dev/null 2>&1
sed -i 's/max_users: .*/max_users: "2000"/' "$repo/applications/tenants/tenant-a/tenant-config.yaml"
users=$(commit users)
refresh late
check "an Application is out of sync" within 30 says OutOfSync status late sync.status
# The automated sync of the commit has ended before a sync by hand begins, which would be refused until then.
refresh tenant-a
"$SLUICE" app wait tenant-a --revision "$users" --timeout 60 >/dev/null 2>&1
expressions() { # of the article, one a line
	sed -n 's/^ *expr: //p' $data/monitoring/monitoring.yaml
	sed -n 's/^    //p' $data/dashboard/dashboard.yaml | jq -r '.panels[].targets[].expr'
}
find_all() { # each expression finds a series in the metrics of the controller, which do not change for two hours
	curl -sf "http://127.0.0.1:$port/metrics" >"$dir/metrics" || return 1
	{
		printf 'evaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n'
		sed -nE "s/'/''/g; s/^((argocd_app|gotk_)[a-z_]*\{.*\}) ([0-9.e+-]+)\$/  - {series: '\1', values: '\3x120'}/p" "$dir/metrics"
		printf '  promql_expr_test:\n'
		expressions | while read -r e; do
			printf "  - {expr: 'count(%s) > bool 0', eval_time: 90m, exp_samples: [{labels: '{}', value: 1}]}\n" "$e"
		done
	} >"$dir/promtool.yaml"
	promtool test rules "$dir/promtool.yaml"
}
row metrics
check "promtool has all expressions" says 7 grep -c 'expr:' <(expressions | sed 's/^/expr:/')
check "each alert and panel finds its metrics" within 30 find_all

row troubleshoot
app=tenant-a
for command in "app list" "app get $app --show-params" "events -n argocd" "get all" "get kustomizations" "get sources git" "app get $app --refresh" \
	"app sync $app --force --timeout 60" "doctor debug $app"; do
	check "sluice $command" "$SLUICE" $command
done
# The script as a whole.
mkdir "$dir/bin" "$dir/out"
ln -s "$SLUICE" "$dir/bin/sluice"
script() { (cd "$dir/out" && PATH=$dir/bin:$PATH METRICS=http://127.0.0.1:$port/metrics "$OLDPWD/$data/gitops-troubleshoot.sh" "$@"); }
check "the script has the parameters and events of an Application" says "Initiated automated sync" script argocd $app
check "... Flux's objects" says "kustomization/myapp-production" script flux
forced() { echo "$1" | script debug $app; }
check "... what differs, and a sync by force" says "deployments/tenant-a-app configured" forced y
check "... and none without a yes" fails says "configured" forced n
check "... the permissions of the controller" says "yes
yes
yes
yes" script rbac
check "... the commits of a repository" says refs/heads/main script git "file://$repo"
check "... metrics of Applications" says argocd_app_sync_total script perf
check "... and of Flux" says gotk_reconcile_duration script perf
check "... a Pod that uses the network" says "pod/test-pod created" script network
check "... and a report" says "Report saved to: gitops-health-report-" script report $app
check "... which has all of it" sh -c "grep -c '^===' $dir/out/gitops-health-report-*.txt | grep -qx 5"
check "the sections of the script are those of doctor" says "there are: pre, check, rollouts, argocd" "$SLUICE" doctor x
check "the metrics that the script reads" sh -c "curl -s 'http://127.0.0.1:$port/metrics' | grep -q ^argocd_app_sync_total && curl -s 'http://127.0.0.1:$port/metrics' | grep -q ^gotk_reconcile_duration"

# Each row of the document has a test, and each row that is tested is in the document.
sed -n 's/^| `\([a-z-]*\)` |.*| \([^|]*\) |$/\1 \2/p' docs/article.md >"$dir/rows"
while read -r id test; do
	case $test in
	*article.sh*) check "row $id is tested here" says " $id " echo "$rows" ;;
	*) check "row $id is tested in another test" test -x "$(sed -n 's/.*(\.\.\/\(.*\)).*/\1/p' <<<"$test")" ;;
	esac
done <"$dir/rows"
for id in $rows; do check "row $id is in the document" grep -q "^$id " "$dir/rows"; done
kill $controller && wait $controller
