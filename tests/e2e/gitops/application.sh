#!/bin/bash
# The article's application on the laptop cluster: its Deployment becomes Healthy by its Application, and Ready by its Kustomization; and the kinds of
# operators that the article applies, by their definitions.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
data=tests/data/article
cp -r $data/base $data/environments $data/secrets $data/configmaps $data/monitoring "$repo"
first=$(commit first)
for ns in argocd flux-system; do kubectl create namespace $ns >/dev/null; done
interval=3s gitops gitops,flux
status() { kubectl get application myapp-production -n argocd -o "jsonpath={.status.$1}"; }
deployment() { kubectl get deployment myapp -n myapp-production -o "jsonpath={$1}"; }
ready() { kubectl get kustomization "$1" -n flux-system -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].message}'; }
apply() { sed "s#REPO#file://$repo#" "$1" | kubectl apply -f - >/dev/null; }
images() { kubectl get rs -n myapp-production -o 'jsonpath={.items[*].spec.template.spec.containers[0].image}'; }
edit() { sed -i "$1" "$repo/base/deployment.yaml" && commit "$2"; }

apply $data/application.yaml
check "the Application is synced" within 20 says Synced status sync.status
check "to the commit of HEAD" says "$first" status sync.revision
check "it is Progressing while its pods are not ready" says "Progressing" status health.status
check "and Healthy when they are" within 30 says Healthy status health.status
check "with its image" says "myregistry/myapp:v1.2.3" images
check "on three pods" says "3 3" deployment '.status.readyReplicas} {.status.updatedReplicas'
check "the ReplicaSet and its pods are in its resource tree" within 20 says "myapp-production" kubectl get rs -n myapp-production -o 'jsonpath={.items[0].metadata.namespace}'
kubectl scale deployment myapp -n myapp-production --replicas=2 >/dev/null
check "its replicas may differ, as ignoreDifferences says" within 20 says 2 deployment .status.readyReplicas
check "and nothing heals them" refreshed myapp-production
check "they still differ" says 2 deployment .spec.replicas
kubectl set image deployment myapp -n myapp-production myapp=myregistry/myapp:other >/dev/null
check "its image may not" within 30 says v1.2.3 deployment '.spec.template.spec.containers[0].image'
kubectl patch application myapp-production -n argocd --type merge -p '{"spec":{"source":{"kustomize":{"images":["myregistry/myapp:does-not-exist"]}}}}' >/dev/null
edit 's/^  replicas: 3/&\n  progressDeadlineSeconds: 6/' deadline >/dev/null
refresh myapp-production
check "an image that cannot be pulled is Degraded after the deadline" within 40 says Degraded status health.status
check "for the reason that Kubernetes has" within 10 says "exceeded its progress deadline" kubectl get application myapp-production -n argocd -o 'jsonpath={.status.resources[*].health.message}'
check "the old pods serve, as many as Git says" says 3 deployment .status.availableReplicas
kubectl patch application myapp-production -n argocd --type merge -p '{"spec":{"source":{"kustomize":{"images":["myregistry/myapp:v1.2.4"]}}}}' >/dev/null
check "another image is Healthy again" within 40 says "Healthy v1.2.4" sh -c "kubectl get application myapp-production -n argocd -o 'jsonpath={.status.health.status}'; kubectl get deployment myapp -n myapp-production -o 'jsonpath={.spec.template.spec.containers[0].image}' | sed 's/.*:/ /'"
kubectl delete application myapp-production -n argocd --wait=false >/dev/null
check "its deletion takes the Deployment" within 40 fails kubectl get deployment myapp -n myapp-production
check "with its pods" within 20 says "No resources found" kubectl get pods -n myapp-production

kubectl create secret generic myapp-git-credentials -n flux-system --from-literal username=git --from-literal password=hush >/dev/null
apply $data/flux.yaml
check "secrets need the definitions of their kinds" within 40 says 'knows no kind ExternalSecret in external-secrets.io/v1beta1' ready myapp-secrets
check "what depends on them waits" within 20 says "dependency 'flux-system/myapp-secrets' is not ready" ready myapp-production
kubectl apply -f $data/definitions.yaml >/dev/null
check "with their definitions they are applied" within 40 says "True" ready myapp-secrets
check "in the version of the article" says external-secrets.io/v1beta1 kubectl get externalsecrets.v1beta1.external-secrets.io myapp-secrets -n myapp-production -o 'jsonpath={.apiVersion}'
check "with the defaults of their schema" says Retain kubectl get externalsecret myapp-secrets -n myapp-production -o 'jsonpath={.spec.target.deletionPolicy}'
check "kubectl shows their columns" says "REFRESH INTERVAL" kubectl get es -n myapp-production
check "the Kustomization is ready" within 60 says "True Applied revision: main@sha1:" ready myapp-production
check "because its Deployment is" says "3" deployment .status.availableReplicas
kubectl patch externalsecret myapp-secrets -n myapp-production --subresource status --type merge -p '{"status":{"conditions":[{"type":"Ready","status":"False","reason":"SecretSyncedError","message":"could not get secret data from provider"}]}}' >/dev/null
check "a Secret that its operator cannot make is shown" says SecretSyncedError kubectl get es -n myapp-production

kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: monitoring, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", targetRevision: main, path: monitoring}
  destination: {server: https://kubernetes.default.svc, namespace: argocd}
  syncPolicy: {automated: {}}
Y
check "a ServiceMonitor and a PrometheusRule are synced" within 30 says "Synced Healthy" kubectl get application monitoring -n argocd -o 'jsonpath={.status.sync.status} {.status.health.status}'
sed -i 's/for: 5m/for: soon/' "$repo/monitoring/monitoring.yaml"
commit soon >/dev/null
refresh monitoring
check "a rule that its schema forbids names the field" within 30 says "spec.groups[0].rules[0].for" kubectl get application monitoring -n argocd -o 'jsonpath={.status.operationState.message}'
kill $controller && wait $controller
