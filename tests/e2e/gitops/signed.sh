#!/bin/bash
# Commits that must be signed: with an SSH key for a GitRepository, with a PGP key for an AppProject.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web" "$dir/gpg"
chmod 700 "$dir/gpg"
for key in good bad; do ssh-keygen -q -t ed25519 -N '' -C $key -f "$dir/$key"; done
map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\ndata: {sky: %s}\n' "$1" >"$repo/web/map.yaml"; }
signed() { git -C "$repo" add -A && git -C "$repo" -c gpg.format=ssh -c "user.signingkey=$dir/$1" commit -q -S -m "$1" && git -C "$repo" rev-parse HEAD; }
export GNUPGHOME=$dir/gpg
gpg() { command gpg --batch --quiet --pinentry-mode loopback --passphrase '' "$@"; }
gpg --quick-gen-key 'Good <good@localhost>' ed25519 sign never 2>/dev/null
fingerprint=$(gpg --list-keys --with-colons | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | head -n 1)
with_gpg() { git -C "$repo" add -A && git -C "$repo" -c "user.signingkey=$fingerprint" commit -q -S -m gpg && git -C "$repo" rev-parse HEAD; }
gitops gitops,flux
kubectl create namespace argocd >/dev/null
kubectl create namespace shop >/dev/null

map blue
first=$(signed good)
kubectl create secret generic keys --from-file=good.pub="$dir/good.pub" >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: default}
spec: {url: "file://$repo", ref: {branch: main}, interval: 1h, verify: {mode: HEAD, secretRef: {name: keys}}}
Y
ready() { kubectl get gitrepository shop -o "jsonpath={.status.conditions[?(@.type==\"$1\")].message}"; }
revision() { kubectl get gitrepository shop -o 'jsonpath={.status.artifact.revision}'; }
check "a commit with a good signature" within 20 says "$first" revision
check "is verified" says "is signed with a key of Secret keys" ready SourceVerified
map red
second=$(signed bad)
"$SLUICE" reconcile source git shop -n default >/dev/null 2>&1
check "one with another key" within 20 says "$second is not signed with one of 1 keys that count" ready Ready
check "is not taken" says "$first" revision
map gray
commit unsigned >/dev/null
"$SLUICE" reconcile source git shop -n default >/dev/null 2>&1
check "nor is one without" within 20 says "is not signed" ready Ready
map green
third=$(signed good)
check "the next good one is" says "stored artifact for revision 'main@sha1:$third'" "$SLUICE" reconcile source git shop -n default

project() { # KEYS
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop, namespace: argocd}
spec: {sourceRepos: ["*"], destinations: [{server: "*", namespace: "*"}], signatureKeys: $1}
Y
}
status() { kubectl get application web -n argocd -o "jsonpath={.status.$1}"; }
project "[{keyID: \"${fingerprint: -16}\"}]"
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  project: shop
  source: {repoURL: "file://$repo", path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {}}
Y
check "keys that there are not" within 20 says "argocd-gpg-keys-cm has none of these keys" status 'conditions[*].message'
gpg --armor --export >"$dir/public.asc"
kubectl create configmap argocd-gpg-keys-cm -n argocd --from-file="${fingerprint: -16}=$dir/public.asc" >/dev/null
refresh web
check "a commit that no key of the project has signed" within 20 says "commit $third is not signed with one of 1 keys" status 'conditions[*].message'
check "is not applied" fails kubectl get configmap colors -n shop
map black
with_gpg >/dev/null
refresh web
check "one that is, is" within 20 says black kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'
check "no keyring is left behind" fails ls -d "$dir"/cache/keys-*
kill $controller && wait $controller
gpgconf --kill all 2>/dev/null
true
