#!/bin/bash
# The command line: all commands about a rollout, and errors that say what to do.
. "$(dirname "$0")/lib.sh"
dev --ready 200 --without mesh,prometheus,app
s=$SLUICE
image() { kubectl get ro myapp -o 'jsonpath={.spec.template.spec.containers[0].image}'; }
weight() { kubectl get vs myapp-vs -o 'jsonpath={.spec.http[0].route[1].weight}'; }
is() {
	local want=$1 got
	shift
	got=$("$@") || return 1
	[ "$got" = "$want" ] || { echo "want $want, got $got"; return 1; }
}
code() { # exit code, command...
	local want=$1 got
	shift
	"$@"
	got=$?
	[ "$got" = "$want" ] || { echo "exit code $got, want $want"; return 1; }
}

check "help" says "get rollout NAME" "$s" --help
check "help of a command" says "--full" "$s" promote --help
check "version" says "sluice" "$s" version
check "unknown command lists the known ones" says "promote" "$s" frobnicate
check "a misspelt command is guessed" says 'did you mean "promote"' "$s" promte web
check "the help has a command's own flags first" sh -c "'$s' promote --help | grep -n -- '--full\|--kubeconfig' | head -n 1 | grep -q full"
check "and an example" says "sluice promote web --full" "$s" promote --help
check "unknown command fails" code 2 "$s" frobnicate
check "a misspelt second word is guessed" says 'unknown command "app synch"; did you mean "app sync"' "$s" app synch
check "a misspelt flag is guessed" says 'unknown flag --ful; did you mean --full' "$s" promote myapp --ful
check "help groups the commands" says "Deliver:" "$s" help
check "help of a command by name" says "sluice promote NAME" "$s" help promote
check "help lists the global flags" says "kubeconfig FILE" "$s" help flags
check "the help of a command has no global flags" fails sh -c "'$s' promote --help | grep -q kubeconfig"
# Of every command that the help lists.
help_of_all() {
	"$s" help
	"$s" help flags
	"$s" help | sed -n 's/^  \([a-z].*\)/\1/p' | while read -r words; do "$s" help -- $words; done
}
wide() { help_of_all | grep '.\{81\}'; }
check "no line of help is longer than 80 columns" fails wide
check "a value that a flag does not accept is refused" says '"yml" is not one of wide, name, json, yaml' "$s" list rollouts -o yml
check "a letter with its value" says "namespace nowhere" "$s" list rollouts -nnowhere
check "a first word lists its commands" says "app rollback NAME" "$s" app --help
check "and no others" fails sh -c "$s app frob 2>&1 | grep -q promote-image"
check "unknown flag" says "unknown flag --frob" "$s" status myapp --frob
check "flag of another command" says "unknown flag --full" "$s" status myapp --full
check "a flag that is true or false" says "--watch is true or false" "$s" get rollout myapp --watch=often
check "no name" says "list rollouts" "$s" status
check "not there" says 'list rollouts' "$s" promote nothing
sed 's#server: .*#server: http://127.0.0.1:1#' "$KUBECONFIG" >"$dir/nowhere"
for command in "get rollout x" "status x" "list rollouts" "promote x"; do
	check "no server: $command" says "Check that the API server runs" timeout 200 "$s" $command --kubeconfig "$dir/nowhere"
done
kill -STOP "$dev_pid"
check "a server that does not respond" says "timed out after 3" timeout 200 "$s" promote x --request-timeout 300ms
kill -CONT "$dev_pid"
check "a time-out that is not a duration is refused" says '"soon" is not a duration' "$s" promote x --request-timeout soon
check "no kubeconfig file" says "/nowhere" "$s" status myapp --kubeconfig /nowhere

