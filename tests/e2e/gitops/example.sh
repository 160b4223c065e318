#!/bin/bash
# examples/gitops as a whole, from the one Application that is applied by hand; and a hundred objects of which one is bad.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
cp -r examples/gitops/. "$repo"
rm -r "$repo/demo" "$repo/README.md"
grep -rl 'https://github.com/company/myapp-config' "$repo" --include='*.yaml' | xargs sed -i "s#https://github.com/company/myapp-config#file://$repo#"
sed -i "s#https://github.com/company/myapp-config#file://$repo#" "$repo/app-of-apps.yaml"
commit first >/dev/null
gitops rollouts,gitops
kubectl create namespace argocd >/dev/null 2>&1
kubectl apply -f "$repo/app-of-apps.yaml" >/dev/null
apps="app-of-apps myapp-dev myapp-staging myapp-production tenant-a tenant-b"
status() { kubectl get application "$1" -n argocd -o "jsonpath={.status.$2}"; }
for app in $apps; do
	check "$app is Synced" within 60 says Synced status "$app" sync.status
	check "$app is Healthy" within 90 says Healthy status "$app" health.status
done
check "production has a Rollout" kubectl get rollout myapp -n myapp-production
check "and not the Deployment of the base" fails kubectl get deployment myapp -n myapp-production
check "its weights are the rollout's" says "100 0" kubectl get virtualservice myapp -n myapp-production -o 'jsonpath={.spec.http[0].route[*].weight}'
kubectl patch service myapp -n myapp-production --type merge -p '{"spec":{"selector":{"app":"other"}}}' >/dev/null
check "a drift is healed" within 30 says myapp kubectl get service myapp -n myapp-production -o 'jsonpath={.spec.selector.app}'

mkdir "$repo/hundred"
for i in $(seq 100); do printf 'apiVersion: v1\nkind: Service\nmetadata: {name: s%s}\nspec: {ports: [{port: 80}]}\n' "$i" >"$repo/hundred/s$i.yaml"; done
sed 's/myapp-dev/hundred/; s#environments/dev#hundred#' "$repo/applications/myapp-dev.yaml" | sed 's/namespace: myapp-dev/namespace: hundred/' >"$repo/applications/hundred.yaml"
commit hundred >/dev/null
count() { kubectl get services -n hundred -o name | wc -l; }
ports() { kubectl get services -n hundred -o 'jsonpath={.items[*].spec.ports[0].port}' | tr ' ' '\n' | sort | uniq -c | tr -s ' \n' ' '; }
refresh app-of-apps
check "an application of applications follows its commit" within 60 says " 100 80" ports
sed -i 's/port: 80/port: 81/' "$repo"/hundred/*.yaml
echo 'apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: bad}
spec: {metrics: none}' >"$repo/hundred/s50.yaml"
commit bad >/dev/null
refresh hundred
check "one bad object of a hundred: the file" within 60 says "hundred/s50.yaml: AnalysisTemplate bad" status hundred operationState.message
check "and the field" says "spec.metrics" status hundred operationState.message
check "the others stay as they were" says " 100 80" ports
printf 'apiVersion: v1\nkind: Service\nmetadata: {name: s50}\nspec: {ports: [{port: 81}]}\n' >"$repo/hundred/s50.yaml"
rm "$repo"/hundred/s9?.yaml
commit mended >/dev/null
refresh hundred
check "until it is mended; and what Git dropped is pruned, nothing else" within 60 says " 90 81" ports
kubectl delete application app-of-apps -n argocd --wait=false >/dev/null
check "with the application of applications all of it goes" within 120 sh -c "! kubectl get applications -n argocd -o name | grep -E 'myapp|tenant|hundred|app-of-apps'"
check "with their objects" fails kubectl get rollout myapp -n myapp-production
kill $controller && wait $controller
