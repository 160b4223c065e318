#!/bin/bash
# sluice cluster add, list and remove: two clusters that Applications deploy to by name, and what is left of them.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
declare -A others
other() { # NAME
	"$SLUICE" dev --tls --dir "$dir/$1" --without controller,mesh,prometheus,app,load >"$dir/$1.log" 2>&1 &
	others[$1]=$!
	within 20 grep -q Ctrl-C "$dir/$1.log" || cat "$dir/$1.log"
}
mkdir "$dir/staging" "$dir/production"
other staging
other production
# One kubeconfig with a context for each, as users have it.
field() { sed -n "s/.* $2: //p" "$dir/$1/kubeconfig"; }
cat >"$dir/all" <<Y
apiVersion: v1
kind: Config
current-context: home
clusters:
- {name: home, cluster: {server: "$(sed -n 's/.*server: //p' "$KUBECONFIG")"}}
- {name: s, cluster: {server: "$(field staging server)/", certificate-authority-data: $(field staging certificate-authority-data)}}
- {name: p, cluster: {server: "$(field production server)", certificate-authority: production/ca.crt}}
- {name: nowhere, cluster: {server: "https://127.0.0.1:1"}}
users: [{name: u, user: {token: sluice}}]
contexts:
- {name: home, context: {cluster: home, user: u}}
- {name: my-staging-cluster, context: {cluster: s, user: u}}
- {name: my-production-cluster, context: {cluster: p, user: u}}
- {name: nowhere, context: {cluster: nowhere, user: u}}
Y
export KUBECONFIG=$dir/all
there() { kubectl --context "my-$1-cluster" "${@:2}"; }
token() { kubectl --context "my-$1-cluster" get secret "${2:-argocd-manager}-long-lived-token" -n kube-system -o 'jsonpath={.data.token}' | base64 -d; }
kubectl create namespace argocd >/dev/null
repository
for env in staging production; do
	mkdir -p "$repo/environments/$env"
	printf 'resources: [map.yaml]\n' >"$repo/environments/$env/kustomization.yaml"
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: myapp}\ndata: {env: %s}\n' $env >"$repo/environments/$env/map.yaml"
done
commit first >/dev/null

check "a context that does not exist is named" says 'there is no context "x"' "$SLUICE" cluster add x
check "a cluster that is not reached is an error" fails "$SLUICE" cluster add nowhere --request-timeout 2s
check "a cluster is added by its context" says 'cluster "staging"' "$SLUICE" cluster add my-staging-cluster --name staging
"$SLUICE" cluster add my-production-cluster --name production >"$dir/added.log" 2>&1
check "so is a second one" grep -q 'spec.destination.name: production' "$dir/added.log"
check "each object that is created is listed" grep -q "^ClusterRoleBinding argocd-manager-role-binding created" "$dir/added.log"
check "no token is printed" fails grep -q "$(token production)" "$dir/added.log"
check "the account may do everything there" there staging auth can-i '*' '*.*' --as=system:serviceaccount:kube-system:argocd-manager
check "a name is not used twice" says 'there is a cluster "staging" already' "$SLUICE" cluster add my-production-cluster --name staging
check "nor is an address" says "is there already, as cluster \"staging\"; --upsert replaces it" "$SLUICE" cluster add my-staging-cluster --name again
"$SLUICE" cluster list >"$dir/list.log" 2>&1
check "the list has the version of each, and that it was reached" grep -qE "^production +https://127.0.0.1:[0-9]+ +v1[^ ]* +Successful" "$dir/list.log"
check "and the own cluster" grep -qE "^in-cluster +https://kubernetes.default.svc +v1[^ ]* +Successful" "$dir/list.log"
check "and no token" fails grep -q "$(token staging)" "$dir/list.log"

interval=5s gitops gitops
there staging create namespace myapp-staging >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: myapp-staging, namespace: argocd}
spec:
  source: {repoURL: "file://$repo", targetRevision: HEAD, path: environments/staging}
  destination: {name: staging, namespace: myapp-staging}
  syncPolicy: {automated: {prune: true, selfHeal: true}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: myapp-production, namespace: argocd}
spec:
  source: {repoURL: "file://$repo", targetRevision: main, path: environments/production}
  destination: {name: production, namespace: myapp-production}
  syncPolicy:
    syncOptions: [CreateNamespace=true]
    retry: {limit: 2, backoff: {duration: 10s, factor: 2, maxDuration: 5m}}
Y
map() { kubectl --context "my-$1-cluster" get configmap myapp -n "myapp-$1" -o 'jsonpath={.data.env}'; }
check "an application is synced to the cluster of that name" within 30 says staging map staging
check "one that is synced by hand waits for it" fails map production
check "and is then synced to the other" "$SLUICE" app sync myapp-production --timeout 60
check "which has its objects" says production map production
check "and its namespace" there production get namespace myapp-production

check "a cluster that is used is not removed" says "argocd/myapp-staging; delete them first" "$SLUICE" cluster remove staging
kubectl delete application myapp-production -n argocd >/dev/null
removed=$(token production)
check "one that is not used is" says 'cluster "production" removed' "$SLUICE" cluster remove production
for what in "sa argocd-manager -n kube-system" "clusterrole argocd-manager-role" "clusterrolebinding argocd-manager-role-binding"; do
	check "and nothing of it stays there: $what" fails there production get $what
