#!/bin/bash
# An API server whose responses are cut, endless, of wrong lengths or types, or refusals, during a canary update: nothing
# wrong is written, and the update continues when the fault has ended.
. "$(dirname "$0")/lib.sh"
. tests/e2e/hostile.lib.sh
dev --without controller,mesh,prometheus,app,load
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
hostile --to "${server##*:}"
start() { # PROGRAM
	"$1" controller --server "http://127.0.0.1:$port" --leader-elect=false --metricsPort 0 --healthzPort 0 >>"$dir/controller.log" 2>&1 &
	controller=$!
}
start "$SLUICE"
kubectl apply -f tests/e2e/rollout.yaml >/dev/null
check "the rollout becomes healthy" within 30 says Healthy "$SLUICE" status myapp --watch=false
kubectl get virtualservice myapp-vs -w -o 'jsonpath={.spec.http[0].route[1].weight}{"\n"}' >"$dir/weights" 2>/dev/null &
watchers=$!
kubectl get replicasets -w -o 'jsonpath={.metadata.name} {.spec.replicas}{"\n"}' >"$dir/replicas" 2>/dev/null &
watchers="$watchers $!"
rollout() { curl -sf "$server/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/myapp"; }
hash_of() { rollout | sed -n 's/.*"currentPodHash":"\([^"]*\)".*/\1/p'; }
image=1
deploy() { # the template is changed, past the server that misbehaves
	before=$(hash_of)
	image=$((image + 1))
	curl -sf -o /dev/null -X PATCH -H 'Content-Type: application/json-patch+json' "$server/apis/argoproj.io/v1alpha1/namespaces/default/rollouts/myapp" \
		-d "[{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/image\",\"value\":\"myregistry/myapp:v$image\"}]"
}
# The update that was deployed last waits at its first pause.
paused() {
	local now
	now=$(rollout)
	case "$now" in *"\"currentPodHash\":\"$before\""*) return 1 ;; esac
	case "$now" in *'"phase":"Paused"'*) ;; *) return 1 ;; esac
	case "$now" in *'"currentStepIndex":1'*) ;; *) return 1 ;; esac
}
alive() { kill -0 "$controller"; }
deploy
check "an update waits at its first pause" within 30 paused
stable=$(rollout | sed -n 's/.*"stableRS":"\([^"]*\)".*/\1/p')

# through REQUESTS FAULT [TEXT]: an update begins under the fault, which affects this number of requests; it continues
# when the fault has ended.
through() {
	local n=$1
	shift
	fault "$@"
	deploy
	check "$1: the controller repeats the request" met "$n" ${patience-}
	fault none
	check "$1: the update continues when the fault has ended" within 60 paused
	check "$1: the controller has not ended" alive
}

# spoiled REQUESTS FAULT [TEXT]: the same for what is true but for some of its text; every list is made again with it.
spoiled() {
	fault 'status/410?watch='
	check "$2: all lists are made again" met 10
	through "$@"
}
# How a response is sent.
through 8 reset
through 8 cut-header
through 8 cut-body
through 8 no-length
through 8 bad-chunk
through 8 no-http
through 6 silent
through 6 long-length
through 8 short-length
through 6 endless-body
# A watch with a response ends after 300 s or more; one without is given up, and requested again, before that.
for endless in header refusal body; do
	patience=290 through 2 "endless-$endless?rollouts?watch="
done
# The message of each fault.
through 8 deep
spoiled 6 types
spoiled 6 twice
for body in '' '7' '[]' '{}' 'null' '"x"' '<html>' '{"items":{}}' '{"items":[7,[],null,{}]}' '{"kind":"List","metadata":{}}' '{"metadata":{"resourceVersion":"1"}}'; do
	through 5 body "$body"
done
spoiled 6 replace $'"items":[\n"items":[{"metadata":7},'
spoiled 6 replace $'"spec":{\n"spec":{},"spec":{'
spoiled 6 replace $'"uid":\n"u1d":'
# Writes that are made, and whose responses are not what they should be; creations that are not made.
through 3 'cut-body?PATCH'
through 3 'types?PATCH'
through 3 'body?PATCH' '[7]'
through 3 'body?POST' '{}'
through 3 'status/404?PATCH'
through 3 'status/409?PATCH'
through 3 'status/500?POST'
# Refusals.
for code in 301 400 401 403 404 405 409 410 413 418 422 500 502 503 504; do
	through 4 status/$code
done
for after in 99999999999999999999999 -7 soon ''; do
	through 4 retry-after "$after"
done
through 6 redirect/302
through 6 redirect/307

# A Retry-After counts for every request, however long it is.
through 20 status/429/2
through 8 status/503/25
check "none was made again before its Retry-After" test "$(counted early)" = 0

one_of() { ! grep -qvxE "$1" "$2"; }
check "no weight was written but those of the first step" one_of '0|25' "$dir/weights"
grep "^myapp-$stable " "$dir/replicas" >"$dir/replicas.stable"
check "the stable version kept its pods all the while" one_of "myapp-$stable 4" "$dir/replicas.stable"
check "and was never another" test "$stable" = "$(rollout | sed -n 's/.*"stableRS":"\([^"]*\)".*/\1/p')"
kill $controller && wait $controller

# Endless responses, sent as fast as possible: the controller as it is built for use keeps its memory, and responds.
start ./sluice
deploy
check "another controller goes on" within 30 paused
before_flood=$(peak $controller)
for flood in header line interim body; do
	through 10 flood-$flood
done
through 3 'flood-body?PATCH'
grown=$(($(peak $controller) - before_flood))
check "floods fill no memory (grown by $grown KiB)" test "$grown" -lt 100000
kill $controller && wait $controller
kill $watchers $hostile
