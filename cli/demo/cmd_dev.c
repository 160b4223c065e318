/* cli/demo/cmd_dev.c: dev: the laptop cluster, until a signal stops it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/demo/dev.h"
#include "io/child_process.h"

static int dev_run(struct cli *);

const struct command cmd_dev = {
	.name = "dev",
	.args = "",
	.group = GROUP_RUN,
	.summary = "Start a small cluster on loopback, with Rollouts, Deployments, Jobs and your definitions",
	.example = "dev|dev --without mesh,prometheus,load",
	.flags =
	    (const struct flag[]){
		{ .name = "dir",
		    .value = "DIR",
		    .text = "Directory for the cluster's files (default: a new one under /tmp)" },
		{ .name = "port",
		    .letter = 'p',
		    .value = "PORT",
		    .text = "Port of the API server (default: a free one)" },
		{ .name = "tls",
		    .text = "Serve the API over HTTPS, as a cluster does; the certificate is new at each start" },
		{ .name = "ready",
		    .value = "MS",
		    .value_default = "1500",
		    .text = "Milliseconds until virtual pods are ready" },
		{ .name = "app",
		    .value = "IMAGE",
		    .value_default = "myregistry/myapp",
		    .text = "Pods of this image repository run the demo application as local processes" },
		{ .name = "behave",
		    .value = "SPEC",
		    .text = "Behavior of a tag: v3:errors=0.3,latency=20ms (several: separate with ;)" },
		{ .name = "load",
		    .value = "N",
		    .value_default = "10",
		    .text = "Requests per second of the generated load" },
		{ .name = "without",
		    .value = "LIST",
		    .text = "Components not to start, comma-separated: controller, mesh, prometheus, app, load" },
		{ 0 },
	    },
	.run = dev_run,
};

static const char *const parts[] = { "controller", "mesh", "prometheus", "app", "load" };

/* Reads --without. Returns false after printing the error. */
static bool
dev_read_without(struct cli *c, struct dev_settings *s)
{
	bool *const on[] = { &s->controller, &s->mesh, &s->prometheus };
	char *list = arena_strdup(c->arena, cli_flag(c, "without") ?: ""), *save = NULL;

	for (char *t = strtok_r(list, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
		size_t k = 0;

		while (k < ARRAY_SIZE(parts) && strcmp(parts[k], t) != 0)
			k++;
		if (k == ARRAY_SIZE(parts)) {
			cli_fail(c, "--without: \"%s\" is not one of controller, mesh, prometheus, app, load", t);
			return false;
		}
		if (k < ARRAY_SIZE(on))
			*on[k] = false;
		else if (k == 3)
			s->app = NULL;
		else
			s->load = 0;
	}
	return true;
}

/* A program that is not installed is no reason not to start the rest. */
static void
dev_skip_missing(struct cli *c, bool *wanted, const char *program, const char *what)
{
	if (*wanted && spawn_find(c->arena, program) == NULL) {
		printf("No %s: %s is not installed (Debian's package of that name brings it).\n", what, program);
		*wanted = false;
	}
}

static int
dev_run(struct cli *c)
{
	struct dev_settings s = { .dir = cli_flag(c, "dir"),
		.tls = cli_on(c, "tls"),
		.app = cli_flag(c, "app"),
		.behave = cli_flag(c, "behave"),
		.controller = true,
		.prometheus = true,
		.mesh = true };
	long long n = 0;
	struct dev *d;

	if (cli_flag(c, "port") != NULL && !str_int(cli_flag(c, "port"), 0, 65535, &n))
		return cli_fail(c, "--port: \"%s\" is not a port", cli_flag(c, "port"));
	s.port = (int)n;
	if (!str_int(cli_flag(c, "ready"), 0, 3600000, &n))
		return cli_fail(c, "--ready: \"%s\" is not a number of milliseconds", cli_flag(c, "ready"));
	s.ready_ms = n;
	if (!str_int(cli_flag(c, "load"), 0, 1000, &n))
		return cli_fail(c, "--load: \"%s\" is not a number from 0 to 1000", cli_flag(c, "load"));
	s.load = (int)n;
	if (!dev_read_without(c, &s))
		return 1;
	dev_skip_missing(c, &s.mesh, "haproxy", "mesh");
	dev_skip_missing(c, &s.prometheus, "prometheus", "Prometheus");
	if (s.dir == NULL && (s.dir = dev_directory(c)) == NULL)
		return 1;
	cli_signals(c);
	if ((d = dev_start(c, &s)) == NULL)
		return 1;
	printf("The cluster runs at %s.\n\n    export KUBECONFIG=%s\n\n", dev_server(d), dev_kubeconfig(d));
	if (s.app != NULL)
		printf("Pods:        of image %s are local processes, all others virtual\n", s.app);
	if (dev_prometheus(d) != NULL)
		printf("Prometheus:  %s\n", dev_prometheus(d));
	if (dev_gateway(d) != NULL)
		printf("Gateway:     %s (serves the first VirtualService, HTTPRoute or Ingress there is)\n",
		    dev_gateway(d));
	if (dev_gateway(d) != NULL && s.load > 0)
		printf("Users:       %d requests a second to the gateway, counted in load.log\n", s.load);
	printf("Logs:        %s/*.log\nCtrl-C stops it all.\n", s.dir);
	fflush(stdout);
	loop_run(c->loop);
	dev_stop(d);
	return 0;
}
