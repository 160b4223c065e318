#!/bin/bash
# Metrics of other vendors: recorded measurements of Argo Rollouts, and what arrives at a server.
. "$(dirname "$0")/lib.sh"
for file in tests/data/providers/*.jsonl; do
	name=$(basename "$file" .jsonl)
	sed 's/.*,"want":\(.*\)}$/\1/' "$file" >"$dir/want"
	check "debug vectors provider-$name gives the recorded measurements" \
		sh -c "'$SLUICE' debug vectors 'provider-$name' --lines <'$file' | diff - '$dir/want'"
done
sed 's/.*,"want":\(.*\)}$/\1/' tests/data/aws/sigv4.jsonl >"$dir/want"
check "debug vectors aws-sigv4 gives the recorded signatures" \
	sh -c "'$SLUICE' debug vectors aws-sigv4 --lines <tests/data/aws/sigv4.jsonl | diff - '$dir/want'"
sed 's/.*,"want":\(.*\)}$/\1/' tests/data/aws/targets.jsonl >"$dir/want"
check "debug vectors aws-targets gives the recorded results" \
	sh -c "'$SLUICE' debug vectors aws-targets --lines <tests/data/aws/targets.jsonl | diff - '$dir/want'"
check "examples of providers have no errors" says " 0 errors" "$SLUICE" lint examples/providers

dev --without controller,mesh,prometheus,app,load
kubectl create namespace argo-rollouts >/dev/null
port=$(free_port)
# A server that responds to the n-th request for a path with the n-th file PATH.n of the recordings, or else with PATH, slashes as dots; the first
# line of a file is the status and the headers. What comes is in $dir/requests.
mkdir "$dir/answers"
perl -MIO::Socket -e '
	my ($port, $dir) = @ARGV;
	my %n;
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 50, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my ($text, $n) = ("", 0);
		while (<$c>) { $text .= $_; $n = $1 if /^content-length: (\d+)/i; last if /^\r?\n/ }
		read $c, my $body, $n if $n;
		open my $f, ">>", "$dir/requests"; print $f $text, $body // "", "\n--\n"; close $f;
		my ($path) = $text =~ m{^\w+ /([^ ?]*)};
		$path =~ s{/}{.}g;
		open my $raw, ">", "$dir/answers/$path.received"; print $raw $text, $body // ""; close $raw;
		my $file = "$dir/answers/$path." . ++$n{$path};
		$file = "$dir/answers/$path" unless -e $file;
		if (open my $a, "<", $file) {
			my ($status, @headers) = split /\|/, scalar <$a>;
			my $answer = join "", <$a>;
			chomp $status; chomp @headers;
			print $c join("\r\n", "HTTP/1.1 $status x", @headers, "Content-Length: " . length $answer, "Connection: close", "", $answer);
		} else { print $c "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }
		close $c;
	}' "$port" "$dir" &
server=$!
answer() { # NAME STATUS[|HEADER...] BODY
	printf '%s\n%s' "$2" "$3" >"$dir/answers/$1"
}
secret() { kubectl create secret generic "$1" -n "${NAMESPACE:-argo-rollouts}" "${@:2}" >/dev/null; } # NAME --from-literal=KEY=VALUE...
start() { # FLAGS...
	POD_NAMESPACE=argo-rollouts "$SLUICE" controller --leader-elect=false --metricsPort 0 --healthzPort 0 --allow-local-web-metrics "$@" \
		>>"$dir/controller.log" 2>&1 &
	controller=$!
}
run() { # NAME CONDITION PROVIDER
	kubectl create -f - >/dev/null <<-Y
		apiVersion: argoproj.io/v1alpha1
		kind: AnalysisRun
		metadata: {name: $1}
		spec: {metrics: [{name: a, successCondition: '$2', consecutiveErrorLimit: 0, provider: $3}]}
	Y
}
state() { kubectl get analysisrun "$1" -o "jsonpath={.status.phase} {.status.metricResults[*].measurements[*].value} {.status.metricResults[*].measurements[*].message}"; }
is() { state "$1" | grep -q "$2"; }
arrived() { grep -q -i -- "$1" "$dir/requests"; } # TEXT
start

# Datadog: a Secret of the controller's namespace, a limit of requests, and a Secret of the run's.
secret datadog --from-literal=api-key=api-hunter2 --from-literal=app-key=app-hunter2 --from-literal=address="http://127.0.0.1:$port"
answer api.v1.query.1 "429|Retry-After: 1" '{}'
answer api.v1.query 200 '{"series":[{"pointlist":[[1598867200000,0.5],[1598867210000,0.25]]}]}'
run datadog 'result < 1' '{datadog: {query: "sum:a{*} by {b}"}}'
check "Datadog is queried, and again after a limit of requests" within 20 is datadog "^Successful 0.25"
check "with the query" arrived '^GET /api/v1/query?from=[0-9]*&query=sum%3Aa%7B%2A%7D+by+%7Bb%7D&to=[0-9]* '
check "and the credentials" sh -c "grep -qi '^dd-api-key: api-hunter2' '$dir/requests' && grep -qi '^dd-application-key: app-hunter2' '$dir/requests'"
check "two times" test "$(grep -c '^GET /api/v1/query' "$dir/requests")" = 2
NAMESPACE=default secret dd-mine --from-literal=api-key=mine-hunter2 --from-literal=app-key=mine-too --from-literal=address="http://127.0.0.1:$port"
answer api.v2.query.scalar 403 '{"errors":["mine-hunter2 is not permitted"]}'
run mine 'result < 1' '{datadog: {apiVersion: v2, query: q, secretRef: {name: dd-mine, namespaced: true}}}'
check "a Secret of the run's namespace is used" within 20 is mine "^Error.*error response code: 403"
check "and masked in what the server responds" is mine '\*\*\*\*\* is not permitted'

# New Relic: a Secret of another name, and a failure of the server.
secret nr --from-literal=personal-api-key=nr-hunter2 --from-literal=account-id=7 --from-literal=base-url-nerdgraph="http://127.0.0.1:$port/graphql"
answer graphql.1 502 'bad gateway'
answer graphql 200 '{"data":{"actor":{"account":{"nrql":{"results":[{"rate":99.5}]}}}}}'
run newrelic 'result.rate > 99' '{newRelic: {profile: nr, query: "SELECT rate FROM t"}}'
check "New Relic is queried, and again after a failure" within 20 is newrelic '^Successful {"rate":99.5}'
check "with the key" arrived '^api-key: nr-hunter2'
check "the query and the account" arrived '"variables":{"accountId":7,"query":"SELECT rate FROM t","timeout":5}'

# Graphite.
answer g.render 200 '[{"target":"a","datapoints":[[0.5,1],[null,2]]}]'
run graphite 'result[0] < 1' "{graphite: {address: 'http://127.0.0.1:$port/g', query: 'target=sum(a, b)&from=-5min'}}"
check "Graphite is queried" within 20 is graphite '^Successful \[0.500000\]'
check "with a query in one piece" arrived '^GET /g/render?format=json&from=-5min&target=sum%28a%2Cb%29 '

# SkyWalking.
answer s.graphql 200 '{"data":{"cpm":7}}'
run skywalking 'result.cpm == 7' "{skywalking: {address: 'http://127.0.0.1:$port/s', interval: 3m, query: 'query q(\$duration: Duration!) {cpm}'}}"
check "SkyWalking is queried" within 20 is skywalking '^Successful {"cpm":7}'
check "with the duration" arrived '"variables":{"duration":{"start":"[-0-9]* [0-9]*","end":"[-0-9]* [0-9]*","step":"MINUTE"}}'

# InfluxDB.
secret influxdb --from-literal=authToken=in-hunter2 --from-literal=org='my org' --from-literal=address="http://127.0.0.1:$port/i"
answer i.api.v2.query 200 '#datatype,string,long,double
#group,false,false,false
#default,_result,,
,result,table,_value
,,0,0.5
'
run influxdb 'result[0] < 1' '{influxdb: {query: "from(bucket: b)"}}'
check "InfluxDB is queried" within 20 is influxdb '^Successful \[0.5\]'
check "with its organization" arrived '^POST /i/api/v2/query?org=my+org '
check "and its token" arrived '^Authorization: Token in-hunter2'

# Kayenta: the controller is killed while it judges.
answer k.canaryConfig 200 '[{"id":"c7","name":"config"}]'
answer k.canary.c7 200 '{"canaryExecutionId":"e7"}'
answer k.canary.e7 200 '{"complete":true,"result":{"judgeResult":{"score":{"score":92.5}}}}'
run kayenta '' "{kayenta: {address: 'http://127.0.0.1:$port/k', application: app, canaryConfigName: config, metricsAccountName: m,
	configurationAccountName: c, storageAccountName: s, lookback: true, threshold: {pass: 90, marginal: 75},
	scopes: [{name: default, controlScope: {scope: a, step: 60}, experimentScope: {scope: b, step: 60}}]}}"
running() { kubectl get analysisrun kayenta -o 'jsonpath={.status.metricResults[0].measurements[0]}' | grep 'e7' | grep '"phase":"Running"' | grep -q resumeAt; }
check "Kayenta judges, and the measurement is Running" within 20 running
kill -9 $controller
wait $controller 2>/dev/null
start
check "another controller continues it" within 40 is kayenta '^Successful 92'
check "and starts no second judgment" test "$(grep -c '^POST /k/canary/c7?application=app&metricsAccountName=m&configurationAccountName=c&storageAccountName=s' "$dir/requests")" = 1
check "of both scopes" arrived '"controlScope":{"scope":"a","location":"","step":60,"start":"'

# CloudWatch, with a role that the controller takes by a token in a file.
kill $controller
wait $controller
printf 'oidc-hunter2\n' >"$dir/token"
export AWS_REGION=eu-west-1 AWS_ROLE_ARN=arn:aws:iam::1:role/r AWS_WEB_IDENTITY_TOKEN_FILE=$dir/token AWS_ROLE_SESSION_NAME=me \
	AWS_ENDPOINT_URL_STS=http://127.0.0.1:$port/sts AWS_ENDPOINT_URL_CLOUDWATCH=http://127.0.0.1:$port/cw
export AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2=http://127.0.0.1:$port/elb
start --alb-verify-weight --alb-tag-key-resource-id shop/resource
unset AWS_REGION AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_SESSION_NAME AWS_ENDPOINT_URL_STS AWS_ENDPOINT_URL_CLOUDWATCH
unset AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2
answer sts. 200 '<R><AccessKeyId>AKID</AccessKeyId><SecretAccessKey>secret-hunter2</SecretAccessKey><SessionToken>session-hunter2</SessionToken></R>'
operation=cw.service.GraniteServiceVersion20100801.operation.GetMetricData
answer $operation 200 '{"MetricDataResults":[{"Id":"q","Label":"q","StatusCode":"Complete","Timestamps":[1],"Values":[0.25,0.5]}]}'
run cloudwatch 'result[0].Values[0] < 1' '{cloudWatch: {interval: 10m, metricDataQueries: [{id: q, expression: "a / 2"},
	{id: a, returnData: false, metricStat: {metric: {namespace: shop, metricName: m}, period: 60, stat: Sum}}]}}'
check "CloudWatch is queried" within 20 is cloudwatch '^Successful \[\[0.25 0.5\]\]'
check "with a role for the token" arrived '^Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=me&.*=oidc-hunter2$'
# The signature of the received request, computed again (AWS Signature Version 4).
signed() { # FILE SERVICE
	SERVICE=$2 perl -MDigest::SHA=sha256_hex,hmac_sha256,hmac_sha256_hex -e '
		undef $/;
		my ($head, $body) = split /\r\n\r\n/, <STDIN>, 2;
		my ($first, @lines) = split /\r\n/, $head;
		my ($method, $path) = split / /, $first;
		my %h = map { my ($k, $v) = split /: */, $_, 2; (lc $k, $v) } @lines;
		my ($date, $region, $service, $names, $signature) = $h{authorization} =~
			m{^AWS4-HMAC-SHA256 Credential=AKID/(\d+)/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$} or die $h{authorization};
		die $names if grep { ";$names;" !~ /;$_;/ } qw(host x-amz-date x-amz-security-token content-type content-length);
		my $canonical = join "\n", $method, $path, "", (map { "$_:$h{$_}" } split /;/, $names), "", $names, sha256_hex($body);
		my $text = join "\n", "AWS4-HMAC-SHA256", $h{"x-amz-date"}, "$date/$region/$service/aws4_request", sha256_hex($canonical);
		my $key = "AWS4secret-hunter2";
		$key = hmac_sha256($_, $key) for $date, $region, $service, "aws4_request";
		die "want " . hmac_sha256_hex($text, $key) . ", got $signature" if hmac_sha256_hex($text, $key) ne $signature;
		die "$region $service" if "$region $service" ne "eu-west-1 $ENV{SERVICE}" or $h{"x-amz-security-token"} ne "session-hunter2";' \
		<"$dir/answers/$1.received"
}
check "and a signature that is right" signed $operation monitoring
answer $operation 400 '{"__type":"com.amazonaws#AccessDenied","message":"session-hunter2 may not call GetMetricData"}'
run denied 'result[0].Values[0] < 1' '{cloudWatch: {metricDataQueries: [{id: q, expression: a}]}}'
check "an error of AWS is shown without the credentials" within 20 is denied '^Error.*AccessDenied: \*\*\*\*\* may not call GetMetricData'