check "apply" kubectl apply -f tests/e2e/rollout.yaml
check "status waits for health" says Healthy "$s" status myapp --timeout 300s
check "wait for the Available condition" kubectl wait --for=condition=Available ro/myapp --timeout=300s
check "list rollouts" says "myapp" "$s" list rollouts
check "list rollouts in all namespaces" says "default" "$s" list rollouts -A
check "set image" says "image updated" "$s" set image myapp myapp=myregistry/myapp:v2
check "status stops at the pause" within 30 says "Paused - CanaryPauseStep" "$s" status myapp --watch=false
check "the canary has its weight" is 25 weight
check "get rollout shows both revisions" says "revision:2" "$s" get rollout myapp
check "get rollout shows the weight" says "ActualWeight:  25" "$s" get rollout myapp
check "get ro is the same" says "revision:2" "$s" get ro myapp
check "no color off a terminal" fails sh -c "'$s' get rollout myapp | grep -q '$(printf '\033')'"
check "promote goes to the next step" says "promoted" "$s" promote myapp
check "the weight follows" within 20 is 50 weight
check "abort" says "aborted" "$s" abort myapp
check "the weight is taken back" within 20 is 0 weight
check "status of an aborted rollout" code 1 "$s" status myapp --timeout 300s
check "it says why" says "RolloutAborted" "$s" status myapp --timeout 300s
check "retry" says "retr" "$s" retry rollout myapp
check "and its canary again" within 20 is 25 weight
check "undo" says "undo" "$s" undo myapp
check "is the old image" is "myregistry/myapp:v1" image
check "and healthy without steps" says Healthy "$s" status myapp --timeout 300s
check "to v3" "$s" set image myapp '*=myregistry/myapp:v3'
check "which pauses" within 30 says Paused "$s" status myapp --watch=false
check "promote --full" says "fully promoted" "$s" promote myapp --full
check "goes to the end" says Healthy "$s" status myapp --timeout 300s
check "set image of no container" says "CONTAINER=IMAGE" "$s" set image myapp nothing=x:y
check "undo --to-revision" says "undo" "$s" undo myapp --to-revision 2
check "of a revision that there is not" says "revision" "$s" undo myapp --to-revision 77
check "a status that does not come to its end gives up" code 1 "$s" status myapp --timeout 1ms
check "and says so" says "exceeded timeout" "$s" status myapp --timeout 1ms
"$s" promote myapp --full >/dev/null
mkdir -p "$dir/home/.kube" && cp "$KUBECONFIG" "$dir/home/.kube/config"
check "without KUBECONFIG it reads ~/.kube/config" says "myapp" env -u KUBECONFIG HOME="$dir/home" "$s" list rollouts
check "as kubectl's plugin" says "myapp" env PATH="$PWD:$PATH" kubectl sluice list rollouts
check "make install COMPAT=1" make -s install PREFIX="$dir/installed" COMPAT=1
check "as the plugin that it replaces" says "myapp" env PATH="$dir/installed/bin:$PATH" kubectl argo rollouts list rollouts
within 20 says Healthy "$s" status myapp --timeout 300s
kubectl get events -o 'jsonpath={range .items[*]}{.reason}{"\n"}{end}' >"$dir/events"
for reason in NewReplicaSetCreated ScalingReplicaSet TrafficWeightUpdated RolloutPaused RolloutAborted RolloutCompleted; do
	check "event $reason" grep -qx "$reason" "$dir/events"
done

# get --watch follows until it is stopped.
"$s" get rollout myapp --watch >"$dir/tree" 2>&1 &
watcher=$!
within 10 grep -q "revision:" "$dir/tree"
"$s" set image myapp myapp=myregistry/myapp:v9 >/dev/null
check "get --watch follows" within 20 grep -q "v9" "$dir/tree"
kill $watcher
wait $watcher 2>/dev/null

