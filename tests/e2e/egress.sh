#!/bin/bash
# Where metrics that users write lead: not to this machine, its link or a cloud's metadata in any spelling, not through a proxy either; and a
# redirect to another origin carries nothing that may be a credential.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app,load
health=$(free_port) one=$(free_port) two=$(free_port) proxy=$(free_port)
# serve PORT NAME: responds to every request; /to/N/URL is redirected there with status N. What comes is in $dir/NAME.
serve() {
	perl -MIO::Socket -e '
		my ($port, $log) = @ARGV;
		$SIG{CHLD} = "IGNORE";
		my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 50, ReuseAddr => 1) or die;
		while (my $c = $s->accept) {
			next if fork;
			my ($text, $n) = ("", 0);
			while (<$c>) { $text .= $_; $n = $1 if /^content-length: (\d+)/i; last if /^\r?\n/ }
			read $c, my $body, $n if $n;
			open my $f, ">>", $log; print $f $text, $body // "", "\n--\n"; close $f;
			if ($text =~ m{^\w+ (?:http://[^/]*)?/to/(\d+)/(\S+)}) { print $c "HTTP/1.1 $1 Moved\r\nLocation: $2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }
			else { print $c "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{\"a\": 1}" }
			close $c; exit;
		}' "$1" "$dir/$2" &
	servers+=($!)
}
serve "$one" one
serve "$two" two
serve "$proxy" proxy
start() { # FLAGS...
	"$SLUICE" controller --leader-elect=false --listen-address 127.0.0.1 --metricsPort 0 --healthzPort "$health" "$@" >>"$dir/controller.log" 2>&1 &
	controller=$!
}
stop() { kill $controller && wait $controller; }
run() { # NAME WEB
	kubectl create -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata: {name: $1}
spec: {metrics: [{name: a, successCondition: result == 1, consecutiveErrorLimit: 0, provider: {web: $2}}]}
Y
}
is() { kubectl get analysisrun "$1" -o "jsonpath={.status.phase} {.status.metricResults[*].measurements[*].message}" | grep -q "$2"; }
refused() { # NAME URL
	run "$1" "{url: '$2', jsonPath: '{\$.a}', timeoutSeconds: 5}"
	check "$2 gets no request" within 20 is "$1" "^Error.*leads to this machine, its link or the API server"
}
start
n=0
for host in 127.1 2130706433 0x7f000001 0177.0.0.1 0 localhost foo.localhost '[::1]' '[::ffff:127.0.0.1]' '[::ffff:7f00:1]' '[::]' 169.254.169.254 2852039166 \
	0xa9fea9fe 0251.0376.0251.0376 '[::ffff:169.254.169.254]' '[64:ff9b::a9fe:a9fe]' '[64:ff9b:1::a9fe:a9fe]' '[2002:a9fe:a9fe::1]' '[fd00:ec2::254]' \
	'[fd20:ce::254]' '[fe80::1]' 100.100.100.200 168.63.129.16; do
	n=$((n + 1))
	refused "direct-$n" "http://$host:$one/"
done
check "and the server was not" fails test -e "$dir/one"
stop

# With a proxy, which would query any address. It is on this machine itself, as a sidecar is.
export http_proxy=http://127.0.0.1:$proxy
start
for host in 127.1 2130706433 localhost ip6-localhost metadata.google.internal metadata.goog. x.METADATA.google.internal instance-data 169.254.169.254 \
	%31%36%39.254.169.254 user:word@169.254.169.254 169.254.43518 0xa9fea9fe '[::ffff:169.254.169.254]' '[64:ff9b::a9fe:a9fe]' '[fd00:ec2::254]'; do
	n=$((n + 1))
	refused "proxied-$n" "http://$host:$one/"
done
refused by-name "http://$(hostname):$one/to/302/http://169.254.169.254/" # a name of this machine's, where it resolves to loopback
check "and the proxy was not" fails test -e "$dir/proxy"
run elsewhere "{url: 'http://192.0.2.7/metric', jsonPath: '{\$.a}'}"
check "an address outside gets the request through the proxy" within 20 is elsewhere "^Successful"
check "as it was written" grep -q '^GET http://192.0.2.7/metric' "$dir/proxy"
run unknown "{url: 'http://service.outside.invalid/metric', jsonPath: '{\$.a}'}"
check "a name that only the proxy knows, too" within 20 is unknown "^Successful"
run onward "{url: 'http://192.0.2.7/to/302/http://169.254.169.254/latest', jsonPath: '{\$.a}'}"
check "a redirect to the metadata is not followed" within 20 is onward "^Error.*leads to this machine"
check "nor requested from the proxy" sh -c "! grep 'GET http://169' '$dir/proxy'"
stop
unset http_proxy

start --allow-local-web-metrics
secret="headers: [{key: Authorization, value: 'Bearer hunter2'}, {key: X-Api-Key, value: hunter2}, {key: Cookie, value: 'a=hunter2'}]"
run same "{url: 'http://127.0.0.1:$one/to/302//path', jsonPath: '{\$.a}', $secret}"
check "a redirect within the origin is followed" within 20 is same "^Successful"
check "with its headers" test "$(grep -c 'X-Api-Key: hunter2' "$dir/one")" = 2
: >"$dir/two"
run other "{url: 'http://127.0.0.1:$one/to/302/http://127.0.0.1:$two/path', jsonPath: '{\$.a}', $secret}"
check "one to another origin is followed" within 20 is other "^Successful"
check "and carries none of them" sh -c "grep -q 'GET /path' '$dir/two' && ! grep hunter2 '$dir/two'"
run back "{url: 'http://127.0.0.1:$two/to/307/http://127.0.0.1:$one/to/307/http://127.0.0.1:$two/back', jsonPath: '{\$.a}', $secret}"
check "one that leads back too" within 20 is back "^Successful"
check "carries them no more" sh -c "grep -A9 'GET /back' '$dir/two' | grep -c hunter2 | grep -q '^0\$'"
run post "{url: 'http://127.0.0.1:$one/to/302/http://127.0.0.1:$two/posted', method: POST, body: 'hunter2', jsonPath: '{\$.a}'}"
check "a POST is redirected as a GET" within 20 is post "^Successful"
check "without its body" sh -c "grep -A9 'GET /posted' '$dir/two' | grep -c hunter2 | grep -q '^0\$'"
run kept "{url: 'http://127.0.0.1:$one/to/307/http://127.0.0.1:$two/kept', method: POST, body: 'hunter2', jsonPath: '{\$.a}'}"
check "one that would keep its body is not followed to another origin" within 20 is kept "^Error"
check "which never sees it" sh -c "! grep kept '$dir/two'"
run loop "{url: 'http://127.0.0.1:$one/to/302/http://127.0.0.1:$one/to/302/http://127.0.0.1:$one/to/302/http://127.0.0.1:$one/to/302/http://127.0.0.1:$one/to/302/http://127.0.0.1:$one/to/302/x', jsonPath: '{\$.a}'}"
check "six redirects are too many" within 20 is loop "^Error"
run file "{url: 'http://127.0.0.1:$one/to/302/file:///etc/passwd', jsonPath: '{\$.a}'}"
check "one to a file is not followed" within 20 is file "^Error"
stop
kill "${servers[@]}"
