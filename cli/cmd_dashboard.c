/* cli/cmd_dashboard.c: dashboard: Rollouts in a browser, by default on this machine only. The HTTP API is in
 * web/dashboard.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/cli.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/api/pod_details.h"
#include "kube/api/replicaset.h"
#include "kube/watch.h"
#include "web/code_login.h"
#include "web/dashboard.h"

static int dashboard_run(struct cli *);

const struct command cmd_dashboard = {
	.name = "dashboard",
	.args = "",
	.group = GROUP_SEE,
	.summary = "Show and control Rollouts in a browser",
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
		{ .name = "read-only", .text = "Show only: no buttons and no changes" },
		{ 0 },
	    },
	.run = dashboard_run,
};

/* Pods and ReplicaSets of Rollouts and Experiments only. */
static const struct {
	const struct type *type;
	const char *labels;
} watched[] = {
	{ &rollout_type, NULL },
	{ &replicaset_type, LABEL_POD_TEMPLATE_HASH },
	{ &pod_details_type, LABEL_POD_TEMPLATE_HASH },
	{ &analysis_run_type, NULL },
	{ &experiment_type, NULL },
};

struct board {
	struct cli *cli;
	struct dashboard *dashboard;
	struct cache *cache;
	struct watch *watches[ARRAY_SIZE(watched)];
	size_t synced; /* the number of watches whose first list has arrived */
	bool everywhere; /* all namespaces are shown */
	struct timer again;
	struct code_login_server login;
	const struct dashboard_settings *settings;
	struct loop_io input; /* standard input: a line requests another address */
	int code;
};

static void
dashboard_on_change(const struct object *o, bool deleted, void *arg)
{
	struct board *b = arg;

	(void)deleted;
	if (b->dashboard != NULL)
		dashboard_changed(b->dashboard, o);
}

static void
dashboard_on_synced(void *arg)
{
	((struct board *)arg)->synced++;
}

static bool
dashboard_is_ready(void *arg)
{
	return ((struct board *)arg)->synced >= ARRAY_SIZE(watched);
}

/* Users who may not list all namespaces see one. If they may not list that either, or no server is reached, the
 * command fails. */
static void
dashboard_on_failed(const struct err *e, void *arg)
{
	struct board *b = arg;

	if (dashboard_is_ready(b))
		return; /* the watch is retried */
	if (b->everywhere && e->class != ERR_AGAIN) {
		b->everywhere = false;
		loop_timer(b->cli->loop, &b->again, 0);
	} else if (!timer_armed(&b->again) && b->code == 0) {
		b->code = cli_error(b->cli, e);
		loop_stop(b->cli->loop);
	}
}

static void
dashboard_stop_watches(struct board *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		b->watches[i] = watch_stop(b->watches[i]);
}

static void
dashboard_start_watches(struct board *b)
{
	b->synced = 0;
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		b->watches[i] = watch_start(b->cli->transport, b->cache, watched[i].type,
		    &(struct watch_scope){
			.namespace = b->everywhere ? NULL : b->cli->namespace, .labels = watched[i].labels },
		    1,
		    (struct watch_observer){ .synced = dashboard_on_synced, .failed = dashboard_on_failed, .arg = b });
}

static void
dashboard_on_again(struct timer *t, void *arg)
{
	struct board *b = arg;

	(void)t;
	fprintf(stderr, "No permission to list all namespaces; showing namespace %s.\n", b->cli->namespace);
	dashboard_stop_watches(b);
	dashboard_start_watches(b);
}

