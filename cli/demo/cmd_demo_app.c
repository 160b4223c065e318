/* cli/demo/cmd_demo_app.c: app and load: the demo application (sim/app.c) and its load generator (sim/load.c), as
 * processes of their own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "kube/transport_curl.h"
#include "sim/app.h"
#include "sim/load.h"

static int demo_app_run(struct cli *);
static int load_run(struct cli *);

const struct command cmd_demo_app = {
	.name = "demo-app",
	.args = "",
	.summary = "Run the application of the laptop cluster's pods",
	.flags =
	    (const struct flag[]){
		{ .name = "address", .value = "ADDR", .text = "Address and port to listen on" },
		{ .name = "errors", .value = "RATE", .text = "Share of requests that get status 500" },
		{ .name = "latency", .value = "DURATION", .text = "Time until the response (default 2ms)" },
		{ .name = "version-name", .value = "NAME", .value_default = "v0", .text = "Version in the responses" },
		{ 0 },
	    },
	.run = demo_app_run,
};

const struct command cmd_load = {
	.name = "load",
	.args = "",
	.summary = "Send requests at a steady rate and print the results every second",
	.flags =
	    (const struct flag[]){
		{ .name = "url", .value = "URL", .text = "URL to request" },
		{ .name = "rate", .value = "N", .value_default = "50", .text = "Requests per second" },
		{ .name = "timeout", .value = "DURATION", .text = "Time after which it ends (default: never)" },
		{ 0 },
	    },
	.run = load_run,
};

/* Returns whether the text is an address of loopback with a port, such as "127.1.2.3:8080". */
static bool
demo_app_is_loopback(char *text, const char **ret_ip, int *ret_port)
{
	char *colon = strrchr(text, ':');
	long long port;

	if (colon == NULL || !str_starts(text, "127.") || !str_int(colon + 1, 0, 65535, &port))
		return false;
	*colon = '\0';
	*ret_ip = text;
	*ret_port = (int)port;
	return true;
}

static int
demo_app_run(struct cli *c)
{
	struct app_settings s = { .version = cli_flag(c, "version-name"), .latency_ms = 2, .seed = (uint64_t)getpid() };
	const char *errors = cli_flag(c, "errors"), *latency = cli_flag(c, "latency"),
		   *address = cli_flag(c, "address");
	char none[] = "", *end = none;
	struct app *app;

	if (address == NULL || !demo_app_is_loopback(arena_strdup(c->arena, address), &s.ip, &s.port))
		return cli_fail(
		    c, "--address: \"%s\" is not a loopback address and port such as 127.0.0.1:8080", address ?: "");
	if (latency != NULL && (!duration_parse(latency, &s.latency_ms) || s.latency_ms < 0))
		return cli_fail(c, "--latency: \"%s\" is not a duration such as 20ms", latency);
	if (errors != NULL)
		s.errors = strtod(errors, &end);
	if (*end != '\0' || !(s.errors >= 0 && s.errors <= 1))
		return cli_fail(c, "--errors: \"%s\" is not a share from 0 to 1", errors);
	if ((app = app_new(c->loop, &s)) == NULL)
		return cli_fail(c, "cannot listen on %s: %s", address, strerror(errno));
	loop_run(c->loop);
	app_free(app);
	return 0;
}

struct counted {
	unsigned long sent, failed;
};

static void
load_on_response(void *arg, const struct load_response *a)
{
	struct counted *n = arg;

	n->sent++;
	n->failed += a->status < 200 || a->status > 299;
}

static void
load_on_second(struct timer *t, void *arg)
{
	struct cli *c = t->arg;

	(void)arg;
	loop_stop(c->loop);
}

static int
load_run(struct cli *c)
{
	struct counted n = { 0 };
	struct timer second = { .fire = load_on_second, .arg = c };
	int64_t timeout = 0, started = loop_mono(c->loop);
	long long rate;
	struct transport *t;
	struct load *l;

	if (cli_flag(c, "url") == NULL)
		return cli_fail(c, "where to? --url http://127.0.0.1:8080/");
	if (!str_int(cli_flag(c, "rate"), 1, 1000, &rate))
		return cli_fail(c, "--rate: \"%s\" is not a number from 1 to 1000", cli_flag(c, "rate"));
	if (cli_flag(c, "timeout") != NULL && !duration_parse(cli_flag(c, "timeout"), &timeout))
		return cli_fail(c, "--timeout: \"%s\" is not a duration such as 90s", cli_flag(c, "timeout"));
	t = transport_curl_new(c->loop, NULL);
	l = load_new(c->loop, t, cli_flag(c, "url"), (int)rate, load_on_response, &n);
	while (timeout == 0 || loop_mono(c->loop) - started < timeout) {
		loop_timer(c->loop, &second, 1000);
		loop_run(c->loop);
		printf("%lu requests, %lu errors\n", n.sent, n.failed);
	}
	load_free(l);
	transport_free(t);
	return 0;
}
