/* cli/cmd_dashboard.c: dashboard: Rollouts and Applications in a browser, by default on this machine only. The HTTP
 * API is in web/dashboard.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/dashboard_objects.h"
#include "web/code_login.h"
#include "web/dashboard.h"

static int dashboard_run(struct cli *);

const struct command cmd_dashboard = {
	.name = "dashboard",
	.args = "",
	.group = GROUP_SEE,
	.summary = "Show and control Rollouts and Applications in a browser",
	.example = "dashboard|dashboard --port 0 --read-only",
	.flags =
	    (const struct flag[]){
		{ .name = "port",
		    .letter = 'p',
		    .value = "PORT",
		    .value_default = "3100",
		    .text = "Port to listen on" },
		{ .name = "root-path", .value = "NAME", .value_default = "rollouts", .text = "Path of the page" },
		{ .name = "listen-address",
		    .value = "ADDR",
		    .value_default = "127.0.0.1",
		    .text = "Address to listen on" },
		{ .name = "gitops-namespace",
		    .value = "NAME",
		    .value_default = "argocd",
		    .text = "Namespace of Applications that a request names without one" },
		{ .name = "read-only", .text = "Refuse all changes, and show no buttons" },
		{ 0 },
	    },
	.run = dashboard_run,
};

struct local_dashboard {
	struct dashboard_objects objects;
	struct code_login_server login;
	const struct dashboard_settings *settings;
	struct loop_io input; /* standard input: a line requests another address */
};

/* Returns 0, or 1 after printing the error. */
static int
dashboard_read_settings(struct local_dashboard *d, struct dashboard_settings *ret)
{
	struct cli *c = d->objects.cli;
	const char *root = cli_flag(c, "root-path"), *address = cli_flag(c, "listen-address");
	long long port;

	if (!str_int(cli_flag(c, "port"), 0, 65535, &port))
		return cli_fail(c, "--port: \"%s\" is not a port", cli_flag(c, "port"));
	if (strcmp(address, "127.0.0.1") != 0 && !cli_on(c, "read-only"))
		return cli_fail(c,
		    "--listen-address other than 127.0.0.1 needs --read-only: every client has your permissions; "
		    "`ssh -L` and `kubectl port-forward` bring 127.0.0.1 to others");
	root += strspn(root, "/");
	if (strncmp(root, "api", 3) == 0 && (root[3] == '/' || root[3] == '\0'))
		return cli_fail(c, "--root-path: api is the path of the API");
	*ret = (struct dashboard_settings){ .address = address,
		.port = (int)port,
		.root = arena_strndup(c->arena, root, strcspn(root, "/")),
		.read_only = cli_on(c, "read-only"),
		.version = VERSION,
		.namespace = c->namespace,
		.view = cache_view(d->objects.cache),
		.ready = dashboard_objects_is_ready,
		.arg = &d->objects,
		.api = c->transport,
		.argocd_namespace = cli_flag(c, "gitops-namespace"),
		.login = &d->login.login };
	if (root[strcspn(root, "/")] != '\0' && root[strcspn(root, "/") + 1] != '\0')
		return cli_fail(c, "--root-path: \"%s\" is more than one name", root);
	return 0;
}

/* Prints an address with a new code. The address is not that of "localhost", which may be ::1, where another user of
 * the machine may listen on the same port. */
static void
dashboard_print_address(struct local_dashboard *d, const struct dashboard_settings *s)
{
	const char *code = code_login_renew(&d->login);

	if (code == NULL) {
		fprintf(stderr, "error: the system has no random numbers for a code: %s\n", strerror(errno));
		return;
	}
	printf("http://%s:%d/%s%s#code=%s\n", s->address, dashboard_port(d->objects.dashboard), s->root,
	    s->root[0] != '\0' ? "/" : "", code);
	fflush(stdout);
}

/* Enter prints another address. At the end of the input, or in the background of a terminal, none is read. */
static void
dashboard_on_input(struct loop_io *io, int events, void *arg)
{
	struct local_dashboard *d = arg;
	char line[256];
	ssize_t n = -1;

	(void)events;
	if (!isatty(io->fd) || tcgetpgrp(io->fd) == getpgrp())
		n = read(io->fd, line, sizeof(line));
	if (n <= 0)
		loop_io_stop(d->objects.cli->loop, io);
	else if (memchr(line, '\n', (size_t)n) != NULL)
		dashboard_print_address(d, d->settings);
}

static void
dashboard_greet(struct local_dashboard *d)
{
	printf("Rollouts and Applications of %s: open this address within a minute, once. Enter prints another one, "
	       "Ctrl-C ends the "
	       "dashboard.\n",
	    d->objects.everywhere ? "all namespaces" : d->objects.cli->namespace);
	dashboard_print_address(d, d->settings);
	d->input = (struct loop_io){ .fd = STDIN_FILENO, .events = LOOP_READ, .ready = dashboard_on_input, .arg = d };
	loop_io_start(d->objects.cli->loop, &d->input);
}

static int
dashboard_run(struct cli *c)
{
	struct local_dashboard d = { 0 };
	struct dashboard_settings s;

	if (cli_connect(c) != 0)
		return 1;
	dashboard_objects_init(&d.objects, c, cli_flag(c, "namespace") == NULL);
	d.objects.may_narrow = true;
	d.settings = &s;
	code_login_init(&d.login, c->loop, getenv("USER"));
	if (dashboard_read_settings(&d, &s) != 0) {
		dashboard_objects_done(&d.objects);
		return 1;
	}
	d.objects.dashboard = dashboard_new(c->loop, &s);
	if (d.objects.dashboard == NULL) {
		dashboard_objects_done(&d.objects);
		return cli_fail(c, "cannot listen on %s port %d: %s; choose another with --port", s.address, s.port,
		    strerror(errno));
	}
	cli_signals(c);
	dashboard_objects_start(&d.objects);
	code_login_set_port(&d.login, dashboard_port(d.objects.dashboard));
	dashboard_greet(&d);
	loop_run(c->loop);
	loop_io_stop(c->loop, &d.input);
	dashboard_objects_done(&d.objects);
	return d.objects.code;
}
