#!/bin/bash
# Webhooks that are cut, without end, of wrong lengths, wrongly signed, nested deeply, or many at once: each has an end and a response, none
# makes anything be written, and one that is right is followed all the while.
. "$(dirname "$0")/lib.sh"
. tests/e2e/hostile.lib.sh
ulimit -n 4096
dev --without controller,mesh,prometheus,app,load
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
kubectl create namespace argocd >/dev/null
kubectl create secret generic argocd-secret -n argocd --from-literal=webhook.github.secret=hush >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  source: {repoURL: "https://git.test/a/b", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: default}
Y
port=$(free_port) health=$(free_port)
start() { # PROGRAM
	# The rollouts alone: an Application that is refreshed here stays marked, so that each mark can be counted.
	"$1" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort 0 --healthzPort "$health" \
		--webhookPort "$port" >>"$dir/controller.log" 2>&1 &
	controller=$!
	within 20 curl -sf -o /dev/null "http://127.0.0.1:$health/healthz"
}
web=$server/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web
marked() { curl -sf "$web" | grep -q '"argocd.argoproj.io/refresh"'; }
unmark() { curl -sf -o /dev/null -X PATCH -H 'Content-Type: application/merge-patch+json' "$web" -d '{"metadata":{"annotations":null}}'; }
head='POST /api/webhook HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: push\r\n'
push='{"ref":"refs/heads/main","repository":{"html_url":"https://git.test/a/b","default_branch":"main"}}'
signature() { openssl dgst -sha256 -hmac hush <"$1" | sed 's/.* /sha256=/'; }
# raw TEXT: sends it on a connection of its own, and prints the status of the response before the connection ends; "closed": nothing is.
raw() {
	local line=
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	(
		trap '' PIPE # the server may close the connection first
		printf '%b' "$1" >&5 2>/dev/null
	)
	read -r line <&5
	exec 5>&-
	set -- $line
	echo "${2:-closed}"
}
# ended TEXT: the same for a server that closes the connection while there is more to read: the status may be lost on the way.
ended() {
	case $(raw "$1") in
	4* | closed) echo ended ;;
	esac
}
# signed BODY: sends it as it should be; the status.
signed() {
	printf '%s' "$1" >"$dir/body"
	curl -s -m 60 -o /dev/null -w '%{http_code}' -H 'X-GitHub-Event: push' -H "X-Hub-Signature-256: $(signature "$dir/body")" --data-binary @"$dir/body" \
		"http://127.0.0.1:$port/api/webhook"
}
followed() { unmark; [ "$(signed "$push")" = 200 ] && marked; }
# refused NAME STATUS COMMAND...: the response, and that nothing was marked.
refused() {
	local name=$1 status=$2
	shift 2
	unmark
	check "$name" says "$status" "$@"
	check "$name: nothing is refreshed" fails marked
}
start "$SLUICE"
check "one that is right is followed" followed
printf '%s' "$push" >"$dir/body"
sum=$(signature "$dir/body")
sign="X-Hub-Signature-256: $sum\r\n"
length=${#push}
refused "a wrong signature" 401 raw "${head}X-Hub-Signature-256: sha256=${sum:8:63}\r\nContent-Length: $length\r\n\r\n$push"
refused "another body's signature" 401 raw "${head}${sign}Content-Length: $((length + 1))\r\n\r\n$push "
refused "no signature" 401 raw "${head}Content-Length: $length\r\n\r\n$push"
refused "a length that is too short" 401 raw "${head}${sign}Content-Length: $((length - 1))\r\n\r\n$push"
refused "a length that is too long" closed raw "${head}${sign}Content-Length: $((length + 1))\r\n\r\n$push"
refused "a negative length" 4 raw "${head}${sign}Content-Length: -1\r\n\r\n$push"
refused "a length beyond 64 bits" 4 raw "${head}${sign}Content-Length: 99999999999999999999\r\n\r\n$push"
refused "a length of a gigabyte" 413 raw "${head}${sign}Content-Length: 1073741824\r\n\r\n$push"
refused "a length that is none" 4 raw "${head}${sign}Content-Length: many\r\n\r\n$push"
refused "a chunk that is none" ended ended "${head}${sign}Transfer-Encoding: chunked\r\n\r\nxyz\r\n$push\r\n0\r\n\r\n"
refused "a chunk beyond 64 bits" ended ended "${head}${sign}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n$push\r\n0\r\n\r\n"
refused "a body that is cut" closed raw "${head}${sign}Content-Length: $length\r\n\r\n${push:0:20}"
refused "chunks that are cut" closed raw "${head}${sign}Transfer-Encoding: chunked\r\n\r\n5\r\n{\"re"
refused "a header that is cut" closed raw "${head}X-Hub-Sig"
refused "a header that is too long" ended ended "${head}X-Long: $(head -c 100000 /dev/zero | tr '\0' x)\r\n\r\n"
refused "what is not HTTP" closed raw '\x16\x03\x01\x02\r\n\r\n'
refused "another method" 405 raw "GET /api/webhook HTTP/1.1\r\nHost: x\r\n\r\n"

deep=$(printf '[%.0s' $(seq 20000))$(printf ']%.0s' $(seq 20000))
signed_refused() { refused "$1" "$2" signed "$3"; }
signed_refused "signed, and nested deeply" 4 "$deep"
signed_refused "signed, and nested deeply within" 4 "${push%\}},\"x\":$deep}"
signed_refused "signed, and no JSON" 4 '<html>'
signed_refused "signed, and empty" 4 ''
signed_refused "signed, and cut" 4 "${push:0:40}"
signed_refused "signed, with a key that is there twice" 4 "${push%\}},\"ref\":\"refs/heads/other\"}"
for body in 7 '[]' '{}' null '"x"' '{"ref":7,"repository":[]}' '{"ref":"refs/heads/main","repository":{"html_url":7}}' \
	'{"ref":"refs/heads/main","repository":{"html_url":[{}]},"commits":7}' '{"ref":null,"repository":null}'; do
	signed_refused "signed, and $body" "" "$body"
done
check "one that is right is followed after them" followed

# Many at once: silent ones, ones that send a byte from time to time, and ones that send as fast as they can.
head -c 1000000 /dev/zero | tr '\0' x >"$dir/long"
many() { # SECONDS
	for i in $(seq 60); do
		{ printf "${head}Content-Length: 1048000\r\nX-Hub-Signature-256: sha256=$(printf '%064d' "$i")\r\n\r\n"; cat "$dir/long"; sleep "$1"; } >"/dev/tcp/127.0.0.1/$port" &
		{ printf "$head"; sleep "$1"; } >"/dev/tcp/127.0.0.1/$port" &
		while printf x; do sleep 1; done >"/dev/tcp/127.0.0.1/$port" &
	done 2>/dev/null
}
# Established, or left by the client only (states 01 and 08).
none_is_open() { ! awk '{ print $2, $4 }' /proc/net/tcp | grep -q ":$(printf '%04X' "$port") 0[18]"; }
kill $controller && wait $controller
start ./sluice
check "another controller follows" followed
before=$(peak $controller)
(many 10; sleep 12; kill $(jobs -p)) 2>/dev/null &
crowd=$!
sleep 2
check "one that is right is followed among many" within 10 followed
wait $crowd
grown=$(($(peak $controller) - before))
check "many fill no memory (grown by $grown KiB)" test "$grown" -lt 40000
check "and leave no connection open" within 30 none_is_open
check "and one that is right is followed after them" followed
kill $controller && wait $controller
