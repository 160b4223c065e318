#!/bin/bash
# Connections that say nothing, say it slowly, or say too much: each has an end, and a request that is complete gets its response all the while.
. "$(dirname "$0")/lib.sh"
ulimit -n 4096
dev --without controller,mesh,prometheus,app,load
kubectl create namespace argocd >/dev/null
kubectl create secret generic argocd-secret -n argocd --from-literal=webhook.github.secret=hush >/dev/null
health=$(free_port) metrics=$(free_port) hooks=$(free_port)
# The sanitizer keeps freed memory; with little of that, the memory of the process is what it uses.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1 "$SLUICE" controller --controllers rollouts,gitops --leader-elect=false --listen-address 127.0.0.1 --metricsPort "$metrics" --healthzPort "$health" \
	--webhookPort "$hooks" --gitops-cache "$dir/cache" >"$dir/controller.log" 2>&1 &
controller=$!
alive() { curl -s -m 3 -f -o /dev/null "http://127.0.0.1:$health/healthz"; }
scraped() { curl -s -m 3 -f "http://127.0.0.1:$metrics/metrics" | grep -q rollout; }
open_files() { ls /proc/$controller/fd | wc -l; }
memory() { awk '/^VmRSS/ { print $2 }' /proc/$controller/status; }
check "it responds" within 20 alive
before=$(open_files)
# hold PORT N TEXT [EVERY]: opens N connections in this shell's child, sends the text on each, and one byte more EVERY second.
hold() {
	bash -c '
		port=$1 n=$2 text=$3 every=${4-}
		for ((i = 0; i < n; i++)); do
			exec {fd}<>/dev/tcp/127.0.0.1/$port || break
			printf "%b" "$text" >&$fd
			fds+=($fd)
		done 2>/dev/null
		echo ready
		while sleep "${every:-60}"; do
			for fd in "${fds[@]}"; do printf x >&$fd; done 2>/dev/null
		done' hold "$@" >"$dir/hold.out" 2>/dev/null &
	holder=$!
	within 60 grep -q ready "$dir/hold.out"
}
release() { kill $holder 2>/dev/null; pkill -P $holder 2>/dev/null; wait $holder 2>/dev/null; }

hold "$health" 700 ''
check "with 700 silent connections to its own port, a probe gets its response" alive
check "none of them is there for longer than its five seconds" within 12 sh -c "[ \$(ls /proc/$controller/fd | wc -l) -le $((before + 3)) ]"
release
hold "$health" 300 'GET /healthz HT'
check "with 300 that have begun a request too" alive
release
hold "$health" 100 'GET /healthz HTTP/1.1\r\nX: ' 1
check "a header that comes slowly has five seconds, and no more" within 12 sh -c "[ \$(ls /proc/$controller/fd | wc -l) -le $((before + 3)) ]"
release
hold "$health" 100 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /hea' 1
check "so has the header of a second request" within 14 sh -c "[ \$(ls /proc/$controller/fd | wc -l) -le $((before + 3)) ]"
release
hold "$metrics" 700 'GET /metrics HTTP/1.1\r\n'
check "the metrics' port is full, and the probe gets its response" alive
check "and so is a scrape" scraped
release

body() { head -c "$1" /dev/zero | tr '\0' x; }
hook() { curl -s -m 300 -o /dev/null -w '%{http_code}' -H 'X-GitHub-Event: push' "$@" "http://127.0.0.1:$hooks/api/webhook"; }
body 1048577 >"$dir/long"
body 1000000 >"$dir/body"
check "a body of more than 1 MiB is refused by its length" says 413 hook --data-binary @"$dir/long"
check "and where it says none" says 413 hook -H 'Transfer-Encoding: chunked' -H 'X-Hub-Signature-256: sha256=00' --data-binary @"$dir/long"
check "one without a signature before its body is read" says 401 hook --data-binary @"$dir/body"
check "one with a wrong signature" says 401 hook -H 'X-Hub-Signature-256: sha256=00' --data-binary @"$dir/body"
sum=$(printf '{"ref":"refs/heads/main","repository":{"html_url":"https://x/y"}}' | openssl dgst -sha256 -hmac hush | sed 's/.* //')
signed() { hook -H "X-Hub-Signature-256: sha256=$sum" --data-binary '{"ref":"refs/heads/main","repository":{"html_url":"https://x/y"}}'; }
check "one that is signed is taken" says 200 signed
rss=$(memory)
# Bodies that nearly come: what has no signature fills no memory.
cat "$dir/body" >"$dir/nearly"
for i in $(seq 40); do
	{ printf 'POST /api/webhook HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: push\r\nX-Hub-Signature-256: sha256=00\r\nContent-Length: 1048000\r\n\r\n'
		cat "$dir/nearly"; sleep 8; } >/dev/tcp/127.0.0.1/"$hooks" 2>/dev/null &
	senders+=($!)
done
sleep 2
grown=$(($(memory) - rss))
check "forty bodies that are not complete are bounded together (grown by $grown KiB)" test "$grown" -lt 30000
check "and one that is signed is taken meanwhile" within 5 says 200 signed
check "a probe too" alive
hold "$hooks" 400 'POST /api/webhook HTTP/1.1\r\n'
check "and with silent ones in all places" says 200 signed
release
wait "${senders[@]}" 2>/dev/null
kill $controller && wait $controller
