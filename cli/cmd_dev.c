/* cli/cmd_dev.c: dev: a cluster on this machine. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/dev.h"

static int dev_run(struct cli *);

const struct command cmd_dev = {
	.name = "dev",
	.args = "",
	.summary = "starts a cluster on this machine (loopback only) and writes a kubeconfig",
	.flags = "dir port ready app behave no-controller prometheus mesh",
	.run = dev_run,
};

static int
dev_run(struct cli *c)
{
	struct dev_settings s = { .dir = cli_flag(c, "dir"),
		.ready_ms = 1500,
		.app = cli_flag(c, "app"),
		.behave = cli_flag(c, "behave"),
		.controller = cli_flag(c, "no-controller") == NULL,
		.prometheus = cli_flag(c, "prometheus") != NULL,
		.mesh = cli_flag(c, "mesh") != NULL };
	long long n = 0;
	struct dev *d;

	if (cli_flag(c, "port") != NULL && !str_int(cli_flag(c, "port"), 0, 65535, &n))
		return cli_fail(c, "--port: \"%s\" is not a port", cli_flag(c, "port"));
	s.port = (int)n;
	if (cli_flag(c, "ready") != NULL && !str_int(cli_flag(c, "ready"), 0, 3600000, &n))
		return cli_fail(c, "--ready: \"%s\" is not a number of milliseconds", cli_flag(c, "ready"));
	if (cli_flag(c, "ready") != NULL)
		s.ready_ms = n;
	if (s.dir == NULL && (s.dir = dev_directory(c)) == NULL)
		return 1;
	cli_signals(c);
	if ((d = dev_start(c, &s)) == NULL)
		return 1;
	printf("The cluster runs at %s.\n\n    export KUBECONFIG=%s\n\n", dev_server(d), dev_kubeconfig(d));
	if (dev_prometheus(d) != NULL)
		printf("Prometheus:  %s\n", dev_prometheus(d));
	if (dev_gateway(d) != NULL)
		printf("Gateway:     %s\n", dev_gateway(d));
	printf("Logs:        %s/*.log\nCtrl-C stops it all.\n", s.dir);
	fflush(stdout);
	loop_run(c->loop);
	dev_stop(d);
	return 0;
}
