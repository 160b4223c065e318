#!/bin/bash
# Two controllers with one Lease: one is the leader; when it is stopped or killed, the other becomes the leader.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
ports="--metricsPort 0 --healthzPort 0"
times="--leader-election-lease-duration 3s --leader-election-renew-deadline 2s --leader-election-retry-period 500ms"
start() { # name: a controller, its log and its pid
	"$SLUICE" controller $times $ports >"$dir/$1.log" 2>&1 &
	eval "$1=$!"
}
start one
check "the first one acts" within 10 grep -q "became leader" "$dir/one.log"
start two
check "the second controller is on standby" within 10 grep -q standby "$dir/two.log"
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
check "the rollout becomes healthy" within 30 says Healthy "$SLUICE" status myapp --timeout 300s
check "the second one has watched nothing" fails grep -q watching "$dir/two.log"
kill "$one"
check "a stopped leader releases the Lease" within 2 grep -q "became leader" "$dir/two.log"
start three
check "a third one waits" within 10 grep -q standby "$dir/three.log"
kill -9 "$two"
check "killed, the second one is succeeded within the lease's duration" within 6 grep -q "became leader" "$dir/three.log"
"$SLUICE" set image myapp myapp=myregistry/myapp:v2 >/dev/null
check "which goes on with the work" within 30 says Paused "$SLUICE" status myapp --watch=false
check "times that cannot be are refused" says "must be less than" "$SLUICE" controller --leader-election-retry-period 20s
kubectl get lease argo-rollouts-controller-lock -o 'jsonpath={.spec.leaseTransitions} {.spec.renewTime}' >"$dir/lease"
check "the lease counts its holders, in Kubernetes' own form" grep -qE '^2 [-0-9]{10}T[0-9:]{8}\.[0-9]{6}Z$' "$dir/lease"
kill "$three"
wait "$three" 2>/dev/null
holder=$(kubectl get lease argo-rollouts-controller-lock -o 'jsonpath=-{.spec.holderIdentity}-')
check "after both controllers have ended the Lease has no holder" test "$holder" = --
