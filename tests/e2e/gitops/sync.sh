#!/bin/bash
# Applications: a Git repository becomes what is in the cluster, and stays it.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web/more"
map() { # FILE NAME KEY VALUE
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n  %s: "%s"\n' "$2" "$3" "$4" >"$repo/$1"
}
map web/colors.yaml colors sky blue
map web/sizes.yaml sizes small 1
map web/more/hidden.yaml hidden a b
cat >"$repo/web/service.yaml" <<'Y'
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
  - port: 80
    targetPort: 8080
Y
echo "not: a manifest" >"$repo/web/values.yaml"
first=$(commit first)

start() {
	gitops gitops "$@"
}
stop() { kill $controller && wait $controller; }
status() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
application() { # SYNCPOLICY
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: $1
Y
}
kubectl create namespace argocd >/dev/null
start
application "{syncOptions: [CreateNamespace=true]}"
check "it is compared" within 20 says OutOfSync status sync.status
check "with the commit of the branch" says "$first" status sync.revision
check "what is not there is missing" says Missing status health.status
check "and nothing is made unasked" fails kubectl get configmap colors -n shop

kubectl patch application web -n argocd --type merge -p '{"operation":{"sync":{"revision":"main"},"initiatedBy":{"username":"me"}}}' >/dev/null
check "a sync that is requested" within 20 says Succeeded status operationState.phase
check "ends as Synced" within 20 says Synced status sync.status
check "and Healthy" within 20 says Healthy status health.status
check "what Git has is there" says blue kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "it says whose it is, as Argo CD does" test "$(kubectl get configmap colors -n shop -o 'jsonpath={.metadata.annotations.argocd\.argoproj\.io/tracking-id}')" = web:/ConfigMap:shop/colors
check "a directory below is not read" fails kubectl get configmap hidden -n shop
check "the request is gone" test -z "$(status operation)"
check "history has the commit" says "$first" status 'history[0].revision'
check "and who requested it" says me status 'history[0].initiatedBy.username'

kubectl patch configmap colors -n shop --type merge -p '{"data":{"sky":"red"}}' >/dev/null
refresh web
check "a drift is seen" within 20 says OutOfSync status sync.status
check "and which object it is" says OutOfSync kubectl get application web -n argocd -o 'jsonpath={.status.resources[?(@.name=="colors")].status}'

application "{automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}"
refresh web
check "self-heal sets it right" within 20 says blue kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "and it is Synced again" within 20 says Synced status sync.status

kubectl patch configmap colors -n shop --type merge -p '{"data":{"sky":"green"}}' >/dev/null
check "drift is found without a refresh, and healed" within 30 says blue kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'

map web/colors.yaml colors sky gray
rm "$repo/web/sizes.yaml"
second=$(commit second)
refresh web
check "a commit is followed" within 20 says gray kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "what Git dropped is pruned" within 20 fails kubectl get configmap sizes -n shop
check "by this commit" within 20 says "$second" status sync.revision
kubectl create configmap others -n shop --from-literal a=b >/dev/null

printf 'apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata:\n  name: broken\nspec:\n  metrics: none\n' >"$repo/web/broken.yaml"
map web/colors.yaml colors sky black
commit third >/dev/null
refresh web
check "a bad manifest fails the sync" within 20 says "broken.yaml" status operationState.message
check "and nothing else of its commit is applied" says gray kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "it is to be tried again" within 10 says "Retrying attempt #1" status operationState.message
rm "$repo/web/broken.yaml"
commit fourth >/dev/null
refresh web
check "until it is mended, and that is not waited for" within 10 says black kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'

stop
kubectl patch configmap colors -n shop --type merge -p '{"data":{"sky":"pink"}}' >/dev/null
start
check "another process goes on" within 20 says black kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "what is not ours stays" says b kubectl get configmap others -n shop -o 'jsonpath={.data.a}'

cat >"$repo/web/scales.yaml" <<'Y'
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: first}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: first}, maxReplicas: 2, targetCPUUtilizationPercentage: 50}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: second}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: second}, maxReplicas: 3}
Y
both=$(commit both)
refresh web
check "two versions of one kind in a commit are applied, each in its own" within 20 says 3 kubectl get hpa second -n shop -o 'jsonpath={.spec.maxReplicas}'
check "the other one too" within 20 says 2 kubectl get hpa first -n shop -o 'jsonpath={.spec.maxReplicas}'
check "and both are Synced" within 20 says Synced status sync.status
check "with that commit" within 20 says "$both" status sync.revision

kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: stranger, namespace: shop}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: elsewhere}
Y
check "an Application in another namespace is not reconciled" sh -c "sleep 3; test -z \"\$(kubectl get application stranger -n shop -o 'jsonpath={.status}')\""
stop
start --application-namespaces "other, sho*"
check "unless the namespace is named" within 20 says OutOfSync kubectl get application stranger -n shop -o 'jsonpath={.status.sync.status}'
kubectl delete application stranger -n shop >/dev/null
kubectl delete application web -n argocd --wait=false >/dev/null
check "with the application go its objects" within 20 fails kubectl get configmap colors -n shop
check "all of them" within 20 fails kubectl get service web -n shop
check "and then itself" within 20 fails kubectl get application web -n argocd
check "but nothing else" says b kubectl get configmap others -n shop -o 'jsonpath={.data.a}'
stop
