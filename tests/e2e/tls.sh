#!/bin/bash
# The way to a real API server: TLS, client certificates and tokens, from a kubeconfig, with errors that say what is wrong.
# HAProxy ends TLS in front of the laptop cluster and asks for a certificate or a token.
. "$(dirname "$0")/lib.sh"
dev --ready 200 --without mesh,prometheus,app
s=$SLUICE
upstream=$(sed -n 's#.*server: http://##p' "$KUBECONFIG")
port=$(free_port)
cd "$dir" || exit 1

# Two authorities: the cluster's, and a stranger's.
for ca in ca stranger; do
	openssl req -x509 -newkey rsa:2048 -nodes -keyout $ca.key -out $ca.crt -subj "/CN=$ca" -days 2 2>/dev/null
done
certificate() { # name, authority, extension
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -out "$1.crt" -days 2 -extfile <(echo "$3") 2>/dev/null
}
certificate server ca "subjectAltName=IP:127.0.0.1"
certificate person ca "extendedKeyUsage=clientAuth"
certificate intruder stranger "extendedKeyUsage=clientAuth"
cat server.crt server.key >server.pem
cat >haproxy.cfg <<H
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend tls
  bind 127.0.0.1:$port ssl crt $dir/server.pem ca-file $dir/ca.crt verify optional crt-ignore-err all
  http-request deny status 401 unless { ssl_c_used } { ssl_c_verify 0 } or { req.hdr(Authorization) "Bearer s3cret" }
  default_backend api
backend api
  server a $upstream
H
haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &
proxy=$!
cd - >/dev/null || exit 1

config() { # name, cluster's fields, user's fields
	cat >"$dir/$1" <<-K
		apiVersion: v1
		kind: Config
		current-context: c
		clusters: [{name: c, cluster: {server: "https://127.0.0.1:$port", $2}}]
		users: [{name: u, user: {$3}}]
		contexts: [{name: c, context: {cluster: c, user: u, namespace: elsewhere}}]
	K
}
data() { base64 -w0 "$dir/$1"; }
config files "certificate-authority: ca.crt" "client-certificate: person.crt, client-key: person.key"
config inline "certificate-authority-data: $(data ca.crt)" "client-certificate-data: $(data person.crt), client-key-data: $(data person.key)"
config token "certificate-authority: ca.crt" "token: s3cret"
printf 's3cret\n' >"$dir/token.txt"
config token-file "certificate-authority: ca.crt" "tokenFile: token.txt"
config insecure "insecure-skip-tls-verify: true" "token: s3cret"
config stranger "certificate-authority: stranger.crt" "token: s3cret"
config nobody "certificate-authority: ca.crt" ""
config wrong-token "certificate-authority: ca.crt" "token: wrong"
config intruder "certificate-authority: ca.crt" "client-certificate: intruder.crt, client-key: intruder.key"
config no-file "certificate-authority: none.crt" "token: s3cret"
config plugin "certificate-authority: ca.crt" "exec: {command: aws}"

for way in files inline token token-file insecure; do
	check "$way is let in" within 10 says "No rollouts in namespace elsewhere" "$s" list rollouts --kubeconfig "$dir/$way"
done
for way in stranger nobody wrong-token intruder no-file plugin; do
	check "$way is not" fails "$s" list rollouts --kubeconfig "$dir/$way"
done
check "an unknown authority is told" says "certificate" "$s" list rollouts --kubeconfig "$dir/stranger"
check "so is a refused person" says "401" "$s" list rollouts --kubeconfig "$dir/nobody"
check "so is a file that is not there" says "none.crt" "$s" list rollouts --kubeconfig "$dir/no-file"
check "so is a credential plugin" says "credential plugins are not built yet" "$s" list rollouts --kubeconfig "$dir/plugin"
check "--namespace wins" says "namespace here" "$s" list rollouts -n here --kubeconfig "$dir/inline"
check "--context of none" says 'there is no context "x"' "$s" list rollouts --context x --kubeconfig "$dir/inline"
check "a broken kubeconfig is told by line" says "line 2, column 1" sh -c "echo '{' >'$dir/broken'; '$s' list rollouts --kubeconfig '$dir/broken'"

# Watches over TLS too; and a token that is changed in its file is used from then on.
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
check "a watch over TLS" says Healthy "$s" status myapp -n default --timeout 20s --kubeconfig "$dir/token-file"
printf 'wrong\n' >"$dir/token.txt"
check "a token file is read anew" says 401 "$s" list rollouts --kubeconfig "$dir/token-file"
kill $proxy
wait $proxy 2>/dev/null
