#!/bin/bash
# Rollouts in a browser: the API, its streams and actions, the page, and the clients that it refuses.
. "$(dirname "$0")/lib.sh"
dev --without mesh,prometheus,app,load
port=$(free_port) shown=$(free_port)
mkfifo "$dir/enter"
exec 9<>"$dir/enter"
"$SLUICE" dashboard -p $port --user sluice >"$dir/dashboard.log" 2>&1 <"$dir/enter" 9>&- &
dashboard=$!
"$SLUICE" dashboard -p $shown --read-only --root-path board --namespace default --listen-address 127.0.0.2 >"$dir/read-only.log" 2>&1 &
read_only=$!
at=http://127.0.0.1:$port
api=$at/api/v1/rollouts
curl() { command curl -b "$dir/jar" "$@"; }
get() { curl -s "$api/$1"; }
put() { curl -s -X PUT "$api/$1" -d "${2:-}"; }
code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
exchange() { command curl -s -o "$dir/exchanged" -w '%{http_code}' -X POST "$at/api/v1/session" -d "{\"code\": \"$1\"}" "${@:2}"; }
addresses() { [ "$(grep -c '#code=' "$dir/dashboard.log")" = "$1" ]; }
field() { get default/myapp/info | grep -qF "$1"; }

check "it says where it is" within 10 grep -q "^http://127.0.0.1:$port/rollouts/#code=" "$dir/dashboard.log"
first=$(address "$dir/dashboard.log") first=${first##*=}
check "without a session nothing can be read" says 401 code "$api/info"
check "... which says what to do" says "press Enter where \`sluice dashboard\` runs" get info
check "nor its version" says 401 code "$at/api/v1/version"
check "nor watched" says 401 code "$api/info/watch"
check "nor changed" says 401 code -X PUT "$api/default/myapp/abort"
for path in api/v1/rollouts/info //api/v1/rollouts/info /rollouts//api//v1/rollouts/info api%2fv1/rollouts/info /%61pi/v1/rollouts/info "$at/api/v1/rollouts/info"; do
	check "nor under the path $path" says 40 code --path-as-is --request-target "$path" "$at/"
done
check "a guess" says 401 exchange 00
check "... is no session" says 401 code "$api/info"
check "a code from another site's page" says 403 exchange "$first" -H "Origin: http://evil.example"
check "... or of another port" says 403 exchange "$first" -H "Origin: http://127.0.0.1:1"
check "the code opens a session" says 200 exchange "$first" -H "Origin: http://127.0.0.1:$port" -c "$dir/jar" -D "$dir/headers"
check "... by a cookie that no script reads, and no other site sends" grep -qi "^set-cookie: sluice-$port=[0-9a-f]\{64\}; Path=/; HttpOnly; SameSite=Strict" "$dir/headers"
check "the session has its user" says "{" curl -s "$at/api/v1/session"
check "the code opens no second one" says 401 exchange "$first"
check "... which says why" grep -q "was used before" "$dir/exchanged"
echo >&9
check "Enter prints another" within 10 addresses 2
check "which opens a session too" open_session "$dir/dashboard.log" "$dir/other"
check "a code is 256 bits, and never the same" [ "${#first}" = 64 -a "$(grep '#code=' "$dir/dashboard.log" | sort -u | wc -l)" = 2 ]
check "a session ends" says 200 sh -c "command curl -s -o /dev/null -w '%{http_code}' -b '$dir/other' -X DELETE $at/api/v1/session"
check "... and its cookie is worth nothing" says 401 sh -c "command curl -s -o /dev/null -w '%{http_code}' -b '$dir/other' $api/info"
check "no line of the output has a session" fails grep -qF "$(awk '/sluice-/ { print $7 }' "$dir/jar")" "$dir/dashboard.log"
check "version" says '{"rolloutsVersion":' curl -s "$at/api/v1/version"
check "no rollout yet" within 10 says '{"rollouts":[]}' get info
curl -sN "$api/info/watch" >"$dir/stream" &
curl -sN -H 'Accept: text/event-stream' "$api/default/info/watch" >"$dir/events" &
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
check "it becomes healthy" within 20 field '"status":"Healthy","icon":"✔"'
check "its pods" field '"status":"Running","icon":"✔","ready":"1/1","restarts":0'
check "its steps" field '"steps":[{"setWeight":'
check "each step has a label" field '"stepLabels":["weight '
check "namespaces" says '"availableNamespaces":["default"],"readOnly":false' curl -s "$at/rollouts/api/v1/namespace"
# compared NAME COURSE: a run of the Rollout with a comparison.
compared() {
	kubectl create -f - >/dev/null <<-Y
		apiVersion: argoproj.io/v1alpha1
		kind: AnalysisRun
		metadata:
		  name: $1
		  ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: myapp, controller: true, uid: $(kubectl get ro myapp -o 'jsonpath={.metadata.uid}')}]
		spec: {terminate: true, metrics: [{name: errors, provider: {plugin: {sluice/compare: {bad: a, total: b}}}}]}
		status:
		  phase: Failed
		  metricResults: [{name: errors, phase: Failed, measurements: [{phase: Failed, metadata: {canary: 37 of 1240 bad, course: '$2'}}]}]
	Y
}
compared worse '{"from":"2026-12-01T12:00:00Z","to":"2026-12-01T12:00:30Z","every":15,"stop":[10,2100],"pass":[-10,-20],"canary":[null,300],"stable":[1,2],"stopAt":100,"passAt":10}'
check "a comparison has its numbers" within 10 field '"comparison":{"numbers":[{"name":"canary","text":"37 of 1240 bad"}],'
check "and its course" field '"course":{"from":"2026-12-01T12:00:00Z","to":"2026-12-01T12:00:30Z","every":15,"stop":[10,2100],"pass":[-10,-20],"canary":[null,300],"stable":[1,2],"stopAt":100,"passAt":10}'
kubectl delete analysisrun worse >/dev/null
compared malformed '{"from":"2026-12-01T12:00:00Z","stop":[10]}'
check "a malformed course is left out" within 10 field '"name":"malformed"'
check "with its numbers" fails field '"comparison"'
kubectl delete analysisrun malformed >/dev/null
check "a namespace's list" says '"name":"myapp"' get default/info
check "another namespace's" says '{"rollouts":[]}' get other/info
check "one that is not there" says '"code":5' get default/nothing/info
check "... is 404" says 404 code "$api/default/nothing/info"