done
sed "s/token: sluice/token: $removed/" "$dir/production/kubeconfig" >"$dir/removed"
check "its token is worth nothing" says Unauthorized kubectl --kubeconfig "$dir/removed" get pods
check "--force removes one that is used" "$SLUICE" cluster remove staging --force
check "and none is left" fails kubectl get secrets -n argocd -l argocd.argoproj.io/secret-type=cluster -o 'jsonpath={.items[0].metadata.name}'

# Less than everything.
there production create namespace shop >/dev/null
there production apply -f - >/dev/null <<Y
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reads}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}]
Y
check "an account for namespaces" "$SLUICE" cluster add my-production-cluster --name production --namespace shop,myapp-production
can() { there production auth can-i "$@" --as=system:serviceaccount:kube-system:argocd-manager; }
check "may do everything in them" can patch deployments.apps -n shop
check "and nothing elsewhere" fails can get configmaps -n default
check "the Secret names them" says "shop,myapp-production" sh -c 'kubectl get secrets -n argocd -o "jsonpath={.items[*].data.namespaces}" | base64 -d'
check "it is removed with its roles" "$SLUICE" cluster remove production
check "all of them" fails there production get rolebinding argocd-manager-role-binding -n shop
"$SLUICE" cluster add my-production-cluster --role reads --service-account reader >"$dir/reader.log" 2>&1
check "a role that permits too little is a warning" grep -q "ClusterRole reads does not permit to patch Deployments" "$dir/reader.log"
check "and the account has that role" there production auth can-i list configmaps --as=system:serviceaccount:kube-system:reader
check "and no other" fails there production auth can-i create configmaps --as=system:serviceaccount:kube-system:reader
check "its name is that of the context" grep -q 'spec.destination.name: my-production-cluster' "$dir/reader.log"
check "a cluster is replaced" "$SLUICE" cluster add my-production-cluster --upsert --name renamed
check "under its new name" says renamed "$SLUICE" cluster list
check "and there is one of it" says 1 sh -c "'$SLUICE' cluster list | grep -c 127.0.0.1"
"$SLUICE" cluster remove renamed >/dev/null

# A cluster that is replaced has the permissions and the fields of the last command, and no others.
binding() { there production get "$@"; }
"$SLUICE" cluster add my-production-cluster --project team >/dev/null
check "a whole cluster is replaced by a namespace" says "ClusterRoleBinding argocd-manager-role-binding deleted" "$SLUICE" cluster add my-production-cluster --namespace shop,myapp-production --upsert
check "where it may do everything" can patch deployments.apps -n shop
check "and nothing elsewhere now" fails can get configmaps -n default
check "and the role of the whole cluster is deleted" fails binding clusterrole argocd-manager-role
check "and it is for no project" sh -c "! kubectl get secrets -n argocd -o 'jsonpath={.items[*].data}' | grep -q project"
check "a namespace that is not given is dropped" says "RoleBinding myapp-production/argocd-manager-role-binding deleted" "$SLUICE" cluster add my-production-cluster --namespace shop --upsert
check "so nothing is permitted there" fails can patch deployments.apps -n myapp-production
check "and the other stays" can patch deployments.apps -n shop
check "a given role replaces that of the command" says "Role shop/argocd-manager-role deleted" "$SLUICE" cluster add my-production-cluster --namespace shop --role reads --upsert
check "a namespace is replaced by the whole cluster" "$SLUICE" cluster add my-production-cluster --upsert
check "where it may do everything" can patch deployments.apps -n default
check "and the binding of the namespace is deleted" fails binding rolebinding argocd-manager-role-binding -n shop
check "and the Secret names no namespace" sh -c "! kubectl get secrets -n argocd -o 'jsonpath={.items[*].data}' | grep -q namespaces"

# As a command before this one has left it: a Secret with namespaces, and the role of the whole cluster.
secret=$(kubectl get secrets -n argocd -l argocd.argoproj.io/secret-type=cluster -o 'jsonpath={.items[0].metadata.name}')
kubectl patch secret "$secret" -n argocd --type merge -p '{"stringData":{"namespaces":"shop"}}' >/dev/null
"$SLUICE" cluster remove my-production-cluster >"$dir/left.log" 2>&1
check "the role of the whole cluster is removed too" fails binding clusterrolebinding argocd-manager-role-binding
many() { seq -s, -f "n%g" 1 "$1"; }
check "more namespaces than are removed are not added" says "--namespace: more than 126 namespaces" "$SLUICE" cluster add my-production-cluster --namespace "$(many 127)"
for i in $(seq 1 126); do printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: n%d}\n---\n' "$i"; done >"$dir/many"
there production apply -f "$dir/many" >/dev/null
check "as many as are added" "$SLUICE" cluster add my-production-cluster --namespace "$(many 126)"
check "are removed" says "RoleBinding n126/argocd-manager-role-binding deleted" "$SLUICE" cluster remove my-production-cluster
check "all of them" sh -c "! kubectl --context my-production-cluster get rolebindings -A -o name | grep argocd-manager"

# A command that cannot be completed is undone: there is no namespace for the Secret.
"$SLUICE" cluster add my-production-cluster --gitops-namespace missing >"$dir/undone.log" 2>&1
check "without a namespace for the Secret it fails" grep -q 'namespaces "missing" not found' "$dir/undone.log"
check "and what was created is deleted" grep -q "^ServiceAccount kube-system/argocd-manager deleted" "$dir/undone.log"
check "from the cluster too" fails there production get sa argocd-manager -n kube-system
check "no token is in the log of the controller" fails grep -q "eyJ" "$dir/controller.log"
kill $controller && wait $controller
for o in "${others[@]}"; do kill "$o" && wait "$o"; done
