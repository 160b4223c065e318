#!/bin/bash
# Fields that are known and not supported: each is refused by its name, in a condition and in the log, and nothing is applied.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {a: b}\n' >"$repo/web/map.yaml"
commit first >/dev/null
gitops gitops,flux
kubectl create namespace argocd >/dev/null
kubectl create namespace flux-system >/dev/null
kubectl create namespace shop >/dev/null
merge() { kubectl patch "$1" "$2" -n "$3" --type merge -p "$4" >/dev/null; }
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: team, namespace: argocd}
spec: {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: team
  source: {repoURL: "file://$repo", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: flux-system}
spec: {interval: 1h, url: "file://$repo", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web, namespace: flux-system}
spec: {interval: 1h, prune: true, path: web, targetNamespace: shop, sourceRef: {kind: GitRepository, name: repo}}
Y
invalid() { kubectl get application web -n argocd -o 'jsonpath={.status.conditions[?(@.type=="InvalidSpecError")].message}'; }
ready() { kubectl get "$1" "$2" -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}{": "}{.status.conditions[?(@.type=="Ready")].message}'; }
check "all is well at first" within 30 says "ReconciliationSucceeded" ready kustomization web
while read -r path patch back; do
	merge application web argocd "$patch"
	check "Application: $path" within 20 says "$path: not supported" invalid
	merge application web argocd "$back"
done <<'L'
spec.source.plugin {"spec":{"source":{"plugin":{"name":"x"}}}} {"spec":{"source":{"plugin":null}}}
spec.source.tagPrefix {"spec":{"source":{"tagPrefix":"v"}}} {"spec":{"source":{"tagPrefix":null}}}
spec.source.directory.jsonnet {"spec":{"source":{"directory":{"jsonnet":{"libs":["x"]}}}}} {"spec":{"source":{"directory":null}}}
spec.source.kustomize.version {"spec":{"source":{"kustomize":{"version":"v5"}}}} {"spec":{"source":{"kustomize":null}}}
spec.source.helm.skipSchemaValidation {"spec":{"source":{"helm":{"skipSchemaValidation":true}}}} {"spec":{"source":{"helm":null}}}
spec.sourceHydrator {"spec":{"sourceHydrator":{"drySource":{}}}} {"spec":{"sourceHydrator":null}}
L
check "the log names it too" grep -q "InvalidSpecError: spec.source.plugin: not supported" "$dir/controller.log"
merge appproject team argocd '{"spec":{"destinationServiceAccounts":[{"server":"*","namespace":"*","defaultServiceAccount":"x"}]}}'
check "AppProject: spec.destinationServiceAccounts" within 20 says "spec.destinationServiceAccounts: not supported" invalid
merge appproject team argocd '{"spec":{"destinationServiceAccounts":null,"orphanedResources":{"warn":true}}}'
check "what has no effect in a project is named, and does not keep anything from being compared" within 20 says "AppProject team: spec.orphanedResources has no effect here" kubectl get application web -n argocd -o 'jsonpath={.status.conditions[?(@.type=="SettingsWarning")].message}'
kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Secret
metadata: {name: far, namespace: argocd, labels: {argocd.argoproj.io/secret-type: cluster}}
stringData: {name: far, server: "https://far.example.com", config: '{"awsAuthConfig":{"clusterName":"far"}}'}
Y
merge application web argocd '{"spec":{"destination":{"server":"https://far.example.com"}}}'
check "a cluster's awsAuthConfig, with what does the same" within 20 says 'config.awsAuthConfig is not supported; execProviderConfig' invalid

refused_by_flux() { # KIND NAME FIELD VALUE
	merge "$1" "$2" flux-system "{\"spec\":{\"$3\":$4}}"
	check "$1: spec.$3" within 20 says "InvalidSpec: spec.$3: not supported" ready "$1" "$2"
	merge "$1" "$2" flux-system "{\"spec\":{\"$3\":null}}"
}
while read -r field value; do refused_by_flux kustomization web "$field" "$value"; done <<'L'
decryption {"provider":"sops"}
kubeConfig {"secretRef":{"name":"x"}}
healthCheckExprs [{"apiVersion":"v1","kind":"ConfigMap","current":"true"}]
buildMetadata ["originAnnotations"]
ignoreMissingComponents true
L
while read -r field value; do refused_by_flux gitrepository repo "$field" "$value"; done <<'L'
proxySecretRef {"name":"x"}
include [{"repository":{"name":"x"}}]
sparseCheckout ["a"]
recurseSubmodules true
serviceAccountName "x"
L
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map, annotations: {kustomize.toolkit.fluxcd.io/prune: never}}\ndata: {a: c}\n' >"$repo/web/map.yaml"
commit second >/dev/null
kubectl annotate --overwrite gitrepository repo -n flux-system "reconcile.fluxcd.io/requestedAt=$(date +%s%N)" >/dev/null
check "a switch with a value that Flux does not have is named, and does not keep anything from being applied" within 20 says 'web/map.yaml: ConfigMap map: annotation kustomize.toolkit.fluxcd.io/prune: "never" has no effect; known are enabled, disabled/c' sh -c "kubectl get kustomization web -n flux-system -o 'jsonpath={.status.conditions[?(@.type==\"SyncOptionWarning\")].message}/'; kubectl get configmap map -n shop -o 'jsonpath={.data.a}'"
check "the log names these too" grep -q "InvalidSpec: spec.decryption: not supported" "$dir/controller.log"
check "and all is well again" within 20 says "Succeeded: " ready gitrepository repo
merge kustomization web flux-system '{"spec":{"kubeConfig":{"secretRef":{"name":"x"}}}}'
check "another cluster" within 20 says "spec.kubeConfig: not supported" ready kustomization web
kubectl delete kustomization web -n flux-system --timeout=20s >/dev/null
check "the objects in this one stay" within 20 says "PruneSkipped: the objects of its inventory stay, delete them with kubectl: spec.kubeConfig: not supported" \
	kubectl get events -n flux-system -o 'jsonpath={range .items[*]}{.reason}: {.message}{"\n"}{end}'
check "as they are" kubectl get configmap map -n shop
kill $controller && wait $controller
