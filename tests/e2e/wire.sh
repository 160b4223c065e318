#!/bin/bash
# Connections of a controller to its API server: counted with HTTPS, for a fleet that is created and updated at once.
# The expected numbers, with their reasons, are in wire.want.
. "$(dirname "$0")/lib.sh"
fleet=40 calls=13 # 12 of one namespace, and the Lease
dev --tls --ready 200 --without controller,mesh,prometheus,app,load
metrics=$(free_port)
# On a slow machine the controller is stopped for longer than the 10 s after which a leader that has not renewed gives up, and
# begins again with connections of its own.
"$SLUICE" controller --leader-election-lease-duration 10m --leader-election-renew-deadline 8m --controllers rollouts --metricsPort "$metrics" --healthzPort 0 >"$dir/controller.log" 2>&1 &
controller=$!
check "it watches" within 30 grep -q watching "$dir/controller.log"
metric() { curl -s "http://127.0.0.1:$metrics/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
healthy() { [ "$(kubectl get rollouts -o 'jsonpath={range .items[*]}{.metadata.generation} {.status.observedGeneration} {.status.phase} {.spec.template.spec.containers[0].image}{"\n"}{end}' |
	awk -v image="myregistry/myapp:$1" '$1 == $2 && $3 == "Healthy" && $4 == image' | wc -l)" = $fleet ]; }
for ((i = 1; i <= fleet; i++)); do
	sed "s/\bmyapp\b/app$i/g; s/image: .*/image: myregistry\/myapp:v1/; s/replicas: .*/replicas: 1/; s/pause: {}/pause: {duration: 1}/" tests/e2e/rollout.yaml
	echo ---
done >"$dir/fleet.yaml"
open_connections() {
	ls -l /proc/$controller/fd | sed -n 's/.*socket:\[\([0-9]*\)\]/\1/p' >"$dir/fds"
	awk -v port=":$(printf %04X "$(sed -n 's#.*127.0.0.1:##p' "$KUBECONFIG")")" 'NR == FNR { ours[$1] = 1; next } $4 == "01" && ($10 in ours) && index($3, port)' "$dir/fds" /proc/net/tcp | wc -l
}
# A connection whose data the server has not read holds a call. One without holds a watch, or is idle.
busy_connections() {
	awk -v port=":$(printf %04X "$(sed -n 's#.*127.0.0.1:##p' "$KUBECONFIG")")" '$4 == "01" && index($2, port) { split($5, queue, ":"); n += queue[2] != "00000000" } END { print n + 0 }' /proc/net/tcp
}
all_wait() { [ "$(busy_connections)" -ge $calls ]; }
# release TAG: all Rollouts change at once for the controller, which makes as many calls at a time as it ever does: the server
# responds to none before the others, and the renewal of the Lease, have been sent.
release() {
	kill -STOP $controller
	sed "s/myapp:v1/myapp:$1/" "$dir/fleet.yaml" | kubectl apply -f - >/dev/null
	kubectl version >/dev/null # its response comes after the events of the writes have been sent
	kill -STOP "$dev_pid"
	kill -CONT $controller
	check "$calls calls of $1 wait for the server" within 60 all_wait
	kill -CONT "$dev_pid"
}
release v1
check "all Rollouts are created" within 120 healthy v1
connections=$(metric sluice_api_connections_total) handshakes=$(metric sluice_api_tls_handshakes_total)
release v2
check "all Rollouts are updated" within 180 healthy v2
{
	echo "$connections connections, to the end of the creation of $fleet Rollouts"
	echo "$handshakes TLS handshakes"
	echo "$(($(metric sluice_api_connections_total) - connections)) more connections for $fleet updates"
	echo "$(($(metric sluice_api_tls_handshakes_total) - handshakes)) more TLS handshakes"
} >"$dir/got"
check "connections and handshakes are those of wire.want" diff <(grep -v '^#' tests/e2e/wire.want) "$dir/got"
check "each connection that was ever opened is still open" test "$(open_connections)" = "$connections"
kill $controller && wait $controller