check "set image" says '"image":"myregistry/myapp:v2"' put default/myapp/set/myapp/myregistry/myapp/v2
check "it pauses" within 20 field '"status":"Paused"'
check "the canary has its role" field '"canary":true'
check "promote" says '"kind":"Rollout"' put default/myapp/promote '{"name": "myapp"}'
check "abort" says '"abort":true' put default/myapp/abort
check "it is aborted" within 10 field '"status":"Degraded"'
check "retry" says '"kind":"Rollout"' put default/myapp/retry
check "promote to the end" says '"promoteFull":true' put default/myapp/promote '{"full": true}'
check "it is whole again" within 20 field '"status":"Healthy"'
check "undo" says '"image":"myregistry/myapp:v1"' put default/myapp/undo/1
check "restart" says '"restartAt":' put default/myapp/restart
check "a command that fails says why" says "has no revision 77" put default/myapp/undo/77
check "a revision that there is not is a bad request" says 400 code -X PUT "$api/default/myapp/undo/77"
check "a container that there is not" says 'want CONTAINER=IMAGE' put default/myapp/set/nope/image/v1
check "a name is never a flag" says '"code":5' put default/--full/promote
check "a verb that there is not" says '"code":5' put default/myapp/frobnicate
check "a body that is no JSON" says '"code":3' put default/myapp/promote '{'
check "a body without end" says '"code":3' sh -c "head -c 100000 /dev/zero | curl -s -X PUT '$api/default/myapp/promote' --data-binary @-"
# The list and the detail of a rollout that the controller has not seen yet: it is stopped while the rollout is
# promoted and changed.
check "an update that pauses" says '"image":"myregistry/myapp:v3"' put default/myapp/set/myapp/myregistry/myapp/v3
check "before the controller is stopped" within 20 field '"status":"Paused"'
controller=$(pgrep -P "$dev_pid" -f " controller ")
kill -STOP "$controller"
waits() { get default/info | grep -qF "\"message\":\"$1\"" && field "\"status\":\"Progressing\"" && field "\"message\":\"$1\""; }
check "a promotion" says '"kind":"Rollout"' put default/myapp/promote '{"name": "myapp"}'
check "is waited for, and not paused any more" within 10 waits "waiting for rollout to unpause"
check "another version" says '"image":"myregistry/myapp:v4"' put default/myapp/set/myapp/myregistry/myapp/v4
check "is waited for too" within 10 waits "waiting for rollout spec update to be observed"
kill -CONT "$controller"
check "once it is seen the status says it" within 20 field '"status":"Paused"'
check "a deleted rollout" kubectl delete rollout myapp
check "the stream reports creation, change and deletion" within 5 sh -c "grep -q '\"type\":\"ADDED\"' '$dir/stream' && grep -q '\"type\":\"MODIFIED\"' '$dir/stream' &&
	tail -n 1 '$dir/stream' | grep -qF '{\"result\":{\"type\":\"DELETED\",\"rolloutInfo\":{\"objectMeta\":{\"name\":\"myapp\",\"namespace\":\"default\"}}}}'"
