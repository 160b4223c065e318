#!/bin/bash
# The dashboard of a team: users log in with an OpenID provider (tests/oidc). Each thing that can be wrong with a login is refused.
. "$(dirname "$0")/lib.sh"
dev --without mesh,prometheus,app,load
build/oidc >"$dir/oidc.out" 2>"$dir/oidc.log" &
oidc=$!
within 10 grep -q port "$dir/oidc.out"
read -r _ provider <"$dir/oidc.out"
provider=http://127.0.0.1:$provider
port=$(free_port) other=$(free_port)
at=http://127.0.0.1:$port

# server PORT LOG: starts a replica on this port. Its standard error is the log.
server() { exec "$SLUICE" server --token "$account" -p "$1" --listen-address 127.0.0.1 --healthzPort 0 --impersonate-groups developers >>"$dir/$2" 2>&1; }
provider_set() { curl -sf -o /dev/null "$provider/set?$1"; }
code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
location() { curl -s -o /dev/null -w '%{redirect_url}' "$@"; }
# login JAR [PATH]: as a browser does, up to the page. Prints the status and the URL of the last page.
login() { curl -sL -o "$dir/page" -w '%{http_code} %{url_effective}' -b "$1" -c "$1" "$at/auth/login?return_url=${2-/}"; }
# begin JAR: up to the provider's return; prints the URL of the callback, which is not requested.
begin() { location -b "$1" -c "$1" "$(location -b "$1" -c "$1" "$at/auth/login")"; }
session() { curl -s -b "$1" "$at/api/v1/session"; }
csrf() { session "$1" | sed -n 's/.*"csrfToken":"\([0-9a-f]*\)".*/\1/p'; }
logout() { curl -s -b "$1" -c "$1" -X DELETE -H "X-CSRF-Token: $(csrf "$1")" "$at/api/v1/session"; }
counts() { curl -sf "$provider/counts"; }
# refused FAULT TEXT: a login with this fault of the provider ends with 401 and this text, and without a session.
refused() {
	provider_set "fault=$1"
	rm -f "$dir/bad"
	says "401 $at/auth/callback" login "$dir/bad" && grep -qF "$2" "$dir/page" && says 401 code -b "$dir/bad" "$at/api/v1/session"
}

kubectl create namespace argocd >/dev/null
# The replicas have the ServiceAccount of deploy/server, and only its permissions.
"$SLUICE" kustomize deploy/server | kubectl apply -f - >/dev/null
kubectl delete secret sluice-server-sessions -n argocd >/dev/null
kubectl apply -f - >/dev/null <<'Y'
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: argocd, annotations: {kubernetes.io/service-account.name: sluice-server}}
type: kubernetes.io/service-account-token
Y
check "deploy/server has a ServiceAccount" within 20 sh -c "kubectl get secret token -n argocd -o 'jsonpath={.data.token}' | grep -q ."
account=$(kubectl get secret token -n argocd -o 'jsonpath={.data.token}' | base64 -d)
check "without settings it does not start" says "argocd-cm" "$SLUICE" server -p 0 --healthzPort 0
configmap() { kubectl create configmap "$1" -n argocd "${@:2}" --dry-run=client -o yaml | kubectl apply -f - >/dev/null; }
configmap argocd-cm --from-literal=url="$at/"
check "... nor without a provider" says "has no oidc.config" "$SLUICE" server -p 0 --healthzPort 0
configmap argocd-cm --from-literal=url="$at/" --from-literal=oidc.config="{name: Test, issuer: '$provider', clientID: sluice, clientSecret: \$oidc.secret, cliClientID: cli, userInfoPath: /x}"
check "... nor without the Secret that it names" says 'clientSecret: Secret argocd-secret has no key oidc.secret' "$SLUICE" server -p 0 --healthzPort 0
kubectl create secret generic argocd-secret -n argocd --from-literal=oidc.secret=s3cret >/dev/null
server $port server.log &
first=$!
server $other other.log &
second=$!
check "it starts" within 20 grep -q "the dashboard listens" "$dir/server.log"
check "what has no effect is named" grep -q "userInfoPath (groups are read from the ID token only)" "$dir/server.log"
check "without the Secret of the sessions there is no login" says 503 login "$dir/jar"
check "... which the log explains" grep -q "Secret sluice-server-sessions does not exist: apply deploy/server" "$dir/server.log"
kubectl create secret generic sluice-server-sessions -n argocd >/dev/null

