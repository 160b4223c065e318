#!/bin/bash
# Applications whose objects go to another cluster.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
mkdir "$dir/far"
"$SLUICE" dev --dir "$dir/far" --without controller,mesh,prometheus,app,load >"$dir/far.log" 2>&1 &
far=$!
within 20 grep -q Ctrl-C "$dir/far.log" || cat "$dir/far.log"
there() { kubectl --kubeconfig "$dir/far/kubeconfig" "$@"; }
server=$(sed -n 's#.*server: ##p' "$dir/far/kubeconfig")
repository
mkdir -p "$repo/web"
cat >"$repo/web/all.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: colors}
data: {sky: blue}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
Y
commit first >/dev/null
interval=5s gitops rollouts,gitops
status() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
secret() { # NAMESPACES
	kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: far, namespace: argocd, labels: {argocd.argoproj.io/secret-type: cluster}}
stringData:
  name: staging
  server: $server/
  config: '{"bearerToken": "whatever", "tlsClientConfig": {"insecure": false}}'
  $1
Y
}
kubectl create namespace argocd >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  source: {repoURL: "file://$repo", path: web}
  destination: {name: staging, namespace: shop}
  syncPolicy: {automated: {selfHeal: true, prune: true}, syncOptions: [CreateNamespace=true]}
Y
check "an Application of an unknown cluster has an error" within 20 says "there is no cluster with this name: staging" status 'conditions[*].message'
secret 'namespaces: "other"'
check "one of which another namespace is managed" within 20 says "namespace shop is not one that the Secret of cluster $server names" status 'operationState.message'
check "then nothing is applied" fails there get configmap colors -n shop
secret 'namespaces: ""'
sed -i 's/port: 80/port: 81/' "$repo/web/all.yaml"
commit second >/dev/null
check "the objects are there" within 30 says blue there get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "and not here" fails kubectl get configmap colors -n shop
check "as the last commit has them" within 30 says 81 there get service web -n shop -o 'jsonpath={.spec.ports[0].port}'
check "it is Synced" within 20 says Synced status sync.status
check "sluice app diff finds nothing" "$SLUICE" app diff web --gitops-file-urls --gitops-cache "$dir/mine"
there patch configmap colors -n shop --type merge -p '{"data":{"sky":"red"}}' >/dev/null
check "a drift there is healed" within 30 says blue there get configmap colors -n shop -o 'jsonpath={.data.sky}'
kubectl delete application web -n argocd --wait=false >/dev/null
check "with the application go its objects" within 20 fails there get configmap colors -n shop
check "and then itself" within 20 fails kubectl get application web -n argocd
kill $controller && wait $controller
kill $far && wait $far
