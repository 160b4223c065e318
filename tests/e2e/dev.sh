#!/bin/bash
# `sluice dev` with all its parts, and the article's own manifests on it: real processes, a mesh, Prometheus, users.
. "$(dirname "$0")/lib.sh"
check "an unknown part" says '"frob" is not one of controller, mesh, prometheus, app, load' "$SLUICE" dev --without frob
# The PATH of users often lacks the folders of daemons.
PATH=/usr/local/bin:/usr/bin:/bin dev --load 20 --tls
for part in Prometheus Gateway Users Pods; do
	check "dev says where: $part" grep -q "^$part: " "$dir/dev.log"
done
server=$(sed -n 's#^ *server: ##p' "$KUBECONFIG")
check "with --tls the API is served over HTTPS, with the certificate of its kubeconfig" says '"major"' curl -s --cacert "$dir/ca.crt" "$server/version"
check "a client that does not know it refuses the server" fails curl -s "$server/version"
gateway=$(sed -n 's/^Gateway: *\([^ ]*\).*/\1/p' "$dir/dev.log")
prometheus=$(sed -n 's/^Prometheus: *//p' "$dir/dev.log")
fetch() { # the body of a URL, by the shell's own means
	local hostport=${1#http://} path
	path=/${hostport#*/}
	hostport=${hostport%%/*}
	exec 9<>"/dev/tcp/${hostport%:*}/${hostport#*:}" || return 1
	printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$hostport" >&9
	sed '1,/^\r$/d' <&9
	exec 9>&-
}

# The article's manifests as they are, but for the address of its Prometheus.
for file in network analysis-templates rollout; do
	sed "s#http://prometheus.monitoring.svc.cluster.local:9090#$prometheus#" "examples/seed/$file.yaml" | kubectl apply -f - >/dev/null
done
check "the article's rollout is healthy" within 60 says Healthy "$SLUICE" status myapp -n myapp-production --timeout 300s
check "its pods are behind the gateway" within 10 says latest fetch "$gateway/"
check "its users are counted" within 20 grep -q "requests" "$dir/load.log"
check "Prometheus counts them too" within 30 says '"value"' fetch "$prometheus/api/v1/query?query=http_requests_total%7Bjob=%22myapp%22%7D"

# A pod's process that dies is started again.
pod=$(kubectl get pods -n myapp-production -o 'jsonpath={.items[0].metadata.name}')
ip=$(kubectl get pod -n myapp-production "$pod" -o 'jsonpath={.status.podIP}')
field() { kubectl get pod -n myapp-production "$pod" -o "jsonpath=$1"; }
kill -9 "$(pgrep -f -- "--address $ip:")"
check "a pod whose process dies is restarted" within 10 says 1 field '{.status.containerStatuses[0].restartCount}'
check "and becomes ready again" within 30 says True field '{.status.conditions[?(@.type=="Ready")].status}'

# Nothing that belongs to this cluster listens beyond loopback.
listening() { # local addresses (hex) of the listening sockets of our processes, but for 127.x
	local pid
	for pid in "$dev_pid" $(pgrep -P "$dev_pid"); do
		ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\]/\1/p'
	done | sort -u >"$dir/inodes"
	cat /proc/net/tcp /proc/net/tcp6 | awk -v inodes="$dir/inodes" '
		BEGIN { while ((getline i < inodes) > 0) ours[i] = 1 }
		$4 == "0A" && ($10 in ours) { print $2; n++ }
		END { print n + 0, "sockets" }'
}
listening >"$dir/listening"
check "the processes have listening sockets" sh -c "cat '$dir/listening'; [ \$(wc -l <'$dir/listening') -gt 5 ]"
check "all of them on loopback" fails grep -vE '^[0-9A-F]{6}7F:|sockets' "$dir/listening"