# Load balancers, with the same role: the first time without the weight, then with it.
elb() { # N CALL RESULT
	answer "elb..$1" "${4:-200}" "<$2Response><$2Result>$3</$2Result></$2Response>"
}
for round in 0 5; do
	elb $((round + 1)) DescribeLoadBalancers '<LoadBalancers><member><LoadBalancerArn>arn:lb</LoadBalancerArn><LoadBalancerName>lb</LoadBalancerName><DNSName>web.elb.test</DNSName></member></LoadBalancers>'
	elb $((round + 2)) DescribeTargetGroups '<TargetGroups><member><TargetGroupArn>arn:c</TargetGroupArn><TargetGroupName>c</TargetGroupName></member></TargetGroups>'
	elb $((round + 3)) DescribeTags '<TagDescriptions><member><ResourceArn>arn:c</ResourceArn><Tags><member><Key>shop/resource</Key><Value>default/web-fresh:80</Value></member></Tags></member></TagDescriptions>'
	elb $((round + 4)) DescribeListeners '<Listeners><member><ListenerArn>arn:l/1</ListenerArn></member></Listeners>'
	elb $((round + 5)) DescribeRules "<Rules><member><Actions><member><ForwardConfig><TargetGroups><member><TargetGroupArn>arn:c</TargetGroupArn><Weight>$((round * 5))</Weight></member></TargetGroups></ForwardConfig></member></Actions></member></Rules>"
