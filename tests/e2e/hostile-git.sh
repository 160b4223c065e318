#!/bin/bash
# A Git server whose responses are cut, endless, of wrong lengths, or refusals: live objects do not change, the
# Application has the reason, and the latest commit is synced when the fault has ended.
. "$(dirname "$0")/lib.sh"
. tests/e2e/hostile.lib.sh
dev --without controller,mesh,prometheus,app,load
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
repository
mkdir "$repo/web"
color=0
commit_colour() {
	color=$((color + 1))
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\ndata: {sky: "%s"}\n' "$color" >"$repo/web/map.yaml"
	commit "$color" >/dev/null
}
commit_colour
hostile --git "$dir"
interval=2s gitops gitops
kubectl create namespace argocd >/dev/null
kubectl create namespace shop >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  source: {repoURL: "http://127.0.0.1:$port/repo/.git", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {prune: true, selfHeal: true}}
Y
application() { curl -sf "$server/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"; }
live() { curl -sf "$server/api/v1/namespaces/shop/configmaps/colors" | grep -q "\"sky\":\"$1\""; }
says_why() { application | grep -q '"conditions":\[{[^]]*Error'; }
content() { ! says_why; }
alive() { kill -0 "$controller"; }
check "it is synced" within 30 live 1

# through FAULT [TEXT]: a commit comes while the fault is on, and is synced when the fault has ended.
through() {
	fault "$@"
	commit_colour
	check "$1: the server gets a request" met 1
	check "$1: the Application says why" within 60 says_why
	check "$1: what is live stays as it is" live $((color - 1))
	fault none
	check "$1: the commit is synced when the fault has ended" within 60 live "$color"
	check "$1: and no error is left" within 20 content
	check "$1: the controller has not ended" alive
}
for how in reset cut-header cut-body no-length bad-chunk no-http short-length deep; do
	through $how
done
# The list of branches is right, and the commits are not.
through 'cut-body?POST'
through 'reset?POST'
through 'short-length?POST'
through 'status/500?POST'
for body in '' '0000' '<html>' '{}' 'ffff' '001e# service=git-upload-pack'; do
	through body "$body"
done
for code in 301 400 401 403 404 409 410 429 500 503; do
	through status/$code
done
through redirect/302
# Endless responses, sent slowly or as fast as possible.
for how in silent endless-header endless-body flood-header flood-line flood-interim; do
	through $how
done
# git holds a list of branches in memory, however long it is.
fault flood-body
check "flood-body: the Application says why" within 60 says_why
most=$(counted longest)
check "flood-body: git reads no more than it may hold ($((most >> 20)) MiB)" test "$most" -lt 700000000
fault none
commit_colour
check "flood-body: a commit is synced when the fault has ended" within 60 live "$color"
check "flood-body: the controller has not ended" alive
kill $controller && wait $controller
kill $hostile
