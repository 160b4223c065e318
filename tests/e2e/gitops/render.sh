#!/bin/bash
# Flux's Kustomization: variables are text, files that Flux leaves out, switches, SOPS; and words of YAML under a kustomization.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
interval=5s gitops gitops,flux --feature-gates StrictPostBuildSubstitutions=true
kubectl create namespace argocd >/dev/null 2>&1
kubectl create namespace flux-system >/dev/null 2>&1
kubectl create namespace render >/dev/null
cm() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {%s}\n' "$1" "${2-}"; }
mkdir -p "$repo/values" "$repo/plain" "$repo/words"
cat >"$repo/values/all.yaml" <<'Y'
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports: [{port: "${port}"}]
  publishNotReadyAddresses: ${early:=true}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData:
  password: ${password}
  quoted: "${quote}${port}${quote}"
  script: |
    echo $$HOME "${password}"
  path: ${path//\//-}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: kept
  labels: {kustomize.toolkit.fluxcd.io/substitute: Disabled}
data: {a: "${port}"}
Y
cm plain >"$repo/plain/plain.yaml"
commit first >/dev/null
kubectl create secret generic values -n flux-system --from-literal password="$(printf 'ab\\tc\\\\d"e: f')" >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: flux-system}
spec: {interval: 2s, url: "file://$repo", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: values, namespace: flux-system}
spec:
  interval: 1h
  retryInterval: 2s
  sourceRef: {kind: GitRepository, name: repo}
  path: ./values
  prune: true
  targetNamespace: render
  postBuild:
    substitute: {port: "8080", path: a/b/c, quote: '"'}
    substituteFrom: [{kind: Secret, name: values}]
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: plain, namespace: flux-system}
spec: {interval: 1h, retryInterval: 2s, sourceRef: {kind: GitRepository, name: repo}, path: ./plain, prune: true, targetNamespace: render}
Y
ready() { kubectl get kustomization "$1" -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].message}'; }
secret() { kubectl get secret login -n render -o "jsonpath={.data.$1}" | base64 -d; }
is() { local want=$1 got; shift; got=$("$@" 2>&1); [ "$got" = "$want" ] || { echo "want: $want"; echo "got:  $got"; return 1; }; }
follows() { within 30 says "True Applied revision: main@sha1:$2" ready "$1"; }

check "variables are applied" within 30 says "True Applied revision" ready values
service() { kubectl get service web -n render -o json | tr -d ' \n'; }
check "a number is a number" says '"port":8080' service
check "a boolean is a boolean" says '"publishNotReadyAddresses":true' service
check "a value arrives as it is written" is 'ab\tc\\d"e: f' secret password
check "in a block too, and two dollars are one" is 'echo $HOME "ab\tc\\d"e: f"' secret script
check "quotes make it a string" is 8080 secret quoted
check "an escaped slash" is a-b-c secret path
check "an object that opts out, in any case of letters" is '${port}' kubectl get configmap kept -n render -o 'jsonpath={.data.a}'
cm more 'a: "${missing}"' >"$repo/values/more.yaml"
commit strict >/dev/null
check "strict mode wants variables to be set" within 30 says 'more.yaml: ConfigMap more: postBuild: variable not set (strict mode): "missing"' ready values
cm more 'a: "${port-1}"' >"$repo/values/more.yaml"
commit refused >/dev/null
check "what Flux's envsubst refuses is refused" within 30 says 'postBuild: ${port-1}: missing closing brace' ready values
rm "$repo/values/more.yaml"

mkdir -p "$repo/plain/.github/workflows" "$repo/plain/drafts"
printf 'on: push\njobs: {}\n' >"$repo/plain/.github/workflows/ci.yaml"
printf 'creation_rules: []\n' >"$repo/plain/.sops.yaml"
sha=$(commit "files of others")
check "files of CI and of SOPS are no manifests" follows plain "$sha"
cm draft >"$repo/plain/drafts/draft.yaml"
printf 'drafts/\n.*\n' >"$repo/plain/.sourceignore"
sha=$(commit sourceignore)
check "a .sourceignore is followed" follows plain "$sha"
check "and what it names is not made" fails kubectl get configmap draft -n render
kubectl patch gitrepository repo -n flux-system --type merge -p '{"spec":{"ignore":"!/plain/drafts/\n"}}' >/dev/null
printf '%s\n' '# again' >>"$repo/plain/plain.yaml"
sha=$(commit "spec.ignore")
check "spec.ignore has the last word" follows plain "$sha"
check "so that it is made" within 10 kubectl get configmap draft -n render

for s in "prune: Disabled" "ssa: ignore" "reconcile: DISABLED"; do
	name=$(echo "${s%%:*}")
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: switch-%s\n  annotations: {kustomize.toolkit.fluxcd.io/%s}\n' "$name" "$s" >"$repo/plain/$name.yaml"
done
sha=$(commit switches)
check "switches in any case of letters" follows plain "$sha"
check "reconcile and ssa keep an object from being made" is configmap/switch-prune \
	sh -c 'kubectl get configmap -n render -o name | grep switch-'
rm "$repo/plain/prune.yaml"
sha=$(commit "prune is gone")
check "its file goes" follows plain "$sha"
check "and prune keeps the object" kubectl get configmap switch-prune -n render

printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: sealed}\nstringData: {a: "ENC[AES256_GCM,data:x]"}\nsops: {mac: x, version: 3.9.0}\n' >"$repo/plain/a.yaml"
cm other >"$repo/plain/other.yaml"
commit sops >/dev/null
check "SOPS without decryption" within 30 says \
	"Secret/render/sealed is SOPS encrypted, configuring decryption is required for this secret to be reconciled" ready plain
check "and nothing is applied" fails kubectl get configmap other -n render
check "nor the encrypted Secret" fails kubectl get secret sealed -n render

printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words}\ndata: {a: yes, b: "on", c: off}\n' >"$repo/words/words.yaml"
printf 'resources: [words.yaml]\nnamePrefix: x-\n' >"$repo/words/kustomization.yaml"
printf 'kustomize: {namePrefix: own-}\n' >"$repo/words/.argocd-source-words.yaml"
sha=$(commit words)
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: words, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: words}
  destination: {server: https://kubernetes.default.svc, namespace: render}
  syncPolicy: {automated: {}}
Y
check "words under a kustomization are text, and the repository's own override counts" within 30 is "yes on off" \
	kubectl get configmap own-words -n render -o 'jsonpath={.data.a} {.data.b} {.data.c}'
kill "$controller"
wait "$controller" 2>/dev/null