done
kubectl apply -f tests/data/routers/alb.yaml >/dev/null
kubectl patch ingress web --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"hostname":"web.elb.test"}]}}}' >/dev/null
rollout() { kubectl get rollout myapp -o "jsonpath={.status.phase} {.status.currentStepIndex} {.status.canary.weights.verified} {.status.alb.loadBalancer.name}" | grep -q "$1"; }
check "the first version needs no load balancer" within 30 rollout '^Healthy'
kubectl patch rollout myapp --type=merge -p '{"spec":{"template":{"spec":{"containers":[{"name":"myapp","image":"myregistry/myapp:v2"}]}}}}' >/dev/null
check "a weight waits for the load balancer" within 20 rollout '^Progressing 0 false lb'
check "and counts when AWS has it" within 30 rollout '^Paused 1 true lb'
check "AWS is queried for the rules" arrived '^Action=DescribeRules&ListenerArn=arn%3Al%2F1&Version=2015-12-01'
check "with a signature that is right" signed elb. elasticloadbalancing
check "in two rounds" test "$(grep -c '^POST /elb/' "$dir/requests")" = 10
check "with credentials that are fetched once" test "$(grep -c '^Action=AssumeRoleWithWebIdentity' "$dir/requests")" = 3
kubectl delete rollout myapp >/dev/null

