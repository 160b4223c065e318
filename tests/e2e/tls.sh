#!/bin/bash
# The way to a real API server: TLS, client certificates and tokens, from a kubeconfig, with errors that say what is wrong.
# HAProxy ends TLS in front of the laptop cluster and requires a certificate or a token.
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
certificate other ca "subjectAltName=DNS:api.example"
certificate person ca "extendedKeyUsage=clientAuth"
certificate intruder stranger "extendedKeyUsage=clientAuth"
cat server.crt server.key >server.pem
cat other.crt other.key >other.pem
other=$(free_port)
cat >haproxy.cfg <<H
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
frontend tls
  bind 127.0.0.1:$port ssl crt $dir/server.pem ca-file $dir/ca.crt verify optional crt-ignore-err all alpn h2,http/1.1
  bind 127.0.0.1:$other ssl crt $dir/other.pem ca-file $dir/ca.crt verify optional crt-ignore-err all
  http-request capture req.hdr(Impersonate-User) len 40
  http-request capture req.hdr(Impersonate-Group) len 40
  log stdout format raw local0
  log-format "%HM %HV %{+Q}HU %ST %hr %hs resumed=%[ssl_fc_is_resumed]"
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
config insecure-ca "insecure-skip-tls-verify: true, certificate-authority: ca.crt" "token: s3cret"
config plugin "certificate-authority: ca.crt" "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [say], env: [{name: TOKEN, value: s3cret}], provideClusterInfo: true}"
config no-plugin "certificate-authority: ca.crt" "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-program, installHint: get it somewhere}"
config bad-plugin "certificate-authority: ca.crt" "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./fail}"
config odd-plugin "certificate-authority: ca.crt" "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./odd}"
config cert-plugin "certificate-authority: ca.crt" "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./certificate}"
config named "certificate-authority: ca.crt, tls-server-name: api.example" "token: s3cret"
sed -i "s#127.0.0.1:$port#127.0.0.1:$other#" "$dir/named"
config misnamed "certificate-authority: ca.crt" "token: s3cret"
sed -i "s#127.0.0.1:$port#127.0.0.1:$other#" "$dir/misnamed"
config impersonating "certificate-authority: ca.crt" "token: s3cret, as: jane, as-groups: [sre]"
config proxied "certificate-authority: ca.crt, proxy-url: http://127.0.0.1:1" "token: s3cret"
config no-user "certificate-authority: ca.crt" "token: s3cret"
sed -i 's/user: u, /user: nobody, /' "$dir/no-user"
cat >"$dir/login" <<'P'
#!/bin/sh
# Prints a credential only if the cluster, the arguments and the variables are the expected ones.
echo run >>"$(dirname "$0")/runs"
case "$1 $KUBERNETES_EXEC_INFO" in 'say {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"'*'"server":"https://127.0.0.1'*) ;; *) exit 3 ;; esac
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "'"$TOKEN"'"}}'
P
printf '#!/bin/sh\nexit 7\n' >"$dir/fail"
printf '#!/bin/sh\necho hello\n' >"$dir/odd"
cat >"$dir/certificate" <<'P'
#!/bin/bash
cd "$(dirname "$0")" || exit 1
text() { awk '{ printf "%s\\n", $0 }' "$1"; }
echo "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {\"clientCertificateData\": \"$(text person.crt)\", \"clientKeyData\": \"$(text person.key)\"}}"
P
chmod +x "$dir/login" "$dir/fail" "$dir/odd" "$dir/certificate"

for way in files inline token token-file insecure plugin cert-plugin named; do
	check "$way is let in" within 10 says "No rollouts in namespace elsewhere" "$s" list rollouts --kubeconfig "$dir/$way"
done
for way in stranger nobody wrong-token intruder no-file no-plugin bad-plugin odd-plugin misnamed proxied no-user insecure-ca; do
	check "$way is not" fails "$s" list rollouts --kubeconfig "$dir/$way"