# Without traffic routing the pods are the weight.
check "apply a canary without traffic routing" kubectl apply -f tests/data/traces/basic.yaml
check "it is healthy" says Healthy "$s" status basic --timeout 300s
"$s" set image basic basic=basic:v2 >/dev/null
check "it comes to its pause" within 30 says Paused "$s" status basic --watch=false
check "its weight is its share of the pods" says "ActualWeight:  20" "$s" get rollout basic
check "which the step requires" says "SetWeight:     20" "$s" get rollout basic
check "no more pods than maxSurge allows" is 5 kubectl get ro basic -o 'jsonpath={.status.replicas}'
"$s" promote basic --full >/dev/null
check "promoted, it is healthy" says Healthy "$s" status basic --timeout 300s
check "on the new version" is 5 kubectl get ro basic -o 'jsonpath={.status.updatedReplicas}'

# Output for other programs.
check "get -o name" is rollout.argoproj.io/myapp "$s" get rollout myapp -o name
check "get -o json" says '"name": "myapp"' "$s" get rollout myapp -o json
check "get -o yaml" says "name: myapp" "$s" get rollout myapp -o yaml
check "list -o name" says "rollout.argoproj.io/basic" "$s" list rollouts -o name
check "list -o wide shows images" says "basic:v2" "$s" list rollouts -o wide
check "list -o json" says '"items"' "$s" list rollouts -o json
check "another format" says "wide, name, json, yaml" "$s" list rollouts -o xml
check "list --name" says "basic" "$s" list rollouts --name basic
check "list --name of another" says "No rollouts" "$s" list rollouts --name basic-and-more
check "list --timestamps" says "$(date -u +%Y-%m-)" "$s" list rollouts --timestamps
check "get --watch for a while" says "revision:2" timeout 200 "$s" get rollout basic --watch --timeout-seconds 1
check "get --watch=false" says "revision:2" timeout 200 "$s" get rollout basic --watch=false
check "flags of the other plugin that have nothing to do here" says "basic" "$s" list rollouts --loglevel debug -v 6 --kloglevel 2
"$s" list rollouts --watch >"$dir/list" 2>&1 &
watcher=$!
check "list --watch begins" within 10 grep -q "^basic  *Canary" "$dir/list"
"$s" set image basic basic=basic:v3 >/dev/null
check "and follows" within 20 grep -q "^basic .*Paused" "$dir/list"
kill $watcher
wait $watcher 2>/dev/null

# Pausing, skipping, restarting.
check "promote --skip-current-step" says promoted "$s" promote basic -c
check "goes past the pause" within 20 is 3 kubectl get ro basic -o 'jsonpath={.status.currentStepIndex}'
"$s" set image basic basic=basic:v4 >/dev/null
check "a new version" within 30 says Paused "$s" status basic --watch=false
check "pause" says paused "$s" pause basic
check "is seen" within 10 says "manually paused" kubectl get ro basic -o 'jsonpath={.status.message}'
check "promote resumes" says promoted "$s" promote basic
check "two ways at once" says "only one of" "$s" promote basic --full -c
check "promote --skip-all-steps" says promoted "$s" promote basic -a
check "goes to the end" says Healthy "$s" status basic --timeout 300s
old=$(kubectl get pods -l app=basic -o 'jsonpath={.items[*].metadata.name}')
sleep 1.1
check "restart" says "restarts in 0s" "$s" restart basic
restarted() { [ -n "$(kubectl get ro basic -o 'jsonpath={.status.restartedAt}')" ]; }
check "comes to its end" within 30 restarted
kubectl get pods -l app=basic -o name >"$dir/pods"
check "no old pod is left" sh -c "for p in $old; do ! grep -q \$p '$dir/pods' || exit 1; done; [ \$(wc -l <'$dir/pods') = 5 ]"
check "restart --in" says "restarts in 1h0m0s" "$s" restart basic --in 1h
check "restart at no time" says "not a duration" "$s" restart basic --in soon