# Dynatrace.
secret dynatrace --from-literal=token=dt-hunter2 --from-literal=address="http://127.0.0.1:$port/dt/"
answer dt.api.v2.metrics.query 200 '{"totalCount":1,"nextPageKey":null,"result":[{"metricId":"m","data":[{"dimensions":[],"timestamps":[1],"values":[0.5]}]}]}'
run dynatrace 'result < 1' '{plugin: {sluice/dynatrace: {query: "builtin:service.errors:avg"}}}'
check "Dynatrace is queried" within 20 is dynatrace '^Successful 0.5'
check "with the selector" arrived '^GET /dt/api/v2/metrics/query?metricSelector=builtin%3Aservice.errors%3Aavg&resolution=Inf&from=[0-9]*&to=[0-9]* '
check "and the token" arrived '^Authorization: Api-Token dt-hunter2'

# Google Cloud Monitoring, with a token of the metadata server; and plugins of the user's, a program and a service.
kill $controller
wait $controller
cat >"$dir/budget" <<'END'
#!/bin/sh
call=$(cat)
case $call in
*'"status":{"job":7}'*) echo '{"value": {"burned": 0.25}}' ;;
*'"config":{"service":"shop"}'*) echo '{"phase": "Running", "requeueAfter": "1s", "status": {"job": 7}}' ;;
esac
END
chmod +x "$dir/budget"
cat >"$dir/plugins" <<END
metricPlugins:
- name: acme/budget
  exec: {command: [$dir/budget]}
