#!/bin/bash
# The example of a hook that splits traffic, with its real program: header routes, weights, and an abort.
. "$(dirname "$0")/lib.sh"
dev --ready 200 --without controller,mesh,prometheus,app,load
mkdir "$dir/edge"
EDGE_STATE=$dir/edge "$SLUICE" controller --leader-elect=false --metricsPort 0 --healthzPort 0 --step-plugins examples/hook/plugins.yaml \
	>"$dir/controller.log" 2>&1 &
controller=$!
has() { # TEXT: the state of the hook contains it
	grep -qF -- "$1" "$dir/edge/myapp.json"
}
kubectl apply -f examples/hook/rollout.yaml -f examples/hook/services.yaml >/dev/null
check "the hook is called when the Rollout is created" within 20 has '"weight": 0'
check "and the Rollout is healthy" within 20 says Healthy "$SLUICE" status myapp --timeout 300s
"$SLUICE" set image myapp myapp=myregistry/myapp:v2 >/dev/null
check "it gets the header route" within 20 has '"headerName": "x-tester"'
check "and no weight" has '"weight": 0'
check "the step ends" within 20 says Paused "$SLUICE" get rollout myapp
"$SLUICE" promote myapp >/dev/null
check "it gets the weight" within 20 has '"weight": 25'
"$SLUICE" abort myapp >/dev/null
check "an abort removes the weight" within 20 has '"weight": 0'
check "and the header route" within 20 has '"headerRoutes": []'
late='{"operation": "SetWeight", "serial": 1, "weight": 99, "config": {"pool": "myapp"}, "rollout": {"uid": "'$(kubectl get ro myapp -o 'jsonpath={.metadata.uid}')'"}}'
check "a call that arrives late has no effect" says "a higher serial number came before" bash -c "EDGE_STATE='$dir/edge' python3 examples/hook/edge.py <<<'$late'"
check "the weight is the same" has '"weight": 0'
kill $controller
wait $controller
