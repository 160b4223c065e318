/* cli/cmd_controller.c: controller: watches and decides until it is told to stop. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "analysis/decide.h"
#include "base/log.h"
#include "cli/cli.h"
#include "kube/runner.h"
#include "kube/transport_curl.h"
#include "rollout/decide.h"

static int controller_run(struct cli *);

const struct command cmd_controller = {
	.name = "controller",
	.args = "",
	.summary = "runs the controller",
	.flags = "loglevel logformat namespaced",
	.run = controller_run,
};

static const struct controller *const rows[] = { &rollout_controller, &analysis_controller, NULL };

static void
planned(const char *controller, const char *ns, const char *name, const struct plan *p, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < p->n_reasons; i++)
		log_info(p->reasons[i], "controller", controller, "namespace", ns, "name", name);
}

static void
synced(void *arg)
{
	(void)arg;
	log_info("watching");
}

/* What the other controller reads from its environment too. */
static struct string_map
settings_of(struct cli *c)
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

static int
controller_run(struct cli *c)
{
	struct string_map process = settings_of(c);
	struct runner_settings settings = {
		.component = "rollouts-controller", .settings = &process, .planned = planned, .synced = synced
	};
	enum log_level level = LOG_LEVEL_INFO;
	struct transport *outside;
	struct runner *runner;

	if (cli_flag(c, "loglevel") != NULL && !log_level_parse(cli_flag(c, "loglevel"), &level))
		return cli_fail(
		    c, "--loglevel: \"%s\" is not one of debug, info, warn, error", cli_flag(c, "loglevel"));
	log_setup(level, cli_flag(c, "logformat") != NULL && strcmp(cli_flag(c, "logformat"), "json") == 0);
	if (cli_connect(c) != 0)
		return 1;
	settings.namespace = cli_flag(c, "namespaced") != NULL ? c->namespace : NULL;
	settings.seed = (uint64_t)loop_wall(c->loop) ^ ((uint64_t)getpid() << 32);
	cli_signals(c);
	log_info("starting", "server", c->config.server, "namespace", settings.namespace);
	outside = transport_curl_new(c->loop, NULL);
	runner = runner_start(c->transport, outside, rows, &settings);
	loop_run(c->loop);
	log_info("stopping");
	runner_stop(runner);
	transport_free(outside);
	return 0;
}
