#!/bin/bash
# Ten thousand objects of a repository, rendered and compared within 96 MiB; and one that would need more than there is. Without the sanitizers, whose
# memory would count too.
. "$(dirname "$0")/../lib.sh"
SLUICE=$PWD/sluice
dev --without controller,mesh,prometheus,app,load
repository
mkdir "$repo/plain" "$repo/overlay" "$repo/bomb"
awk -v dir="$repo/plain" 'BEGIN {
	for (i = 0; i < 10000; i++) {
		file = sprintf("%s/%02d.yaml", dir, i / 200)
		printf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata: {text: \"%0200d\"}\n", i, i) >file
	}
}'
{
	echo "resources:"
	(cd "$repo" && printf -- '- ../%s\n' plain/*.yaml)
	printf 'namePrefix: shop-\ncommonAnnotations: {team: shop}\n'
} >"$repo/overlay/kustomization.yaml"
{
	grep -v commonAnnotations "$repo/overlay/kustomization.yaml"
	printf 'commonAnnotations:\n  bomb: "%01000000d"\n' 1
} >"$repo/bomb/kustomization.yaml"
commit first >/dev/null
kubectl create namespace argocd >/dev/null
application() {
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: $1}
  destination: {server: https://kubernetes.default.svc, namespace: default}
Y
}
status() { kubectl get application "$1" -n argocd -o "jsonpath={.status$2}"; }
check "too little is no amount" says "at least 16Mi" "$SLUICE" controller --controllers gitops --gitops-worker-memory 1Mi
gitops gitops --gitops-worker-memory 96Mi
application plain
application overlay
check "a directory" within 60 says OutOfSync status plain .sync.status
check "a kustomization" within 60 says OutOfSync status overlay .sync.status
check "without an error" says "" test -z "$(status plain .conditions)$(status overlay .conditions)"
application bomb
check "one that needs more says so" within 60 says "it needs more memory than --gitops-worker-memory allows (96Mi)" status bomb ".conditions[?(@.type=='ComparisonError')].message"
check "and the controller goes on" kill -0 $controller
kill $controller && wait $controller