# A status is outdated while the controller has not seen a change: it is stopped, and the rollout is changed and
# promoted.
"$s" set image basic basic=basic:v5 >/dev/null
check "a pause" within 30 says Paused "$s" status basic --watch=false
check "a paused rollout is waited for" code 1 "$s" status basic --timeout 1s
controller=$(pgrep -P "$dev_pid" -f " controller ")
kill -STOP "$controller"
"$s" promote basic >/dev/null
for command in "get rollout basic" "status basic --watch=false" "list rollouts -o wide"; do
	check "a promotion that is not seen yet: $command" says "waiting for rollout to unpause" "$s" $command
done
"$s" set image basic basic=basic:v6 >/dev/null
for command in "get rollout basic" "status basic --watch=false" "list rollouts -o wide"; do
	check "a spec that is not seen yet: $command" says "waiting for rollout spec update to be observed" "$s" $command
done
check "the phase of both is Progressing" is Progressing sh -c "'$s' list rollouts --name basic | awk 'NR == 2 { print \$3 }'"
check "and status waits" code 1 "$s" status basic --timeout 500ms
kill -CONT "$controller"
check "until it is seen" within 30 says Paused "$s" status basic --watch=false

# Lists for other programs: the columns of Argo Rollouts' plugin, as wide as they need to be.
check "the columns" is "NAME STRATEGY STATUS STEP SET-WEIGHT READY DESIRED UP-TO-DATE AVAILABLE" sh -c "'$s' list rollouts | head -n 1 | tr -s ' '"
check "the namespace is one with -A only" is "NAMESPACE NAME" sh -c "'$s' list rollouts -A | head -n 1 | awk '{ print \$1, \$2 }'"
check "names are in the first column" is basic sh -c "'$s' list rollouts --name basic | awk 'NR == 2 { print \$1 }'"
long=a-name-that-is-longer-than-any-column-was
sed "s/name: basic/name: $long/" tests/data/traces/basic.yaml | kubectl create -f - >/dev/null
check "a long name moves all lines" sh -c "'$s' list rollouts | awk '{ print index(\$0, NR == 1 ? \"STRATEGY\" : \"Canary\") }' | sort -u | wc -l | grep -qx 1"
kubectl delete ro $long >/dev/null

# Several at once.
check "pause several" is 2 sh -c "'$s' pause basic myapp | wc -l"
check "pause of a Rollout that does not exist fails" code 1 "$s" pause basic nothing
"$s" promote basic >/dev/null
"$s" promote myapp >/dev/null
check "abort and retry several" is 4 sh -c "('$s' abort basic myapp && '$s' retry rollout basic myapp) | wc -l"

# Runs by hand.
kubectl apply -f - >/dev/null <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: by-hand}
spec:
  args: [{name: job}]
  metrics: [{name: up, interval: 1h, provider: {prometheus: {address: "http://127.0.0.1:1", query: "up{job='{{args.job}}'}"}}}]
Y
check "create analysisrun wants its arguments" says "-a KEY=VALUE" "$s" create analysisrun --from by-hand
check "create analysisrun" says "analysisrun.argoproj.io/mine created" "$s" create analysisrun --from by-hand -a job=web --name mine
kubectl get analysistemplate by-hand -o yaml >"$dir/template.yaml"
check "create analysisrun --from-file" says "analysisrun.argoproj.io/from-file created" "$s" create analysisrun --from-file "$dir/template.yaml" -a job=web --name from-file
check "a name that the API server makes" says "analysisrun.argoproj.io/by-hand-" "$s" create analysisrun --from by-hand -a job=web
check "has them" is web kubectl get ar mine -o 'jsonpath={.spec.args[0].value}'
check "is measured" within 20 says Running kubectl get ar mine -o 'jsonpath={.status.phase}'
kubectl apply -f examples/gates/annotation.yaml >/dev/null
check "a run from a template with comparisons is created" says created "$s" create analysisrun --from error-rate -a job=web -a namespace=shop --name compared
check "it has their annotation, with the values of the arguments" is \
	'{"error-rate":{"bad":"http_requests_total{namespace=\"shop\",job=\"web\",code=~\"5..\"}","total":"http_requests_total{namespace=\"shop\",job=\"web\"}"}}' \
	kubectl get ar compared -o 'jsonpath={.metadata.annotations.sluice\.argoproj\.io/compare}'
