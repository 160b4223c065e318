#!/bin/bash
# Fields that cannot be changed: Force deletes the object and makes it anew; and Replace, which keeps nothing that Git dropped.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
interval=5s gitops gitops,flux
kubectl create namespace argocd >/dev/null 2>&1
kubectl create namespace flux-system >/dev/null 2>&1
for ns in forced replaced flux-forced; do kubectl create namespace "$ns" >/dev/null; done
mkdir -p "$repo/forced" "$repo/replaced" "$repo/flux"
# job FILE NAME ANNOTATIONS IMAGE
job() { printf 'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: %s\n  annotations: {%s}\nspec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: a, image: "b:%s"}]}}}\n' "$2" "$3" "$4" >"$repo/$1"; }
# deployment FILE NAME LABEL IMAGE REPLICAS
deployment() { cat >"$repo/$1" <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: $2, annotations: {argocd.argoproj.io/sync-options: Force=true}}
spec:
  replicas: $5
  selector: {matchLabels: {app: $3}}
  template: {metadata: {labels: {app: $3}}, spec: {containers: [{name: a, image: "b:$4"}]}}
Y
}
# application NAME PATH
application() { kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: $1}
  destination: {server: https://kubernetes.default.svc, namespace: $1}
  syncPolicy: {automated: {prune: true}}
Y
}
status() { kubectl get application "$1" -n argocd -o "jsonpath={.status.$2}"; }
image() { kubectl get "$1" "$2" -n "$3" -o 'jsonpath={..image}'; }
uid() { kubectl get "$1" "$2" -n "$3" -o 'jsonpath={.metadata.uid}'; }
is() { local want=$1 got; shift; got=$("$@" 2>&1); [ "$got" = "$want" ] || { echo "want: $want"; echo "got:  $got"; return 1; }; }
synced() { refresh "$1"; within 40 is "Synced $2" kubectl get application "$1" -n argocd -o 'jsonpath={.status.sync.status} {.status.sync.revision}'; }

job forced/both.yaml both "argocd.argoproj.io/sync-options: 'Force=true,Replace=true'" 1
job forced/force.yaml force "argocd.argoproj.io/sync-options: Force=true" 1
deployment forced/web.yaml web web 1 0
sha=$(commit first)
application forced
check "what is new is made" synced forced "$sha"
was=$(uid deployment web forced)
job forced/both.yaml both "argocd.argoproj.io/sync-options: 'Force=true,Replace=true'" 2
job forced/force.yaml force "argocd.argoproj.io/sync-options: Force=true" 2
deployment forced/web.yaml web web 2 0
sha=$(commit second)
check "a Job's template is changed" synced forced "$sha"
check "with Force and Replace" is b:2 image job both forced
check "with Force alone" is b:2 image job force forced
check "what can be changed is not deleted" is "$was" uid deployment web forced
deployment forced/web.yaml web other 2 0
sha=$(commit "another selector")
check "a Deployment's selector is changed" synced forced "$sha"
check "by making it anew" fails is "$was" uid deployment web forced
was=$(uid deployment web forced)
# rollout REPLICAS
rollout() { cat >"$repo/forced/rollout.yaml" <<Y
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: wrong, annotations: {argocd.argoproj.io/sync-options: Force=true}}
spec:
  replicas: $1
  selector: {matchLabels: {app: wrong}}
  strategy: {canary: {}}
  template: {metadata: {labels: {app: wrong}}, spec: {containers: [{name: a, image: b}]}}
Y
}
rollout 0
sha=$(commit "a Rollout")
check "a Rollout is made" synced forced "$sha"
was=$(uid rollout wrong forced)
rollout '"many"'
commit "no Rollout at all" >/dev/null
refresh forced
check "what could not be made anew is refused" within 40 says "it is not deleted by Force, because it could not be made anew" \
	status forced operationState.message
check "and is not deleted" is "$was" uid rollout wrong forced
rm "$repo/forced/rollout.yaml"
job forced/force.yaml force "a: b" 3
commit "without Force" >/dev/null
refresh forced
check "without Force it is refused" within 40 says "field is immutable" status forced operationState.message
kubectl patch application forced -n argocd --type merge -p '{"operation":{"sync":{"prune":true,"syncStrategy":{"hook":{"force":true}}}}}' >/dev/null
check "a sync that is requested with force" within 40 is b:3 image job force forced

cm() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, annotations: {argocd.argoproj.io/sync-options: Replace=true}}\ndata: {%s}\n' "$1" "$2"; }
service() { printf 'apiVersion: v1\nkind: Service\nmetadata: {name: web, annotations: {argocd.argoproj.io/sync-options: Replace=true}}\nspec: {selector: {a: b}, ports: [{port: %s, targetPort: 80}]}\n' "$1"; }
cm data 'a: "1", b: "2"' >"$repo/replaced/data.yaml"
service 80 >"$repo/replaced/service.yaml"
sha=$(commit replaced)
application replaced
check "with Replace what is new is made" synced replaced "$sha"
cm data 'a: "1"' >"$repo/replaced/data.yaml"
service 81 >"$repo/replaced/service.yaml"
sha=$(commit dropped)
check "what Git drops is a difference" synced replaced "$sha"
check "and is dropped" is '{"a":"1"}' kubectl get configmap data -n replaced -o 'jsonpath={.data}'
check "a port is exchanged, and not added" is 81 kubectl get service web -n replaced -o 'jsonpath={.spec.ports[*].port}'
kubectl annotate configmap data -n replaced by-others=yes >/dev/null
version=$(kubectl get configmap data -n replaced -o 'jsonpath={.metadata.resourceVersion}')
check "the Application is refreshed again" refreshed replaced
check "a field of another manager is not a difference" is Synced status replaced sync.status
check "and stays" is "$version" kubectl get configmap data -n replaced -o 'jsonpath={.metadata.resourceVersion}'

job flux/k.yaml k "" 1
job flux/l.yaml l "kustomize.toolkit.fluxcd.io/force: Enabled" 1
sha=$(commit flux)
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: force, namespace: flux-system}
spec: {interval: 2s, url: "file://$repo", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: force, namespace: flux-system}
spec: {interval: 1h, retryInterval: 2s, sourceRef: {kind: GitRepository, name: force}, path: ./flux, prune: true, targetNamespace: flux-forced}
Y
ready() { kubectl get kustomization force -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}'; }
check "a Kustomization is applied" within 40 says "$sha" ready
job flux/l.yaml l "kustomize.toolkit.fluxcd.io/force: Enabled" 2
sha=$(commit annotation)
check "an object's own annotation forces" within 40 says "$sha" ready
check "and it is made anew" is b:2 image job l flux-forced
job flux/k.yaml k "" 2
sha=$(commit immutable)
check "without force it is refused" within 40 says "field is immutable" ready
kubectl patch kustomization force -n flux-system --type merge -p '{"spec":{"force":true}}' >/dev/null
check "spec.force makes it anew" within 40 says "Applied revision: main@sha1:$sha" ready
check "with what Git says" is b:2 image job k flux-forced
kill "$controller"
wait "$controller" 2>/dev/null
