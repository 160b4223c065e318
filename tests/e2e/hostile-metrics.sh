#!/bin/bash
# Prometheus, and a service that a web metric queries, whose responses are cut, without end, of wrong lengths or types, or refusals: a measurement is
# an error then and never a success, and the next one is successful when the fault has ended.
. "$(dirname "$0")/lib.sh"
. tests/e2e/hostile.lib.sh
dev --without controller,mesh,prometheus,app,load
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
printf '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000000,"0.1"]}]}}' >"$dir/good"
hostile --file "$dir/good"
start() { # PROGRAM
	"$1" controller --leader-elect=false --metricsPort 0 --healthzPort 0 --allow-local-web-metrics >>"$dir/controller.log" 2>&1 &
	controller=$!
}
runs=$server/apis/argoproj.io/v1alpha1/namespaces/default/analysisruns
n=0
# measure: two runs, which take any value for a success, and end with the first error.
measure() {
	local provider
	n=$((n + 1))
	for provider in '"prometheus":{"address":"http://127.0.0.1:'$port'","query":"up","timeout":3}' \
		'"web":{"url":"http://127.0.0.1:'$port'/x","jsonPath":"{$.data.result[0].value[1]}","timeoutSeconds":3}'; do
		curl -sf -o /dev/null -H 'Content-Type: application/json' "$runs" -d '{"apiVersion":"argoproj.io/v1alpha1","kind":"AnalysisRun",
			"metadata":{"name":"'"${provider:1:3}-$n"'"},"spec":{"metrics":[{"name":"m","consecutiveErrorLimit":0,"provider":{'"$provider"'}}]}}'
	done
}
# both PHASE: the two runs have ended in it, and so has their only measurement.
both() { is "pro-$n" "$1" && is "web-$n" "$1"; }
is() { [ "$(curl -sf "$runs/$1" | grep -o '"phase":"[A-Z][a-z]*"' | sort -u)" = "\"phase\":\"$2\"" ]; }
measured() { measure && within 30 both "$1"; }
alive() { kill -0 "$controller"; }
# through FAULT [TEXT]
through() {
	fault "$@"
	check "$1 ${2-}: an error" measured Error
	fault none
	check "$1: no longer when the fault has ended" measured Successful
	check "$1: the controller has not ended" alive
}
start "$SLUICE"
check "what is right is a success" measured Successful
for how in reset cut-header cut-body no-length bad-chunk no-http silent long-length short-length endless-header endless-body endless-refusal deep; do
	through $how
done
for body in '' '7' '[]' '{}' 'null' '<html>' '{"status":"success"}' '{"status":"success","data":{"resultType":"vector","result":{}}}' \
	'{"status":"success","data":{"resultType":"vector","result":[7]}}'; do
	through body "$body"
done
through replace $'"result":\n"result":[],"result":'
for code in 301 400 401 403 404 409 410 429 500 503; do
	through status/$code
done
through redirect/302
through redirect/307
through retry-after 99999999999999999999999
kill $controller && wait $controller

# Endless responses, sent as fast as possible to a controller as it is built for use.
start ./sluice
check "another controller measures" measured Successful
before=$(peak $controller)
for flood in header line interim body; do
	through flood-$flood
done
grown=$(($(peak $controller) - before))
check "floods fill no memory (grown by $grown KiB)" test "$grown" -lt 40000
kill $controller && wait $controller
kill $hostile