done
check "an unknown authority is an error" says "certificate" "$s" list rollouts --kubeconfig "$dir/stranger"
check "so is a refused person" says "401" "$s" list rollouts --kubeconfig "$dir/nobody"
check "so is a file that is not there" says "none.crt" "$s" list rollouts --kubeconfig "$dir/no-file"
check "so is a plugin that is not there, and where to get it" says "get it somewhere" "$s" list rollouts --kubeconfig "$dir/no-plugin"
check "so is one that fails" says "exit code 7" "$s" list rollouts --kubeconfig "$dir/bad-plugin"
check "so is one that says something else" says "is not JSON" "$s" list rollouts --kubeconfig "$dir/odd-plugin"
check "so is a user that is not there" says 'there is no user "nobody"; there are: u' "$s" list rollouts --kubeconfig "$dir/no-user"
check "so is an authority that would not be used" says "which of the two" "$s" list rollouts --kubeconfig "$dir/insecure-ca"
check "a user who is impersonated has their own permissions" says 'User "jane" cannot list' "$SLUICE" list rollouts --kubeconfig "$dir/impersonating"
check "requests have the impersonated user and group" grep -q "{jane|sre}" "$dir/haproxy.log"
"$s" list rollouts --kubeconfig "$dir/token" --as joe >/dev/null 2>&1
check "also by a flag" grep -q "{joe|" "$dir/haproxy.log"
check "a token by flag" says "No rollouts" "$s" list rollouts --kubeconfig "$dir/nobody" --token s3cret
check "a group without a user" says "need a user to act as" "$s" list rollouts --kubeconfig "$dir/token" --as-group sre

# Several files: the first to name something wins.
cat >"$dir/first" <<K
{apiVersion: v1, kind: Config, current-context: mine, contexts: [{name: mine, context: {cluster: c, user: mine, namespace: first}}]}
K
cat >"$dir/second" <<K
{apiVersion: v1, kind: Config, current-context: c, users: [{name: mine, user: {tokenFile: token.txt}}]}
K
check "several files are put together" says "No rollouts in namespace first" env KUBECONFIG="$dir/first:/not/there:$dir/second:$dir/token" "$s" list rollouts
check "none of them" says "none of the files" env KUBECONFIG="/not/there:/nor/there" "$s" list rollouts
check "--namespace wins" says "namespace here" "$s" list rollouts -n here --kubeconfig "$dir/inline"
check "--context of none" says 'there is no context "x"; there are: c' "$s" list rollouts --context x --kubeconfig "$dir/inline"
check "an error of a kubeconfig has the line" says "line 2, column 1" sh -c "echo '{' >'$dir/broken'; '$s' list rollouts --kubeconfig '$dir/broken'"

# Watches over TLS too; and a token that is changed in its file is used from then on.
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
check "a watch over TLS" says Healthy "$s" status myapp -n default --timeout 300s --kubeconfig "$dir/token-file"
printf 'wrong\n' >"$dir/token.txt"
check "a token file is read anew" says 401 "$s" list rollouts --kubeconfig "$dir/token-file"

# The server offers HTTP/2. With a libcurl that multiplexes (kube/transport_curl.c), there is one connection for watches and one for
# calls; with another one, over HTTP/1.1, a connection a watch. A plugin is run once for all of it.
rm "$dir/runs"
"$s" controller --kubeconfig "$dir/plugin" --leader-elect=false --metricsPort 0 --healthzPort 0 >"$dir/controller.log" 2>&1 &
controller=$!
check "the controller watches" within 20 grep -q watching "$dir/controller.log"
connections() { ls -l "/proc/$controller/fd" | sed -n 's/.*socket:\[\([0-9]*\)\]/\1/p' >"$dir/fds"; awk 'NR == FNR { ours[$1] = 1; next } $4 == "01" && ($10 in ours)' "$dir/fds" /proc/net/tcp | wc -l; }
if multiplexes; then least=1 most=2 version=HTTP/2 other=HTTP/1; else least=8 most=24 version=HTTP/1.1 other=HTTP/2; fi
few_connections() { [ "$(connections)" -ge $least ] && [ "$(connections)" -le $most ]; }
check "with from $least to $most connections" within 5 few_connections
check "a connection that is opened after the first ones resumes a TLS session" within 5 grep -q "resumed=1" "$dir/haproxy.log"
check "and one run of the plugin" test "$(wc -l <"$dir/runs")" = 1
kill $controller
wait $controller 2>/dev/null
check "it was $version" grep -q "$version" "$dir/haproxy.log"
check "and nothing else" fails grep -q " $other.*watch=1" "$dir/haproxy.log"
kill $proxy
wait $proxy 2>/dev/null