sed 's/name: error-rate/name: hidden/; s/- name: job/&\n    valueFrom: {secretKeyRef: {name: job, key: job}}/' examples/gates/annotation.yaml >"$dir/hidden.yaml"
check "an argument from a Secret is refused in a comparison" says "argument" "$s" create analysisrun --from-file "$dir/hidden.yaml" -a namespace=shop
kubectl delete analysistemplate error-rate >/dev/null
check "terminate analysisrun" is 2 sh -c "'$s' terminate analysisrun mine from-file | grep -c terminated"
check "ends it" within 20 says Successful kubectl get ar mine -o 'jsonpath={.status.phase}'
check "terminate of none" says "not found" "$s" terminate analysisrun none
cat >"$dir/experiment.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Experiment
metadata: {name: tried}
spec:
  scaleDownDelaySeconds: 0
  templates:
  - name: one
    replicas: 2
    selector: {matchLabels: {app: tried}}
    template:
      metadata: {labels: {app: tried}}
      spec: {containers: [{name: c, image: "registry/tried:v1", ports: [{containerPort: 80}]}]}
Y
check "no experiments yet" says "No experiments" "$s" list experiments
check "an experiment" kubectl apply -f "$dir/experiment.yaml"
check "runs" within 20 says "Running" "$s" list experiments -A
check "get experiment shows its ReplicaSet and pods" says "tried-one" "$s" get experiment tried
check "and its images" says "registry/tried:v1 (Σ:one)" "$s" get exp tried
check "get experiment as YAML" says "kind: Experiment" "$s" get experiment tried -o yaml
check "terminate experiment" says "experiment 'tried' terminated" "$s" terminate experiment tried
check "it has ended" within 20 says "Successful" "$s" get experiment tried
kubectl patch exp tried --type merge -p '{"spec":{"terminate":false}}' >/dev/null
check "retry experiment" says "experiment 'tried' retried" "$s" retry experiment tried
check "it runs again" within 20 says "Running" "$s" list experiments
check "get experiment of none" says "list experiments -A" "$s" get experiment nothing
check "retry experiment of none" says "not found" "$s" retry experiment nothing
sed 's/name: basic/name: made/g' tests/data/traces/basic.yaml >"$dir/made.yaml"
check "create -f" says "rollout.argoproj.io/made created" "$s" create -f "$dir/made.yaml"
check "create of what is there" says "already exists" "$s" create -f "$dir/made.yaml"
check "create reads every -f before it creates an object" says 'kind "Pod" is not supported' sh -c "echo '{kind: Pod}' >'$dir/pod.yaml'; sed 's/name: made/name: second/' '$dir/made.yaml' >'$dir/second.yaml'; '$s' create -f '$dir/second.yaml' -f '$dir/pod.yaml'"
check "so that none is created" fails kubectl get rollout second
check "create of other kinds" says 'kind "Pod" is not supported' sh -c "echo '{kind: Pod}' | '$s' create -f -"

# A blue-green rollout.
kubectl create -f tests/simulation/bluegreen.yaml >/dev/null
kubectl patch rollout bluegreen --type merge -p '{"spec":{"strategy":{"blueGreen":{"autoPromotionEnabled":false}}}}' >/dev/null
check "blue-green is healthy" within 20 says Healthy "$s" status bluegreen --timeout 300s
"$s" set image bluegreen app=app:v2 >/dev/null
check "a blue-green Rollout waits for a promotion" within 20 says "Paused - BlueGreenPause" "$s" status bluegreen --watch=false
check "get shows the strategy" says "Strategy:        BlueGreen" "$s" get rollout bluegreen
check "and what each version is" says "app:v2 (preview)" "$s" get rollout bluegreen
check "the other is" says "app:v1 (stable,active)" "$s" get rollout bluegreen
check "it has no steps to skip" says "has no steps to skip" "$s" promote bluegreen -c
check "promote switches it" sh -c "'$s' promote bluegreen && '$s' status bluegreen --timeout 300s"
check "to the new version" says "app:v2 (stable,active)" "$s" get rollout bluegreen