check "without a session the API is refused" says 401 code "$at/api/v1/rollouts/info"
check "... and its streams" says 401 code "$at/api/v1/rollouts/info/watch"
check "... and a change" says 401 code -X PUT "$at/api/v1/rollouts/default/myapp/abort"
check "the page leads to the login" says "$at/auth/login?return_url=%2F" location -H 'Accept: text/html' "$at/"
check "another host is refused" says 403 code -H "Host: rebound.example" "$at/auth/login"
check "a user logs in" says "200 $at/" login "$dir/jar"
[ "$bad" = 0 ] || exit 1
check "... and is known" says '{"user":"ada","name":"ada@example.org","groups":["developers"],"csrfToken":"' session "$dir/jar"
check "... and sees Rollouts" says '{"rollouts":[]}' curl -s -b "$dir/jar" "$at/api/v1/rollouts/info"
check "... and at another replica" says '"user":"ada"' curl -s -b "$dir/jar" -H "Host: 127.0.0.1:$port" "http://127.0.0.1:$other/api/v1/session"
check "the cookie is out of reach of scripts and other sites" sh -c "grep -q '#HttpOnly_127.0.0.1.*sluice-session' '$dir/jar'"
check "the request uses PKCE, state and nonce" sh -c "curl -s -o /dev/null -w '%{redirect_url}' '$at/auth/login' | grep -q 'state=[0-9a-f]\{64\}&nonce=[0-9a-f]\{64\}&code_challenge=[A-Za-z0-9_-]\{43\}&code_challenge_method=S256'"

# Changes need the CSRF token.
change() { curl -s -b "$dir/jar" -X PUT "$@" "$at/api/v1/rollouts/default/none/abort"; }
check "a change without a CSRF token is refused" says "X-CSRF-Token is not" change
check "... with another one too" says "X-CSRF-Token is not" change -H "X-CSRF-Token: $(printf '0%.0s' $(seq 64))"
token=$(csrf "$dir/jar")
check "... with the right one it is not" says "you may not list" change -H "X-CSRF-Token: $token"

# Kubernetes decides by the groups that the installation lists what a user can see.
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
kubectl create clusterrole seer --verb=get,list,watch,patch --resource=rollouts.argoproj.io,rollouts.argoproj.io/status >/dev/null
kubectl create rolebinding seers -n default --clusterrole=seer --group=sluice:developers --group=sluice:interns --group=developers >/dev/null
provider_set "user=eve&groups=interns,system:masters,sluice:developers"
login "$dir/eve" >/dev/null
provider_set "user=ada&groups=developers"
rollouts() { curl -s -b "$dir/$1" "$at/api/v1/rollouts/default/info"; }
check "a member of a listed group sees Rollouts" within 30 says '"name":"myapp"' rollouts jar
check "... and changes them" says '"restartAt":' curl -s -b "$dir/jar" -X PUT -H "X-CSRF-Token: $token" "$at/api/v1/rollouts/default/myapp/restart"
check "another user sees none" fails says '"name":"myapp"' rollouts eve
check "... and changes none" says '"code":' curl -s -b "$dir/eve" -X PUT -H "X-CSRF-Token: $(csrf "$dir/eve")" "$at/api/v1/rollouts/default/myapp/retry"
check "a prefix of Kubernetes is refused" says '"system:"' "$SLUICE" server --impersonate-prefix system:
check "... a group too" says "Kubernetes' own" "$SLUICE" server --impersonate-groups system:masters

