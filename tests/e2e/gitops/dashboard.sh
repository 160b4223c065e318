#!/bin/bash
# Applications in the dashboard of a laptop: lists, live updates, syncs and rollbacks, under the paths of Argo CD's API.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/web"
color() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\ndata: {sky: %s}\n' "$1" >"$repo/web/colors.yaml"
	commit "$1"
}
blue=$(color blue)
gitops gitops
web_application
sky() { kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'; }
USER=tester "$SLUICE" dashboard -p 0 >"$dir/dashboard.log" 2>&1 </dev/null &
dashboard=$!
check "the dashboard opens a session" open_session "$dir/dashboard.log" "$dir/jar"
at=$(address "$dir/dashboard.log") at=${at%%/rollouts*}/api/v1
get() { curl -s -b "$dir/jar" "$at/$1"; }
post() { curl -s -b "$dir/jar" -X POST "$at/applications/$1" -d "${2-}" -w ' %{http_code}'; }
of() { get applications/web | jq -r "$1"; }
succeeded() { [ "$(of '.status.operationState.phase + " " + (.operation|tostring)')" = "Succeeded null" ]; }

check "without a session nothing is listed" says 401 curl -s -o /dev/null -w '%{http_code}' "$at/applications"
check "an Application is listed" within 20 says '"name":"web"' get applications
check "with its health and sync state" within 20 says "Missing OutOfSync" sh -c "curl -s -b '$dir/jar' $at/applications | jq -r '.items[0].status | .health.status + \" \" + .sync.status'"
check "a list is without its resources" says null sh -c "curl -s -b '$dir/jar' $at/applications | jq '.items[0].status.resources'"
check "alone it has its resources" says colors of '.status.resources[].name'
check "its user may sync it" says true of .may.sync
curl -sN -b "$dir/jar" -H 'Accept: text/event-stream' "$at/stream/applications" >"$dir/stream" &
stream=$!
check "a stream begins with all" within 10 grep -q '^data: {"result":{"type":"ADDED","application":{' "$dir/stream"
check "one that does not exist" says '"code":5' get applications/nothing
check "... in another namespace" says 'not found in namespace shop' get 'applications/web?appNamespace=shop'
check "no other action exists" says ' 404' post web/explode
check "a body that is no JSON" says ' 400' post web/sync '{'
check "a field of another type is refused" says 'sync.revision' post web/sync '{"revision": 5}'
check "another site's script" says 403 curl -s -o /dev/null -w '%{http_code}' -b "$dir/jar" -X POST -H 'Sec-Fetch-Site: cross-site' "$at/applications/web/sync"
check "another port's script" says 403 curl -s -o /dev/null -w '%{http_code}' -b "$dir/jar" -X POST -H 'Origin: http://127.0.0.1:1' "$at/applications/web/sync"
check "none of them has synced" fails sky

check "a dry run" says ' 200' post web/sync '{"dryRun": true}'
check "... ends" within 30 succeeded
check "... and does nothing" fails sky
check "a sync" says ' 200' post web/sync '{}'
check "... is done" within 30 says blue sky
check "... for its user" within 20 says tester of '.status.history[0].initiatedBy.username'
check "the stream has the change" within 20 grep -q '"type":"MODIFIED","application":.*"Synced"' "$dir/stream"
red=$(color red)
check "another sync" within 30 succeeded
check "... of the next commit" says ' 200' post web/sync
check "... is done" within 30 says red sky
check "a rollback to an entry that does not exist" says 'has no such sync in its history' post web/rollback '{"id": 77}'
check "... is a bad request" says ' 400' post web/rollback '{"id": 77}'
check "the sync has ended" within 30 succeeded
check "a rollback" says ' 200' post web/rollback "{\"id\": $(of '.status.history[0].id')}"
check "... is done" within 30 says blue sky
check "... to that revision" within 30 says "$blue" of '.status.operationState.syncResult.revision'
check "the commits differ" [ "$blue" != "$red" ]
kubectl patch application web -n argocd --type merge -p '{"spec":{"syncPolicy":{"automated":{}}}}' >/dev/null
check "no rollback of automated syncs" within 10 says 'rollback cannot be performed when auto-sync is enabled' post web/rollback '{}'
kubectl delete application web -n argocd --wait=false >/dev/null
check "the stream has its end" within 20 sh -c "tail -n 2 '$dir/stream' | grep -q '\"type\":\"DELETED\",\"application\":{\"metadata\":{\"name\":\"web\",\"namespace\":\"argocd\"}}'"
kill $stream $dashboard $controller
wait $dashboard
"$SLUICE" dashboard -p 0 --read-only >"$dir/read-only.log" 2>&1 </dev/null &
dashboard=$!
check "read only" open_session "$dir/read-only.log" "$dir/jar"
at=$(address "$dir/read-only.log") at=${at%%/rollouts*}/api/v1
check "... it syncs nothing" says '"code":7' post web/sync
kill $dashboard
wait $dashboard