# A rollout whose template is a Deployment's.
kubectl create -f tests/simulation/workload.yaml >/dev/null
check "the Deployment's template runs" within 20 says Healthy "$s" status web --timeout 300s
check "set image sets the Deployment's" sh -c "'$s' set image web web=web:v2 && kubectl get deployment web -o yaml | grep -q 'image: web:v2'"
check "which is a release" within 20 says "Paused" "$s" status web --watch=false
check "undo puts the Deployment back" sh -c "'$s' undo web && kubectl get deployment web -o yaml | grep -q 'image: web:v1'"

# The tree: its columns fit what is in them, and a run is shown whatever has become of its revision's ReplicaSet.
uid=$(kubectl get ro myapp -o 'jsonpath={.metadata.uid}')
kubectl create -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata:
  name: a-run-with-a-name-that-is-longer-than-fifty-two-characters-of-a-column
  annotations: {rollout.argoproj.io/revision: "77"}
  ownerReferences: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: myapp, uid: $uid, controller: true}]
spec: {terminate: true, metrics: [{name: up, interval: 1h, provider: {prometheus: {address: "http://127.0.0.1:1", query: up}}}]}
Y
check "a run of a revision without a ReplicaSet is shown" says "revision:77" "$s" get rollout myapp
check "columns are as wide as the longest name" is 1 sh -c "'$s' get rollout myapp | awk '/^NAME .*KIND/ { at = index(\$0, \"KIND\") } /a-run-with/ { print (index(\$0, \"AnalysisRun\") >= at) }'"
kubectl delete ar a-run-with-a-name-that-is-longer-than-fifty-two-characters-of-a-column >/dev/null

# Completion and manual.
check "completion offers commands" says promote "$s" __complete -- pro
check "their second words" says rollout "$s" __complete -- get ""
check "flags" says "--full" "$s" __complete -- promote --f
check "live names" says myapp "$s" __complete -- promote my
check "live names behind flags" says myapp "$s" __complete -- promote -n default --full my
check "second names too" says basic "$s" __complete -- abort myapp ba
check "names of runs" says mine "$s" __complete -- terminate analysisrun mi
check "revisions" says 1 "$s" __complete -- undo myapp --to-revision ""
check "live namespaces" says kube-system "$s" __complete -- promote -n kube
check "nothing without a cluster" is "" "$s" __complete -- promote --kubeconfig /nowhere my
for shell in bash zsh fish; do check "completion $shell" says "sluice __complete" "$s" completion $shell; done
check "kubectl completes the plugin" says promote env PATH="$dir/installed/bin:$PATH" kubectl __complete sluice pro
check "bash takes its script" bash -c "source <('$s' completion bash); complete -p sluice"
check "the manual has every command" test "$("$s" man | grep -c '^\\fB')" -gt 25
check "a page each" sh -c "'$s' man '$dir/man' && [ -s '$dir/man/sluice-get-rollout.1' ]"

