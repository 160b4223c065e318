#!/bin/bash
# More items than a fixed array has: pods in the mesh, Rollouts in the namespace of an Application, images in a status,
# letters in a message.
. "$(dirname "$0")/lib.sh"
dev --without controller,prometheus,app,load --ready 100
repository
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)

# A mesh with more pods than 64.
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {selector: {app: front}, ports: [{port: 80}]}
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: front}
spec: {hosts: [front], http: [{route: [{destination: {host: front}, weight: 100}]}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: front}
spec:
  replicas: 100
  selector: {matchLabels: {app: front}}
  template: {metadata: {labels: {app: front}}, spec: {containers: [{name: c, image: "front:v1"}]}}
Y
serving() {
	perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;
		print $s "show stat\n";
		my $n = 0;
		while (<$s>) { my @f = split /,/; $n++ if $f[0] eq "app" && $f[1] =~ /^s\d/ && $f[17] !~ /MAINT/ && $f[18] > 0 }
		print "$n serve\n"' "$dir/haproxy.sock"
}
check "the mesh gives traffic to all of a hundred pods" within 60 says "100 serve" serving

# An Application in whose namespace there are more Rollouts than a thousand: the last one names a VirtualService that is in Git.
kubectl create namespace argocd >/dev/null
kubectl create namespace shop >/dev/null
mkdir "$repo/web"
cat >"$repo/web/routes.yaml" <<Y
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web], http: [{route: [{destination: {host: steady}, weight: 100}, {destination: {host: fresh}, weight: 0}]}]}
Y
for i in $(seq 150); do
	printf -- '---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: job-%s}\nspec: {schedule: "0 0 1 1 *", suspend: true, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "job:v%s"}]}}}}}\n' "$i" "$i"
done >"$repo/web/jobs.yaml"
commit first >/dev/null
rollout() { # NAME MORE
	printf '{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"%s"},"spec":{"replicas":0,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"web:v1"}]}},"strategy":{"canary":{%s}}}}' \
		"$1" "$2"
}
split='"canaryService":"fresh","stableService":"steady","trafficRouting":{"istio":{"virtualService":{"name":"web"}}}'
for i in $(seq 1000) z; do
	rollout "r$i" "$([ "$i" = z ] && echo "$split")" >"$dir/body.$i"
	printf 'next\nurl = "%s/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts"\nheader = "Content-Type: application/json"\noutput = "/dev/null"\ndata = "@%s"\n' \
		"$server" "$dir/body.$i"
done | sed 1d >"$dir/posts"
curl -s -K "$dir/posts"
check "there are more Rollouts than a thousand" within 20 says 1001 sh -c 'kubectl get rollouts -n shop -o name | wc -l'
interval=2s gitops gitops
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: default
  source: {repoURL: "file://$repo", path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {selfHeal: true}}
Y
weights() { kubectl get virtualservice web -n shop -o 'jsonpath={.spec.http[0].route[*].weight}'; }
state() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
check "an Application is synced in the same namespace as the Rollouts" within 60 says Synced state sync.status
kubectl patch virtualservice web -n shop --type json -p '[{"op":"replace","path":"/spec/http/0/route/0/weight","value":75},{"op":"replace","path":"/spec/http/0/route/1/weight","value":25}]' >/dev/null
check "the Application is refreshed again" refreshed web
check "the weights of the last of them are left to it" says "75 25" weights
check "and is no difference" says Synced state sync.status
check "all images are in the status" says 150 sh -c "kubectl get application web -n argocd -o 'jsonpath={.status.summary.images}' | grep -o job:v | wc -l"
kill $controller
wait $controller

# A command about more Rollouts than 64.
check "a command is about all that it names" says "rollout 'r70' paused" "$SLUICE" pause -n shop $(seq -f r%g 70)
check "and they are" says true kubectl get rollout r70 -n shop -o 'jsonpath={.spec.paused}'

# A message of more letters than a line.
long=$(printf 'word %.0s' $(seq 200))
kubectl patch rollout rz -n shop --subresource status --type merge -p "{\"status\":{\"phase\":\"Degraded\",\"observedGeneration\":\"1\",\"message\":\"${long}end\"}}" >/dev/null
check "status prints a message to its end" says "word end" "$SLUICE" status rz -n shop --watch=false
