#!/bin/bash
# A Git server reports a push, and the objects that follow the repository are refreshed at once.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web"
map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\ndata: {sky: %s}\n' "$1" >"$repo/web/map.yaml"; commit "$1" >/dev/null; }
map blue
port=$(free_port)
gitops gitops,flux --listen-address 127.0.0.1 --webhookPort "$port"
web_application 'syncPolicy: {automated: {}}'
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: default}
spec: {url: "file://$repo", ref: {branch: main}, interval: 1h}
Y
sky() { kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'; }
push() { # REPOSITORY CURLARGS...
	local url=$1
	shift
	printf '{"ref":"refs/heads/main","repository":{"html_url":"%s","default_branch":"main"}}' "$url" >"$dir/body"
	curl -s -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @"$dir/body" "$@" "http://127.0.0.1:$port/api/webhook"
}
check "it is synced" within 20 says blue sky
map red
check "a push" says "2 follow refs/heads/main" push "file://$repo" -H "X-GitHub-Event: push"
check "a push lists the objects that it refreshes" says "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web" push "file://$repo" -H "X-GitHub-Event: push"
check "and is followed at once" within 10 says red sky
check "Flux's repository too" within 10 says "$(git -C "$repo" rev-parse HEAD)" kubectl get gitrepository shop -o 'jsonpath={.status.artifact.revision}'
check "a push of another repository refreshes nothing" says "0 follow" push "https://elsewhere/x" -H "X-GitHub-Event: push"
kubectl create secret generic argocd-secret -n argocd --from-literal=webhook.github.secret=hush --from-literal=webhook.gitlab.secret=hush >/dev/null
check "with a secret, what is not signed is not believed" says "401" push "file://$repo" -H "X-GitHub-Event: push"
map green
sum=$(printf '{"ref":"refs/heads/main","repository":{"html_url":"%s","default_branch":"main"}}' "file://$repo" | openssl dgst -sha256 -hmac hush | sed 's/.* //')
check "nor with another's signature" says "not signed with the secret" push "file://$repo" -H "X-GitHub-Event: push" -H "X-Hub-Signature-256: sha256=${sum/[0-8]/9}"
check "what is signed, is" says "2 follow" push "file://$repo" -H "X-GitHub-Event: push" -H "X-Hub-Signature-256: sha256=$sum"
check "and followed" within 10 says green sky
check "no event" says "no header names the event" push "file://$repo"
check "another path" says "there is /api/webhook" curl -s "http://127.0.0.1:$port/"
head -c 9000000 /dev/zero >"$dir/long"
check "a body without end" says "413" curl -s -w '%{http_code}' -H 'X-GitHub-Event: push' --data-binary @"$dir/long" "http://127.0.0.1:$port/api/webhook"
check "it is alive" says "2 follow" push "file://$repo" -H "X-GitHub-Event: push" -H "X-Hub-Signature-256: sha256=$sum"
kill $controller && wait $controller