# eval, hash and debug.
check "eval true" is true "$s" eval --result '[0.01]' 'result[0] < 0.05'
check "eval false" is false "$s" eval --result '[0.2]' 'result[0] < 0.05'
check "eval scalar" is true "$s" eval --kind scalar --result 3 'result == 3'
check "eval json" is true "$s" eval --kind json --result '{"ok": true, "n": [1, 2]}' 'result.ok && len(result.n) == 2'
check "eval says what is wrong" says "error: " "$s" eval --result '[]' 'result[0] < 0.05'
check "eval says where" says "error: " "$s" eval --result '[1]' 'result[0] <'
sed 's/.*"want": "*\([a-z]*\)"*}$/\1/' tests/data/conditions.jsonl >"$dir/want"
check "eval --lines gives the recorded results" sh -c "'$s' eval --lines <tests/data/conditions.jsonl | sed 's/^error: .*/error/' | diff - '$dir/want'"
sed 's/.*"hash":"\([^"]*\)"}$/\1/' tests/data/pod-template-hash.jsonl >"$dir/want"
check "hash --lines gives the recorded results" sh -c "'$s' hash --lines <tests/data/pod-template-hash.jsonl | diff - '$dir/want'"
sed 's/.*"want":\({[^}]*}\).*/\1/' tests/data/replica-counts.jsonl >"$dir/want"
check "debug replica-counts gives the recorded results" sh -c "'$s' debug replica-counts --lines <tests/data/replica-counts.jsonl | tr -d ' ' | diff - '$dir/want'"
sed 's/.*"want": *\(.*\), *"weight": *[0-9]*}$/\1/; s/^"error"$/error/' tests/data/istio-weights.jsonl | tr -d ' ' >"$dir/want"
check "debug istio-weights gives the recorded results" sh -c "'$s' debug istio-weights --lines <tests/data/istio-weights.jsonl | sed 's/^error: .*/error/' | diff - '$dir/want'"
# Of alb-cleanup, Argo Rollouts changes nothing with a root Service or a managed route: it looks for their names among the targets of their
# own actions to find the port. Here the port is that of the targets, and a route is removed with its path and conditions.
# With several Ingresses and an experiment, Argo Rollouts counts as many weights as Ingresses and Services of experiments together, and so
# verifies too few weights or never all (alb-verify); here each is verified on each load balancer. Its status gives a load balancer without
# a target group of the stable Service that of another one.
for file in alb alb-verify alb-cleanup gateway nginx traefik apisix smi ambassador validation; do
	sed 's/.*"want":\(.*\)}$/\1/' tests/data/$file.jsonl >"$dir/want"
	check "debug vectors gives the recorded results of $file" sh -c "'$s' debug vectors ${file%-verify} --lines <tests/data/$file.jsonl | sed -E 's/\"error\":\"([^\"\\\\]|\\\\.)*\"/\"error\":true/' | diff - '$dir/want'"
done
# In these, Argo Rollouts crashes, writes what an API server refuses, or does what users report as wrong (`argoRollouts`): here is what is right.
for router in alb gateway nginx apisix; do
	sed 's/.*"want":\(.*\)}$/\1/' tests/data/$router-safe.jsonl >"$dir/want"
	check "debug vectors $router gives the safe results" sh -c "'$s' debug vectors $router --lines <tests/data/$router-safe.jsonl | sed -E 's/\"error\":\"([^\"\\\\]|\\\\.)*\"/\"error\":true/' | diff - '$dir/want'"
done
check "debug vectors names them" says "alb-cleanup, aws-credentials, aws-elbv2, aws-sigv4, aws-targets, validation, provider-NAME" "$s" debug vectors x --lines
check "hash of a file is the ReplicaSet's" sh -c "kubectl get rs myapp-\$('$s' hash tests/e2e/rollout.yaml)"
check "hash of a file without a template" says "no Rollout" "$s" hash "$KUBECONFIG"
# A full disk, and a pipe that is closed.
check "output that cannot be written is an error" says "standard output: No space left on device" sh -c "'$s' version >/dev/full"
check "... of the command" fails sh -c "'$s' version >/dev/full"
check "so is one that is closed" says "standard output: Bad file descriptor" sh -c "'$s' version >&-"
check "a pipe that its reader closes is no error" sh -c "'$s' explain rollout --recursive | head -1"
