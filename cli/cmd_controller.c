/* cli/cmd_controller.c: controller: watches and decides until it is told to stop, while it holds the Lease to do so. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "analysis/decide.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/time.h"
#include "cli/cli.h"
#include "kube/lease.h"
#include "kube/runner.h"
#include "kube/transport_curl.h"
#include "rollout/decide.h"

/* The other controller's, so that the two never act at once in one cluster. */
#define LEASE "argo-rollouts-controller-lock"
#define RELEASE_MS 2000
#define IDLE_MS 5000

static int controller_run(struct cli *);

const struct command cmd_controller = {
	.name = "controller",
	.args = "",
	.summary = "runs the controller",
	.flags = "loglevel logformat namespaced instance-id leader-elect leader-election-lease-duration "
		 "leader-election-renew-deadline leader-election-retry-period leader-election-namespace",
	.run = controller_run,
};

static const struct controller *const rows[] = { &rollout_controller, &analysis_controller, NULL };

struct process {
	struct cli *cli;
	struct transport *outside;
	struct string_map variables;
	struct runner_settings settings;
	struct runner *runner; /* NULL: it does not act */
	struct lease *lease; /* NULL: --leader-elect=false */
	struct timer giving_up;
	struct timer idle; /* fires when nothing was planned for a while */
	bool released;
};

static void
planned(const char *controller, const char *ns, const char *name, const struct plan *p, void *arg)
{
	struct process *process = arg;

	loop_timer(process->cli->loop, &process->idle, IDLE_MS);
	for (size_t i = 0; i < p->n_reasons; i++)
		log_info(p->reasons[i], "controller", controller, "namespace", ns, "name", name);
}

/* What the busy time needed goes back to the machine. */
static void
on_idle(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	malloc_trim(0);
}

static void
synced(void *arg)
{
	struct process *p = arg;

	loop_timer(p->cli->loop, &p->idle, IDLE_MS);
	log_info("watching");
}

static bool
may_write(void *arg)
{
	const struct process *p = arg;

	return p->lease == NULL || lease_held(p->lease);
}

static void
on_started(void *arg)
{
	struct process *p = arg;

	log_info("acting");
	p->runner = runner_start(p->cli->transport, p->outside, rows, &p->settings);
}

static void
on_stopped(void *arg)
{
	struct process *p = arg;

	log_warn("the lease is lost: no longer acting");
	p->runner = runner_stop(p->runner);
}

static void
on_waiting(void *arg, const char *holder, const struct err *e)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)arg;
	if (e != NULL)
		log_warn("the lease cannot be had; trying on", "error", err_text(a, err_copy(a, e)));
	else
		log_info("another acts; waiting for the lease", "holder", holder);
}

/* What the other controller reads from its environment too. */
static struct string_map
variables_of(struct cli *c)
{
	static const struct {
		const char *name, *variable;
	} known[] = { { "prometheus-address", "ARGO_ROLLOUTS_PROMETHEUS_ADDRESS" } };
	struct string_map m = { .at = arena_new_array(c->arena, struct string_pair, ARRAY_SIZE(known)) };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *value = getenv(known[i].variable);

		if (value != NULL && value[0] != '\0')
			m.at[m.n++] = (struct string_pair){ known[i].name, value };
	}
	return m;
}