/* Returns 0, or 1 after printing the error. */
static int
dashboard_read_settings(struct board *b, struct dashboard_settings *ret)
{
	struct cli *c = b->cli;
	const char *root = cli_flag(c, "root-path"), *address = cli_flag(c, "listen-address");
	long long port;

	if (!str_int(cli_flag(c, "port"), 0, 65535, &port))
		return cli_fail(c, "--port: \"%s\" is not a port", cli_flag(c, "port"));
	if (strcmp(address, "127.0.0.1") != 0 && !cli_on(c, "read-only"))
		return cli_fail(c,
		    "--listen-address other than 127.0.0.1 needs --read-only: every client has your permissions; "
		    "`ssh -L` and `kubectl port-forward` bring 127.0.0.1 to others");
	root += strspn(root, "/");
	*ret = (struct dashboard_settings){ .address = address,
		.port = (int)port,
		.root = arena_strndup(c->arena, root, strcspn(root, "/")),
		.read_only = cli_on(c, "read-only"),
		.version = VERSION,
		.namespace = c->namespace,
		.view = cache_view(b->cache),
		.ready = dashboard_is_ready,
		.arg = b,
		.api = c->transport,
		.login = &b->login.login };
	if (root[strcspn(root, "/")] != '\0' && root[strcspn(root, "/") + 1] != '\0')
		return cli_fail(c, "--root-path: \"%s\" is more than one name", root);
	return 0;
}

/* Prints an address with a new code. The address is not that of "localhost", which may be ::1, where another user of
 * the machine may listen on the same port. */
static void
dashboard_print_address(struct board *b, const struct dashboard_settings *s)
{
	const char *code = code_login_renew(&b->login);

	if (code == NULL) {
		fprintf(stderr, "error: the system has no random numbers for a code: %s\n", strerror(errno));
		return;
	}
	printf("http://%s:%d/%s%s#code=%s\n", s->address, dashboard_port(b->dashboard), s->root,
	    s->root[0] != '\0' ? "/" : "", code);
	fflush(stdout);
}

/* Enter prints another address. At the end of the input, or in the background of a terminal, none is read. */
static void
dashboard_on_input(struct loop_io *io, int events, void *arg)
{
	struct board *b = arg;
	char line[256];
	ssize_t n = -1;

	(void)events;
	if (!isatty(io->fd) || tcgetpgrp(io->fd) == getpgrp())
		n = read(io->fd, line, sizeof(line));
	if (n <= 0)
		loop_io_stop(b->cli->loop, io);
	else if (memchr(line, '\n', (size_t)n) != NULL)
		dashboard_print_address(b, b->settings);
}

static void
dashboard_greet(struct board *b)
{
	printf("Rollouts of %s: open this address within a minute, once. Enter prints another one, Ctrl-C ends the "
	       "dashboard.\n",
	    b->everywhere ? "all namespaces" : b->cli->namespace);
	dashboard_print_address(b, b->settings);
	b->input = (struct loop_io){ .fd = STDIN_FILENO, .events = LOOP_READ, .ready = dashboard_on_input, .arg = b };
	loop_io_start(b->cli->loop, &b->input);
}

static int
dashboard_run(struct cli *c)
{
	struct board b = { .cli = c, .everywhere = cli_flag(c, "namespace") == NULL };
	struct dashboard_settings s;

	if (cli_connect(c) != 0)
		return 1;
	b.again = (struct timer){ .fire = dashboard_on_again, .arg = &b };
	b.cache = cache_new(dashboard_on_change, &b);
	b.settings = &s;
	code_login_init(&b.login, c->loop, getenv("USER"));
	if (dashboard_read_settings(&b, &s) != 0) {
		cache_free(b.cache);
		return 1;
	}
	b.dashboard = dashboard_new(c->loop, &s);
	if (b.dashboard == NULL) {
		cache_free(b.cache);
		return cli_fail(c, "cannot listen on %s port %d: %s; choose another with --port", s.address, s.port,
		    strerror(errno));
	}
	cli_signals(c);
	dashboard_start_watches(&b);
	code_login_set_port(&b.login, dashboard_port(b.dashboard));
	dashboard_greet(&b);
	loop_run(c->loop);
	loop_io_stop(c->loop, &b.input);
	b.dashboard = dashboard_free(b.dashboard);
	loop_timer_stop(c->loop, &b.again);
	dashboard_stop_watches(&b);
	cache_free(b.cache);
	return b.code;
}
