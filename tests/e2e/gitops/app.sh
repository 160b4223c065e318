#!/bin/bash
# The command line of Applications.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
export USER=tester
repository
mkdir -p "$repo/web"
color() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\ndata: {sky: %s}\n' "$1" >"$repo/web/colors.yaml"
	commit "$1" >/dev/null
}
color blue
gitops gitops
web_application
app() { "$SLUICE" app "$@"; }
sky() { kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'; }
diff_() { app diff web --gitops-file-urls --gitops-cache "$dir/own"; }
check "it is listed" within 20 says "OutOfSync  Missing      Manual" app list
check "one that is not there" says 'application "nothing" not found in namespace argocd' app get nothing
check "a diff of what is not there" says "+   sky: blue" diff_
check "its exit code" fails diff_
check "a dry run does nothing" says "would be applied (dry run)" app sync web --dry-run
check "so that nothing is there" fails sky
check "a sync, with what it does" says "configmaps/colors created" app sync web --timeout 300
check "is done" says blue sky
check "a diff of nothing" diff_
check "the history" says "tester" app history web
check "what it is made of" says "ConfigMap" app get web
check "as YAML" says "targetRevision: main" app get web -o yaml
kubectl patch configmap colors -n shop --type merge -p '{"data":{"sky":"red"}}' >/dev/null
check "a difference, line by line" says "-   sky: red" diff_
check "get --refresh compares first" says "OutOfSync" app get web --refresh
check "one object alone" says "Succeeded" app sync web --resource :ConfigMap:colors
check "is set right" says blue sky
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: door}\nstringData: {code: s3same, key: s3first}\n' >"$repo/web/door.yaml"
commit secret >/dev/null
check "the values of a Secret are masked in a diff" says "+   code: '***'" diff_
check "a sync makes the Secret" says "secrets/door created" app sync web --timeout 300
kubectl patch secret door -n shop --type merge -p '{"stringData":{"key":"s3changed"}}' >/dev/null
check "a changed value of a Secret is a difference" says "*** (before)" diff_
check "the diff of a Secret has no value of it" fails sh -c "'$SLUICE' app diff web --gitops-file-urls --gitops-cache '$dir/own' | grep -E 's3|czN'"
git -C "$repo" rm -q web/door.yaml
kubectl delete secret door -n shop >/dev/null
color gray
check "with another revision" app sync web --revision main --timeout 300
check "which is there" says gray sky
check "wait returns when all is well" app wait web --timeout 300
check "a rollback to what was there before" says "rolling back to" app rollback web
check "is done too" says blue sky
check "which is not what Git says" within 20 says OutOfSync app get web
check "wait says what it waits for, until it is too late" says "timed out" app wait web --sync --timeout 1
kubectl create namespace both >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: several, namespace: argocd}
spec:
  sources: [{repoURL: "file://$repo", path: web}]
  destination: {server: https://kubernetes.default.svc, namespace: both}
Y
check "a flag of spec.source is refused if spec.sources takes precedence" says "has spec.sources, which takes precedence" app set several --revision v2
check "nothing is set then" test -z "$(kubectl get application several -n argocd -o 'jsonpath={.spec.source}')"
check "the sync policy can be set" says "set" app set several --sync-option PruneLast=true
kubectl delete application several -n argocd >/dev/null
check "an automated one" says 'set' app set web --sync-policy automated --self-heal --auto-prune
check "goes back to what Git says" within 20 says gray sky
check "a rollback would not last" says "auto-sync is enabled" app rollback web
check "nor would another revision" says "an automated sync would replace revision" app sync web --revision v0
check "but it can be tried" says "Succeeded" app sync web --revision HEAD --dry-run
check "a resource that is not GROUP:KIND:NAME is refused" says "is not GROUP:KIND:NAME" app sync web --resource colors
check "no sync to end" says "no sync" app terminate-op web
check "deleting it" says "its objects are deleted too" app delete web
check "takes its objects along" within 20 fails sky
kill $controller && wait $controller
