#!/bin/bash
# Responses of the dashboard when the API server refuses its write, or does not respond.
. "$(dirname "$0")/lib.sh"
. tests/e2e/hostile.lib.sh
dev --without mesh,prometheus,app,load
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
hostile --to "${server##*:}"
at=$(free_port)
"$SLUICE" dashboard --server "http://127.0.0.1:$port" -p $at >"$dir/dashboard.log" 2>&1 &
dashboard=$!
put() { curl -s -b "$dir/jar" -w ' %{http_code}' -X PUT "http://127.0.0.1:$at/api/v1/rollouts/default/myapp/$1" -d "${2:-}"; }
check "the dashboard starts" open_session "$dir/dashboard.log" "$dir/jar"
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
check "the rollout becomes healthy" within 20 says Healthy "$SLUICE" status myapp --watch=false

fault 'status/403?PATCH'
check "a write without permission is 403" says ' 403' put abort
check "a write without permission has the code PERMISSION_DENIED" says '"code":7' put abort
fault 'status/409?PATCH'
check "a write that always conflicts is 409" says ' 409' put set/myapp/myregistry/myapp/v2
check "a write that always conflicts has the code ABORTED" says '"code":10' put set/myapp/myregistry/myapp/v2
fault 'status/503?PATCH'
check "an API server that cannot respond is 503" says ' 503' put abort
check "an API server that cannot respond has the code UNAVAILABLE" says '"code":14' put abort
fault reset
check "a lost connection is 503" says ' 503' put abort
fault none
check "after the refusals the same write succeeds" says ' 200' put set/myapp/myregistry/myapp/v2
kill $dashboard
