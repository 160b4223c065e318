#!/bin/bash
# Repositories that mean harm: each is refused with a clear error, and nothing else happens.
. "$(dirname "$0")/../lib.sh"
repository
secret=$dir/outside.yaml
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: outside}\n' >"$secret"
mkdir "$repo"/{link,kustomize,aliases,blob,deep,names,many,module}
ln -s "$secret" "$repo/link/out.yaml"
printf 'resources: [../../outside.yaml]\n' >"$repo/kustomize/kustomization.yaml"
{
	echo 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
	for i in 1 2 3 4 5 6 7 8 9; do echo "a$i: &a$i [*a$((i - 1)), *a$((i - 1)), *a$((i - 1)), *a$((i - 1)), *a$((i - 1)), *a$((i - 1)), *a$((i - 1)), *a$((i - 1))]"; done
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n'
} >"$repo/aliases/bomb.yaml"
truncate -s 1G "$repo/blob/big.yaml"
{ printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\ndata: '; printf '[%.0s' $(seq 2000); printf ']%.0s' $(seq 2000); } >"$repo/deep/deep.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "../../secrets/x"}\n' >"$repo/names/name.yaml"
printf 'resources: [../many]\n' >"$repo/many/kustomization.yaml"
git -C "$repo" -c core.bigFileThreshold=1m add -A
commit hostile >/dev/null

dev --without controller,mesh,prometheus,app,load
gitops gitops
kubectl create namespace argocd >/dev/null
for path in link kustomize aliases blob deep names many; do
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $path, namespace: argocd}
spec:
  source: {repoURL: "file://$repo", path: $path}
  destination: {server: https://kubernetes.default.svc, namespace: default}
  syncPolicy: {automated: {}}
Y
done
conditions() { kubectl get application "$1" -n argocd -o 'jsonpath={.status.conditions[*].message}'; }
check "a link out of the repository" within 60 says "link/out.yaml" conditions link
check "is not followed" says "leads out of the repository" conditions link
check "a resource outside of it" within 60 says "leads out of the repository" conditions kustomize
check "aliases that explode" within 60 says "more than 200000 values" conditions aliases
check "a file of a gigabyte" within 60 says "blob/big.yaml" conditions blob
check "is too long" says "at most 16777216 are read" conditions blob
check "lists that are too deep" within 60 says "nested deeper than" conditions deep
check "a name that is a path" within 60 says 'metadata.name: "../../secrets/x" cannot be the name of an object' conditions names
check "a kustomization of itself" within 60 says "many" conditions many
check "nothing of it is there" says "" sh -c 'test -z "$(kubectl get configmaps -n default -o name)"'
check "nor a Secret" sh -c 'test -z "$(kubectl get secrets -n default -o name)"'
check "the controller goes on" kill -0 $controller
kill $controller && wait $controller