/* The settings of the election from flags; 0, or 1 after saying what is wrong. */
static int
lease_settings_of(struct process *p, struct lease_settings *ret)
{
	const struct {
		const char *flag;
		int64_t otherwise;
		int64_t *to;
	} times[] = { { "leader-election-lease-duration", 15000, &ret->duration_ms },
		{ "leader-election-renew-deadline", 10000, &ret->renew_deadline_ms },
		{ "leader-election-retry-period", 2000, &ret->retry_ms } };
	struct cli *c = p->cli;
	const char *id = cli_flag(c, "instance-id"), *pod = getenv("POD_NAMESPACE");
	struct rand_stream rand = rand_stream(p->settings.seed, "identity");
	char host[256] = "sluice";

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		*times[i].to = times[i].otherwise;
		if (cli_flag(c, times[i].flag) != NULL &&
		    (!duration_parse(cli_flag(c, times[i].flag), times[i].to) || *times[i].to <= 0))
			return cli_fail(
			    c, "--%s: \"%s\" is not a duration such as 15s", times[i].flag, cli_flag(c, times[i].flag));
	}
	if (ret->retry_ms >= ret->renew_deadline_ms || ret->renew_deadline_ms >= ret->duration_ms)
		return cli_fail(c,
		    "--leader-election-retry-period must be less than -renew-deadline, and that less than "
		    "-lease-duration");
	gethostname(host, sizeof(host) - 1);
	ret->identity = arena_printf(c->arena, "%s_%016" PRIx64, host, rand_next(&rand));
	ret->name = id != NULL && id[0] != '\0' ? arena_printf(c->arena, "%s-%s", LEASE, id) : LEASE;
	ret->namespace = pod != NULL && pod[0] != '\0' ? pod : c->config.namespace;
	if (cli_flag(c, "leader-election-namespace") != NULL)
		ret->namespace = cli_flag(c, "leader-election-namespace");
	ret->seed = p->settings.seed;
	ret->started = on_started;
	ret->stopped = on_stopped;
	ret->waiting = on_waiting;
	ret->arg = p;
	return 0;
}

static void
on_released(void *arg)
{
	struct process *p = arg;

	p->released = true;
	loop_stop(p->cli->loop);
}

static void
on_giving_up(struct timer *t, void *arg)
{
	(void)t;
	on_released(arg);
}

/* Nothing is written any more; another may act at once. */
static void
release(struct process *p)
{
	if (p->lease == NULL)
		return;
	p->giving_up = (struct timer){ .fire = on_giving_up, .arg = p };
	loop_timer(p->cli->loop, &p->giving_up, RELEASE_MS);
	lease_release(p->lease, on_released, p);
	while (!p->released)
		loop_run(p->cli->loop);
	loop_timer_stop(p->cli->loop, &p->giving_up);
	p->lease = lease_free(p->lease);
}

static int
controller_run(struct cli *c)
{
	struct process p = { .cli = c, .variables = variables_of(c) };
	struct lease_settings election = { 0 };
	enum log_level level = LOG_LEVEL_INFO;
	const char *id = cli_flag(c, "instance-id"), *elect = cli_flag(c, "leader-elect");

	if (cli_flag(c, "loglevel") != NULL && !log_level_parse(cli_flag(c, "loglevel"), &level))
		return cli_fail(
		    c, "--loglevel: \"%s\" is not one of debug, info, warn, error", cli_flag(c, "loglevel"));
	log_setup(level, cli_flag(c, "logformat") != NULL && strcmp(cli_flag(c, "logformat"), "json") == 0);
	if (cli_connect(c) != 0)
		return 1;
	p.settings = (struct runner_settings){ .component = "rollouts-controller",
		.namespace = cli_flag(c, "namespaced") != NULL ? c->namespace : NULL,
		.seed = (uint64_t)loop_wall(c->loop) ^ ((uint64_t)getpid() << 32),
		.settings = &p.variables,
		.selector = id != NULL && id[0] != '\0' ? arena_printf(c->arena, LABEL_INSTANCE_ID "=%s", id)
							: "!" LABEL_INSTANCE_ID,
		.planned = planned,
		.synced = synced,
		.may_write = may_write,
		.arg = &p };
	if (lease_settings_of(&p, &election) != 0)
		return 1;
	p.idle = (struct timer){ .fire = on_idle, .arg = &p };
	cli_signals(c);
	log_info("starting", "server", c->config.server, "namespace", p.settings.namespace);
	p.outside = transport_curl_new(c->loop, NULL);
	if (elect != NULL && strcmp(elect, "false") == 0)
		on_started(&p);
	else
		p.lease = lease_new(c->transport, &election);
	loop_run(c->loop);
	loop_timer_stop(c->loop, &p.idle);
	log_info("stopping");
	p.runner = runner_stop(p.runner);
	release(&p);
	transport_free(p.outside);
	return 0;
}