check "so did the events" grep -q '^data: {"result":{"type":"ADDED"' "$dir/events"

check "the page" says '<title>Sluice</title>' curl -s "$at/rollouts/"
check "its script" says 'EventSource' curl -s "$at/rollouts/page.js"
check "its style" says 'prefers-color-scheme' curl -s "$at/rollouts/page.css"
check "the root leads there" says "$at/rollouts/" curl -s -o /dev/null -w '%{redirect_url}' "$at/"
check "no other file" says 404 code "$at/rollouts/../cli/main.c" --path-as-is
check "a name that was made to lead here" says 403 code -H "Host: rebound.example" "$at/rollouts/"
check "another site's script" says 403 code -H "Sec-Fetch-Site: cross-site" -X PUT "$api/default/myapp/abort"
check "another port's script" says 403 code -H "Origin: http://127.0.0.1:1" -X PUT "$api/default/myapp/abort"
check "no preflight is accepted" fails curl -sf -X OPTIONS "$api/default/myapp/abort"
check "elsewhere it only shows" says "needs --read-only" "$SLUICE" dashboard --listen-address 127.0.0.2
check "elsewhere it has a code too" open_session "$dir/read-only.log" "$dir/jar"
check "read only" within 10 says '"readOnly":true' curl -s "http://127.0.0.2:$shown/board/api/v1/namespace"
check "... means it" says '"code":7' curl -s -X PUT "http://127.0.0.2:$shown/api/v1/rollouts/default/myapp/abort"
check "the dashboard serves the Host of its settings" says 200 code -H "Host: board.example" "http://127.0.0.2:$shown/board/"
check "a port is a number" says '"many" is not a port' "$SLUICE" dashboard -p many
check "a port that is taken" says "cannot listen on 127.0.0.1 port $port" "$SLUICE" dashboard -p $port
# A stream ends only when its client does: the code of one that is refused comes while the others are open.
for i in $(seq 210); do
	command curl -s -o /dev/null -w '%{http_code}\n' -b "$dir/jar" "$api/info/watch" >>"$dir/codes" &
	streams[i]=$!
done
check "too many streams" within 20 grep -q 503 "$dir/codes"
kill "${streams[@]}" 2>/dev/null
wait "${streams[@]}" 2>/dev/null
sed 's#server: .*#server: http://127.0.0.1:1#' "$KUBECONFIG" >"$dir/nowhere"
check "no server" says "Check that the API server runs" timeout 200 "$SLUICE" dashboard -p 0 --kubeconfig "$dir/nowhere"
kill $dashboard $read_only
wait $dashboard $read_only
check "the dashboard prints how it is ended" grep -q "Ctrl-C ends the dashboard" "$dir/dashboard.log"