- name: acme/service
  http: {url: "http://127.0.0.1:$port/hook"}
END
export GCE_METADATA_HOST=127.0.0.1:$port CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING=http://127.0.0.1:$port/g/
start --step-plugins "$dir/plugins"
unset GCE_METADATA_HOST CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING
answer computeMetadata.v1.instance.service-accounts.default.token 200 '{"access_token":"gcp-hunter2","expires_in":3599}'
answer g.v3.projects.p-1.timeSeries:query 200 '{"timeSeriesData":[{"pointData":[{"values":[{"int64Value":"3"}]},{"values":[{"int64Value":"9"}]}]}]}'
run google 'result < 4' '{plugin: {sluice/google-cloud-monitoring: {project: p-1, query: "fetch x"}}}'
check "Google Cloud Monitoring is queried" within 20 is google '^Successful 3'
check "with a token of the metadata server" sh -c "grep -qi '^metadata-flavor: google' '$dir/requests' && grep -qi '^authorization: bearer gcp-hunter2' '$dir/requests'"
run program 'result.burned < 0.5' '{plugin: {sluice/hook: {name: acme/budget, config: {service: shop}}}}'
check "a program measures, and continues with its status" within 20 is program '^Successful {"burned":0.25}'
answer hook 200 '{"phase":"Failed","value":7,"message":"too many"}'
run service 'result == 7' '{plugin: {sluice/hook: {name: acme/service}}}'
check "a service decides itself" within 20 is service '^Failed 7 too many'
check "and gets the metric" arrived '^{"operation":"Measure","plugin":"acme/service","metric":"a","namespace":"default","run":{"name":"service",'
run undeclared '' '{plugin: {sluice/hook: {name: acme/other}}}'
check "a plugin that is not declared is an error" within 20 is undeclared '^Error.*"acme/other" is not declared under metricPlugins'

# Wavefront is only queried over https: a token for another address is not sent.
secret wavefront-api-tokens --from-literal=w.example.invalid=wf-hunter2
run wavefront 'result < 1' '{wavefront: {address: "127.0.0.1:1", query: q}}'
check "Wavefront needs a token for the address" within 20 is wavefront '^Error.*API token not found'

kill $controller $server
wait $controller
