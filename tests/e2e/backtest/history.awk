# tests/e2e/backtest/history.awk: the past of a service as OpenMetrics, for `promtool tsdb create-blocks-from openmetrics`.
#
#	awk -f history.awk -v end=SECONDS -v hours=6 -v releases=good,errors5,good
#
# Ten stable pods serve 20 requests a second, of which 1 % fail and half take more than 80 ms; pods differ by a sixth. In a
# release, two canary pods get a fifth of the requests for 15 minutes; then all ten pods are new, unless the canary was bad
# (errors5: five times the errors; slow2: twice the latency). A series of errors begins with the first error. Samples are 15 s
# apart. The random numbers are the same in every awk (Park and Miller's generator).
# The times of the releases are written to standard error: SECONDS CANARY STABLE KIND.
function uniform() { state = state * 16807 % 2147483647; return state / 2147483647 }
function normal(	u, v, s) {
	do {
		u = 2 * uniform() - 1; v = 2 * uniform() - 1; s = u * u + v * v
	} while (s >= 1 || s == 0)
	return u * sqrt(-2 * log(s) / s)
}
function poisson(mean,	limit, n, p) {
	if (mean > 60) {
		n = int(mean + sqrt(mean) * normal() + 0.5)
		return n > 0 ? n : 0
	}
	limit = exp(-mean); n = -1; p = 1
	do { p *= uniform(); n++ } while (p > limit)
	return n
}
# The normal distribution: Abramowitz and Stegun 26.2.17.
function above(z,	t, p) {
	t = 1 / (1 + 0.2316419 * (z < 0 ? -z : z))
	p = 0.3989422804 * exp(-z * z / 2) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
	return z < 0 ? 1 - p : p
}
function pod(name) { bad_of[name] = exp(0.15 * normal()); return name }
function add(name, labels, t, v) {
	if (!((name labels) in lines))
		order[name, count[name]++] = labels
	lines[name labels] = lines[name labels] name "{" labels "} " v " " t "\n"
}
# One sample of a pod: rate requests a second.
function sample(name, t, rate, errors, slow,	n, e, i, labels, left, p, over, before) {
	n = poisson(rate * 15)
	e = poisson(n * errors * bad_of[name])
	if (e > n)
		e = n
	ok[name] += n - e; failed[name] += e; all[name] += n
	labels = "job=\"myapp\",namespace=\"shop\",pod=\"" name "\""
	add("http_requests_total", labels ",code=\"200\"", t, ok[name])
	if (failed[name] > 0)
		add("http_requests_total", labels ",code=\"500\"", t, failed[name])
	# Requests that are slower than a bound, among those that are slower than the one before it.
	left = n; before = 1
	for (i = 1; i <= bounds; i++) {
		p = above(log(bound[i] / (0.08 * slow)) / 0.8)
		over = poisson(left * p / before)
		if (over > left)
			over = left
		within[name, i] += n - over
		add("http_request_duration_seconds_bucket", labels ",le=\"" bound[i] "\"", t, within[name, i])
		left = over; before = p
	}
	add("http_request_duration_seconds_bucket", labels ",le=\"+Inf\"", t, all[name])
	add("http_request_duration_seconds_count", labels, t, all[name])
}
function print_series(name,	i) {
	for (i = 0; i < count[name]; i++)
		printf "%s", lines[name order[name, i]]
}
BEGIN {
	state = seed > 0 ? seed : 20261129
	bounds = split("0.05 0.1 0.25 0.5 1.0", bound, " ")
	n = split(releases, kinds, ",")
	start = end - hours * 3600
	gap = hours * 3600 / (n + 1)
	for (i = 0; i <= n; i++)
		hash[i] = sprintf("%05x%05x", uniform() * 1048576, uniform() * 1048576)
	current = hash[0]
	for (k = 0; k < 10; k++)
		stable[k] = pod("myapp-" current "-" k)
	release = 0; canary = 0
	for (t = start; t < end; t += 15) {
		if (!canary && release < n && t >= start + gap * (release + 1)) {
			canary = 2; release++; ends = t + 900
			for (k = 0; k < 2; k++)
				new[k] = pod("myapp-" hash[release] "-" k)
			print t, hash[release], current, kinds[release] >"/dev/stderr"
		}
		kind = canary ? kinds[release] : "good"
		errors = kind ~ /^errors/ ? substr(kind, 7) : 1
		slow = kind ~ /^slow/ ? substr(kind, 5) : 1
		for (k = 0; k < 10; k++)
			sample(stable[k], t, canary ? 1.6 : 2, 0.01, 1)
		for (k = 0; k < canary; k++)
			sample(new[k], t, 2, 0.01 * errors, slow)
		if (canary && t >= ends) {
			if (kind == "good") {
				current = hash[release]
				for (k = 0; k < 10; k++)
					stable[k] = k < 2 ? new[k] : pod("myapp-" current "-" k)
			}
			canary = 0
		}
	}
	print "# TYPE http_requests counter"
	print_series("http_requests_total")
	print "# TYPE http_request_duration_seconds histogram"
	print_series("http_request_duration_seconds_bucket")
	print_series("http_request_duration_seconds_count")
	print "# EOF"
}