# Applications are read, and synced, with the permissions of the ServiceAccount.
configmap argocd-rbac-cm --from-literal=policy.csv="p, role:dev, applications, *, shop/*, allow
g, developers, role:dev"
kubectl apply -f - >/dev/null <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop, namespace: argocd}
spec: {sourceNamespaces: [default]}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec: {project: shop, source: {repoURL: "https://git.example/web", path: .}, destination: {server: https://kubernetes.default.svc, namespace: shop}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: team, namespace: default}
spec: {project: shop, source: {repoURL: "https://git.example/web", path: .}, destination: {server: https://kubernetes.default.svc, namespace: shop}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: foreign, namespace: kube-system}
spec: {project: shop, source: {repoURL: "https://git.example/web", path: .}, destination: {server: https://kubernetes.default.svc, namespace: shop}}
Y
applications() { curl -s -b "$dir/jar" "$at/api/v1/applications" | jq -c '[.items[].metadata.name]'; }
check "Applications are shown with the permissions of deploy/server, from the namespaces of their project" within 20 says '["web","team"]' applications
check "... and synced" says 200 code -b "$dir/jar" -X POST -H "X-CSRF-Token: $token" "$at/api/v1/applications/web/sync"
check "the log has who did what" grep -q "a user changes an object user=ada verb=sync kind=Application object=argocd/web" "$dir/server.log"
check "... with Rollouts too" grep -q "a user changes an object user=ada verb=restart kind=Rollout object=default/myapp" "$dir/server.log"
check "the log has no request that was refused" fails grep -iE "forbidden|Applications are not shown" "$dir/server.log"
check "an identity for all requests is refused" says "impersonates its users itself" "$SLUICE" server --token "$account" --as bob --impersonate-groups developers

# Other sites.
check "another site's script is refused" says 403 code -b "$dir/jar" -H "Sec-Fetch-Site: cross-site" -H "Sec-Fetch-Mode: cors" "$at/api/v1/session"
check "... but a link is not" says 200 code -b "$dir/jar" -H "Sec-Fetch-Site: cross-site" -H "Sec-Fetch-Mode: navigate" -H "Sec-Fetch-Dest: document" "$at/"

# Streams: a limit for each user, and an end with the session.
login "$dir/streams" >/dev/null
streams=()
for _ in $(seq 16); do
	curl -sN -o /dev/null -b "$dir/streams" "$at/api/v1/rollouts/default/info/watch" &
	streams+=($!)
done
check "a user has 16 streams at most" within 1 says 503 code -m 2 -b "$dir/jar" "$at/api/v1/rollouts/default/info/watch"
logout "$dir/streams" >/dev/null
ended() { fails kill -0 "${streams[@]}" 2>/dev/null; }
check "a logout ends the streams of its session" within 1 ended

# Return paths.
check "the login returns to where it began" says "$at/x?y=1" login "$dir/return" "%2Fx%3Fy%3D1"
for path in //evil.example '/\evil.example' https://evil.example 'javascript:alert(1)' '%2F%09/evil.example' '%2F%2Fevil.example'; do
	check "a login never leads to $path" says "200 $at/" login "$dir/return" "$path"
done

# A login that is not this browser's, or not this time's.
callback=$(begin "$dir/one")
check "another browser cannot finish a login" says 401 code "$callback"
check "... even if it has started one" sh -c "curl -s -o /dev/null -c '$dir/two' '$at/auth/login'; [ \$(curl -s -o /dev/null -w '%{http_code}' -b '$dir/two' '$callback') = 401 ]"
# The cookie is found by the first digits of the state.
state=${callback##*state=}
wrong() { curl -s -b "$dir/one" "${callback%state=*}state=$1"; }
check "a wrong state is refused" says "the state is not that of the login" wrong "${state:0:16}$(printf '0%.0s' $(seq 48))"
check "... one that names no login too" says "has not started this login" wrong 0000
check "no state too" says 401 code -b "$dir/one" "${callback%&state=*}"
check "an error of the provider is named, and nothing else of it" says "the provider has refused the login: access_denied" \
	curl -s -b "$dir/one" "$at/auth/callback?error=access_denied&error_description=%3Cscript%3E&state=${callback##*state=}"
cp "$dir/one" "$dir/kept"
check "the browser that started it finishes it" says 302 code -b "$dir/one" -c "$dir/one" "$callback"
check "the code opens no second session" says 401 code -b "$dir/kept" "$callback"
check "... which is the provider's response" grep -q "invalid_grant" "$dir/server.log"
# A new code for the same state and nonce, as a provider gives who repeats the request.
request=$(location -b "$dir/three" -c "$dir/three" "$at/auth/login")
callback=$(location "$request")
again=$(location "$request")
check "a login is finished once" says 302 code -b "$dir/three" "$callback"
check "... and not again with another code" says 401 code -b "$dir/three" "$again"
check "... which the log explains" grep -q "this login was used before" "$dir/server.log"

# Tabs of one browser: each login has a cookie of its own.
one=$(begin "$dir/tabs") two=$(begin "$dir/tabs")
check "a login of one tab is finished" says 302 code -b "$dir/tabs" -c "$dir/tabs" "$one"
check "... and the one of another tab, which began in the meantime" says 302 code -b "$dir/tabs" -c "$dir/tabs" "$two"
check "... with a session" says 200 code -b "$dir/tabs" "$at/api/v1/session"
# Which of the first five is replaced is open, as they begin in the same second.
for _ in 1 2 3 4 5 6; do
	two=$(begin "$dir/many")
	echo "$two" >>"$dir/begun"
done
check "a browser has five logins unfinished" [ "$(grep -c sluice-login "$dir/many")" = 5 ]
while read -r one && grep -q "sluice-login-$(sed 's/.*state=\(.\{16\}\).*/\1/' <<<"$one")" "$dir/many"; do :; done <"$dir/begun"
check "... of which the newest is finished" says 302 code -b "$dir/many" "$two"
check "... and the one that was replaced is explained" says "has not started this login, or has lost its cookie: log in again" curl -s -b "$dir/many" "$one"

# Tokens that are not those of a login here.
check "a token of another issuer" refused issuer "of another issuer"
check "for another audience" refused audience "another audience"
check "with another nonce" refused nonce "its nonce is wrong"
check "that has expired" refused expired "has expired"
check "from the future" refused future "issued in the future"
check "without a signature" refused unsigned "not signed with an algorithm of the provider"
check "with the public key as a password, though the provider lists HS256" refused hs256 "not signed with an algorithm of the provider"
check "with the signature of another key" refused signature "the signature of the token is wrong"
check "with a key that is not known" refused unknown-key "no key for the token"
check "no token at all" refused no-token "has no ID token"
provider_set fault=status
check "a provider that is out of order is not the user's fault" says 503 login "$dir/bad"
provider_set fault=none
check "after all that a login succeeds" says "200 $at/" login "$dir/good"

# Keys.
before=$(counts)
provider_set fault=unknown-key
for _ in 1 2 3; do login "$dir/bad" >/dev/null; done
provider_set fault=none
check "invented keys cause no more than one request in half a minute" [ $(($(counts | cut -d' ' -f4) - $(cut -d' ' -f4 <<<"$before"))) -le 1 ]

# Bearer tokens.
bearer() { code -H "Authorization: Bearer $1" "$at/api/v1/session"; }
check "an ID token is a credential" says 200 bearer "$(curl -s "$provider/mint?aud=cli")"
check "... of the audience of the server too" says 200 bearer "$(curl -s "$provider/mint?aud=sluice")"
check "... of no other audience" says 401 bearer "$(curl -s "$provider/mint?aud=other")"
check "it needs no CSRF token, since no browser sends it" says "not found" curl -s -X PUT -H "Authorization: Bearer $(curl -s "$provider/mint?aud=cli")" "$at/api/v1/rollouts/default/none/abort"
check "a wrong one" says 401 bearer a.b.c
check "... is refused although there is a session" says 401 code -b "$dir/jar" -H "Authorization: Bearer a.b.c" "$at/api/v1/session"

# Logout.
cp "$dir/jar" "$dir/stolen"
check "logout needs the CSRF token" says 403 code -b "$dir/jar" -X DELETE "$at/api/v1/session"
check "logout leads to the provider" says "{\"location\":\"$provider/end?client_id=sluice&post_logout_redirect_uri=" logout "$dir/jar"
check "a stolen cookie is worth nothing then" says 401 code -b "$dir/stolen" "$at/api/v1/session"
gone() { says 401 code -b "$dir/stolen" -H "Host: 127.0.0.1:$port" "http://127.0.0.1:$other/api/v1/session"; }
check "... nor at the other replica, after a second at most" within 5 gone
check "others stay" says '"user":"ada"' session "$dir/good"
check "a session that an administrator deletes ends" sh -c "kubectl patch secret sluice-server-sessions -n argocd --type merge -p '{\"data\": null}'"
gone() { says 401 code -b "$dir/good" "$at/api/v1/session"; }
check "... within a second" within 5 gone

# Secrets stay secret.
login "$dir/jar" >/dev/null
cookie=$(awk '/sluice-session/ { print $7 }' "$dir/jar")
check "an id has 256 bits" [ "${#cookie}" = 43 ]
kubectl get secret sluice-server-sessions -n argocd -o yaml >"$dir/secret.yaml"
check "the Secret has no id" fails grep -qF "$cookie" "$dir/secret.yaml"
check "... but its hash" grep -q "$(printf %s "$cookie" | sha256sum | cut -d' ' -f1)" "$dir/secret.yaml"
check "no log has an id, a code, a token or the client's secret" fails grep -qE "$cookie|s3cret|eyJ|code=|$(sed 's/.*code=//; s/&.*//' <<<"$again")" "$dir/server.log" "$dir/other.log"
check "the log has who logged in" grep -q "a user has logged in user=ada" "$dir/server.log"
# Requests without a session do not fill the log.
before=$(grep -c "a login is refused" "$dir/server.log")
flood=()
for _ in $(seq 200); do flood+=(-o /dev/null "$at/auth/callback"); done
curl -sZ --parallel-max 100 "${flood[@]}"
check "of 200 refused logins the log has some" [ $(($(grep -c "a login is refused" "$dir/server.log") - before)) -le 40 ]
check "... which are slow, or refused at once" says 401 code "$at/auth/callback"

# At an https URL, which an Ingress serves.
kubectl patch configmap argocd-cm -n argocd --type merge -p '{"data": {"url": "https://sluice.example:8443/base"}}' >/dev/null
kill $second
wait $second 2>/dev/null
server $other https.log &
second=$!
check "it starts below a path" within 20 grep -q "the dashboard listens" "$dir/https.log"
secure() { curl -s -D - -o /dev/null -H "Host: sluice.example:8443" "http://127.0.0.1:$other/base/$1" "${@:2}"; }
check "cookies are for https and this host only" sh -c "curl -s -D - -o /dev/null -H 'Host: sluice.example:8443' 'http://127.0.0.1:$other/base/auth/login' |
	grep -q '^Set-Cookie: __Host-sluice-login-[0-9a-f]\{16\}=[^;]*; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure'"
check "the provider returns below the path" says "redirect_uri=https%3A%2F%2Fsluice.example%3A8443%2Fbase%2Fauth%2Fcallback" secure auth/login
check "the page leads to its login" says "Location: https://sluice.example:8443/base/auth/login?return_url=%2Fbase%2Fx" secure x -H 'Accept: text/html'
check "the host has its port" says 403 code -H "Host: sluice.example" "http://127.0.0.1:$other/base/"
kill $first $second $oidc
wait $first
check "... and the number of the others" grep -qE 'log lines were left out, as there were too many of="logins that are refused or not possible" lines=1[0-9]{2}' "$dir/server.log"
wait $first $second $oidc 2>/dev/null
