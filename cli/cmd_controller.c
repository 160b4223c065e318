/* cli/cmd_controller.c: controller: flags and start of the controllers; they run while this process holds the Lease,
 * until a signal stops it. */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "analysis/decide.h"
#include "analysis/provider.h"
#include "base/rand.h"
#include "base/time.h"
#include "cli/cli.h"
#include "gitops/argocd/application.h"
#include "gitops/flux/flux.h"
#include "gitops/request.h"
#include "gitops/worker/drift_watch.h"
#include "io/file.h"
#include "io/log.h"
#include "io/spawn.h"
#include "cli/flags.h"
#include "cli/gitops_worker.h"
#include "kube/api/job.h"
#include "kube/api/yaml.h"
#include "kube/lease.h"
#include "kube/runner.h"
#include "kube/transport_curl.h"
#include "kube/transport_exec.h"
#include "notify/send/alerter.h"
#include "notify/send/notifier.h"
#include "rollout/controller.h"
#include "rollout/experiment/controller.h"
#include "kube/plan/plugin_declarations.h"
#include "traffic/router.h"
#include "web/server.h"
#include "web/webhook.h"

/* The Lease of Argo Rollouts: the two controllers never act at the same time in one cluster. */
#define LEASE "argo-rollouts-controller-lock"
#define RELEASE_MS 2000
#define IDLE_MS 5000
#define MAPPED_MIN (128 << 10) /* bytes; the default of glibc, which it raises otherwise */
#define WORKERS_MAX 256 /* comparisons at once, each in a process of its own */
#define PLUGINS_MAX (1u << 20) /* bytes of the file that declares them */

/* Argo Rollouts reads these too. */
#define JOBS_KUBECONFIG_VARIABLE "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG"
#define JOBS_NAMESPACE_VARIABLE "ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE"

static int controller_run(struct cli *);

const struct command cmd_controller = {
	.name = "controller",
	.args = "",
	.group = GROUP_RUN,
	.summary = "Run the controller",
	.example = "controller|controller --controllers rollouts,gitops --namespaced -n shop",
	.flags =
	    (const struct flag[]){
		{ .name = "loglevel",
		    .value = "LEVEL",
		    .value_default = "info",
		    .choices = "debug|info|warn|error",
		    .text = "Lowest level that is logged" },
		{ .name = "logformat",
		    .value = "FORMAT",
		    .value_default = "text",
		    .choices = "text|json",
		    .text = "Format of the log" },
		{ .name = "namespaced", .text = "Use only the namespace of --namespace" },
		{ .name = "instance-id",
		    .value = "ID",
		    .text = "Reconcile only objects with this controller-instance-id label (default: objects without "
			    "one)" },
		{ .name = "leader-elect", .value_default = "true", .text = "Use leader election with a Lease" },
		{ .name = "leader-election-lease-duration",
		    .value = "DURATION",
		    .value_default = "15s",
		    .text = "Time after which another controller can become leader" },
		{ .name = "leader-election-renew-deadline",
		    .value = "DURATION",
		    .value_default = "10s",
		    .text = "Time without a renewal after which the leader stops" },
		{ .name = "leader-election-retry-period",
		    .value = "DURATION",
		    .value_default = "2s",
		    .text = "Time between attempts to acquire or renew the Lease" },
		{ .name = "leader-election-namespace",
		    .value = "NS",
		    .text = "Namespace of the Lease (default: $POD_NAMESPACE, then the Pod's, then the context's)" },
		{ .name = "metricsPort",
		    .value = "PORT",
		    .value_default = "8090",
		    .text = "Port of /metrics (0: disabled)" },
		{ .name = "healthzPort",
		    .value = "PORT",
		    .value_default = "8080",
		    .text = "Port of /healthz and /readyz (0: disabled)" },
		{ .name = "webhookPort",
		    .value = "PORT",
		    .value_default = "0",
		    .text = "Port for webhooks of Git servers, POST /api/webhook (0: disabled)" },
		{ .name = "listen-address",
		    .value = "ADDR",
		    .value_default = "0.0.0.0",
		    .text = "Address to listen on" },
		{ .name = "allow-local-web-metrics",
		    .text = "Allow web metrics to request this machine, link-local addresses and the API server" },
		{ .name = "step-plugins",
		    .value = "FILE",
		    .text = "File with the step plugins: stepPlugins: [{name, http or exec, timeoutSeconds}]" },
		{ .name = "controllers",
		    .value = "LIST",
		    .value_default = "rollouts",
		    .text = "Controllers to run, comma-separated: rollouts, analysis, gitops, flux" },
		{ .name = "self-service-notification-enabled",
		    .text = "Also use the notification settings in the namespace of each Rollout" },
		FLAG_GITOPS_CACHE,
		FLAG_GITOPS_FILE_URLS,
		FLAG_GITOPS_HELM,
		FLAG_GITOPS_WORKER_MEMORY,
		{ .name = "gitops-workers",
		    .value = "N",
		    .value_default = "8",
		    .text =
			"Maximum number of concurrent comparisons, and of actions about Helm releases, shared fairly "
			"by tenants" },
		FLAG_FEATURE_GATES,
		{ .name = "gitops-interval",
		    .value = "DURATION",
		    .value_default = "2m",
		    .text = "Interval at which each Application is compared" },
		{ .name = "gitops-namespace",
		    .value = "NS",
		    .value_default = "argocd",
		    .text = "Namespace of argocd-cm and of the Secrets for repositories and clusters" },
		{ .name = "application-namespaces",
		    .value = "GLOBS",
		    .text =
			"Other namespaces of Applications; these have the controller's permissions (default: none)" },
		{ .name = "default-service-account",
		    .value = "NAME",
		    .text =
			"ServiceAccount for Kustomizations that name none (default: the controller's permissions)" },
		{ .name = "no-cross-namespace-refs",
		    .text = "Forbid references of Kustomizations and Alerts to other namespaces" },
		{ .name = "job-namespaces",
		    .value = "GLOBS",
		    .value_default = "*",
		    .text = "Namespaces in which metrics can run Jobs, comma-separated; \"\": none" },
		{ .name = "legacy-gitops-metrics",
		    .value_default = "true",
		    .text = "Export argocd_app_health_status, and the label sync_status of argocd_app_sync_total" },
		{ .name = "aws-verify-target-group",
		    .text = "With alb, count a weight when the AWS API has it, and a switched Service when its target "
			    "groups have its pods; the controller's environment needs credentials" },
		{ .name = "alb-verify-weight", .text = "The same: the older name in Argo Rollouts" },
		{ .name = "alb-tag-key-resource-id",
		    .value = "KEY",
		    .value_default = "ingress.k8s.aws/resource",
		    .text = "Tag of AWS target groups with the names of their Ingress and Service" },
		{ .name = "aws-target-group-binding-api-version",
		    .value = "GROUP/VERSION",
		    .value_default = "elbv2.k8s.aws/v1beta1",
		    .text = "Version of TargetGroupBindings" },
		FLAG_IGNORED("rollout-resync"),
		FLAG_IGNORED("enable-pprof-address"),
		FLAG_IGNORED("qps"),
		FLAG_IGNORED("burst"),
		FLAG_IGNORED("rollout-threads"),
		FLAG_IGNORED("experiment-threads"),
		FLAG_IGNORED("analysis-threads"),
		FLAG_IGNORED("service-threads"),
		FLAG_IGNORED("ingress-threads"),
		FLAG_IGNORED("ephemeral-metadata-threads"),
		FLAG_IGNORED("ephemeral-metadata-update-pod-retries"),
		FLAG_IGNORED("istio-api-version"),
		FLAG_IGNORED("ambassador-api-version"),
		FLAG_IGNORED("traffic-split-api-version"),
		FLAG_IGNORED("traefik-api-group"),
		FLAG_IGNORED("traefik-api-version"),
		FLAG_IGNORED("ingress-api-version"),
		FLAG_IGNORED("appmesh-crd-version"),
		FLAG_IGNORED("alb-ingress-classes"),
		FLAG_IGNORED("nginx-ingress-classes"),
		{ 0 },
	    },
	.run = controller_run,
};

/* The names of --controllers, in the order in which they are started. */
static const struct {
	const char *word;
	const struct controller *row;
} known[] = { { "rollouts", &rollout_controller }, { "rollouts", &experiment_controller },
	{ "analysis", &analysis_controller }, { "gitops", &application_controller },
	{ "flux", &git_repository_controller }, { "flux", &flux_kustomization_controller },
	{ "flux", &helm_repository_controller }, { "flux", &oci_repository_controller },
	{ "flux", &helm_chart_controller }, { "flux", &helm_release_controller } };
_Static_assert(ARRAY_SIZE(known) <= RUNNER_CONTROLLERS_MAX, "all of them at once");

struct process {
	struct cli *cli;
	struct transport *own; /* for the credentials of its environment */
	struct transport *outside, *programs; /* for queries to other servers, and to programs of this machine */
	struct settings pass_settings; /* of all controllers */
	struct step_plugins step_plugins;
	struct strings job_namespaces;
	const struct controller *rows[ARRAY_SIZE(known) + 1]; /* ended by NULL */
	struct runner_settings settings;
	struct runner *runner; /* NULL: this process is not the leader */
	struct lease *lease; /* NULL: --leader-elect=false */
	const char *lease_name; /* NULL: --leader-elect=false */
	struct metrics *metrics;
	struct web *web;
	struct webhook *webhook; /* NULL: without --webhookPort */
	struct notifier *notifier; /* NULL: this process is not the leader */
	struct alerter *alerter; /* NULL: it is not the leader, or does not reconcile Flux's objects */
	struct drift_watch *drift_watch; /* NULL: it is not the leader, or runs no GitOps */
	const char *home; /* the namespace of the Lease, the ConfigMaps and the Secrets that are its own */
	struct config jobs_config; /* of the cluster in which Jobs run, if it is another one */
	struct transport *jobs; /* to that cluster; NULL: Jobs run in this one */
	bool synced; /* the first lists have arrived */
	bool waits; /* standby: another process holds the Lease */
	size_t workers; /* the maximum of those that run at once */
	struct timer giving_up; /* ends the wait for the release of the Lease */
	struct timer idle; /* fires when nothing was planned for a while */
	bool released; /* the release of the Lease has ended, by a response or by its timeout */
};

static void
controller_on_planned(const char *controller, const char *ns, const char *name, const struct plan *p, void *arg)
{
	struct process *process = arg;

	loop_timer(process->cli->loop, &process->idle, IDLE_MS);
	for (size_t i = 0; i < p->n_reasons; i++)
		log_info(p->reasons[i], "controller", controller, "namespace", ns, "name", name);
}

/* Returns the memory that the busy time needed to the system. */
static void
controller_on_idle(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	malloc_trim(0);
}

static void
controller_on_synced(void *arg)
{
	struct process *p = arg;

	loop_timer(p->cli->loop, &p->idle, IDLE_MS);
	p->synced = true;
	log_info("watching");
}

static void
controller_on_changed(const struct object *o, bool deleted, void *arg)
{
	struct process *p = arg;

	metrics_changed(p->metrics, o, deleted, loop_wall(p->cli->loop));
	if (p->notifier != NULL)
		notifier_changed(p->notifier, o, deleted);
	if (p->drift_watch != NULL && o->type == &application_type)
		drift_watch_application(p->drift_watch, (const struct application *)o, deleted);
	else if (p->drift_watch != NULL && o->type == &flux_kustomization_type)
		drift_watch_kustomization(p->drift_watch, (const struct flux_kustomization *)o, deleted);
	else if (p->drift_watch != NULL && o->type == &rollout_type)
		drift_watch_changed(p->drift_watch, o);
}

static void
controller_on_unreadable(const struct object *o, bool gone, void *arg)
{
	metrics_unreadable(((struct process *)arg)->metrics, o, gone);
}

static void
controller_on_garbled(const struct type *t, void *arg)
{
	metrics_garbled(((struct process *)arg)->metrics, t);
}

static void
controller_on_event_dropped(bool warning, void *arg)
{
	metrics_event_dropped(((struct process *)arg)->metrics, warning);
}

static void
controller_on_touched(void *arg, const struct type *type, const char *ns, const char *name)
{
	struct process *p = arg;

	if (p->runner != NULL)
		runner_touch(p->runner,
		    type == &application_type ? application_controller.name : flux_kustomization_controller.name, ns,
		    name);
}

static bool
controller_runs(const struct process *p, const struct controller *row)
{
	for (size_t i = 0; p->rows[i] != NULL; i++)
		if (p->rows[i] == row)
			return true;
	return false;
}

static void
controller_on_passed(const char *controller, const char *ns, const char *name, int64_t ms, bool failed, void *arg)
{
	struct process *p = arg;

	metrics_passed(p->metrics, controller, ns, name, ms, failed, loop_wall(p->cli->loop));
}

static void
controller_on_responded_key(const char *controller, const char *ns, const char *name, int64_t ms, void *arg)
{
	metrics_responded_key(((struct process *)arg)->metrics, controller, ns, name, ms);
}

static void
controller_on_event(const struct plan_step *event, void *arg)
{
	const struct meta *about = &event->about->meta;
	struct process *p = arg;
	const struct object *rollout =
	    event->about->type == &rollout_type && p->runner != NULL
		? view_get(runner_view(p->runner), &rollout_type, about->namespace, about->name)
		: NULL;

	metrics_on_event(p->metrics, event, loop_wall(p->cli->loop));
	if (rollout != NULL && p->notifier != NULL)
		notifier_on_event(p->notifier, rollout, event->reason, event->warning);
	if (p->alerter != NULL)
		alerter_on_event(p->alerter, event);
}

static void
controller_on_notified(
    void *arg, const char *ns, const char *name, bool warning, const char *reason, bool well, int64_t ms)
{
	struct process *p = arg;

	metrics_notified(p->metrics, ns, name, warning, reason, well, ms, loop_wall(p->cli->loop));
}

static void
controller_on_response(void *arg, const char *method, const char *url, int status)
{
	metrics_responded(((struct process *)arg)->metrics, method, url, status);
}

static void
controller_moment(void *arg, struct metrics_moment *ret)
{
	const struct process *p = arg;

	*ret = (struct metrics_moment){ .now = loop_wall(p->cli->loop),
		.connections = p->cli->transport->counts.connections,
		.handshakes = p->cli->transport->counts.handshakes,
		.busy = p->runner != NULL ? runner_busy(p->runner) : 0,
		.leads = p->runner != NULL,
		.lease = p->lease_name };
}

/* Returns whether the process is ready. A standby is ready too. */
static bool
controller_is_ready(void *arg)
{
	const struct process *p = arg;

	return p->waits || (p->runner != NULL && p->synced);
}

static bool
controller_may_write(void *arg)
{
	const struct process *p = arg;

	return p->lease == NULL || lease_held(p->lease);
}

static void
controller_on_started(void *arg)
{
	struct process *p = arg;

	log_info("became leader");
	p->waits = p->synced = false;
	p->notifier =
	    notifier_new(p->cli->loop, &(struct notifier_settings){ .api = p->cli->transport,
					   .outside = p->outside,
					   .namespace = p->home,
					   .self_service = cli_on(p->cli, "self-service-notification-enabled"),
					   .sent = controller_on_notified,
					   .arg = p });
	if (controller_runs(p, &flux_kustomization_controller))
		p->alerter = alerter_new(p->cli->loop,
		    &(struct alerter_settings){ .api = p->cli->transport,
			.outside = p->outside,
			.namespace = p->settings.namespace,
			.home = p->home,
			.reach = p->pass_settings.no_cross_namespace_refs ? ALERT_REACHES_OWN : ALERT_REACHES_ALL });
	if (controller_runs(p, &application_controller) || controller_runs(p, &flux_kustomization_controller))
		p->drift_watch = drift_watch_new(&(struct drift_watch_settings){ .api = p->cli->transport,
		    .namespace = p->settings.namespace,
		    .seed = p->settings.seed,
		    .touched = controller_on_touched,
		    .arg = p });
	p->runner = runner_start(p->cli->transport, p->outside, p->rows, &p->settings);
}

static void
controller_on_stopped(void *arg)
{
	struct process *p = arg;

	log_warn("lost the Lease: stopped reconciling");
	p->runner = runner_stop(p->runner);
	p->drift_watch = drift_watch_free(p->drift_watch);
	p->alerter = alerter_free(p->alerter);
	p->notifier = notifier_free(p->notifier);
}

static void
controller_on_waiting(void *arg, const char *holder, const struct err *e)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	((struct process *)arg)->waits = e == NULL;
	if (e != NULL)
		log_warn("cannot acquire the Lease; retrying", "error", err_text(a, err_copy(a, e)));
	else
		log_info("standby: another controller is the leader", "holder", holder);
}

/* Returns a variable of the environment that is not empty, or NULL. */
static const char *
controller_variable(const char *name)
{
	const char *value = getenv(name);

	return !str_empty(value) ? value : NULL;
}

/* Adds those variables of a list (ended by NULL, or NULL) that are set, and returns the length of the list. Rows share
 * variables; the first of equal ones counts, so that doubles do no harm. `to` NULL: none is added. */
static size_t
controller_add_variables(struct string_map *to, const char *const *names)
{
	size_t n = 0;

	for (; names != NULL && names[n] != NULL; n++)
		if (to != NULL && controller_variable(names[n]) != NULL)
			to->at[to->n++] = (struct string_pair){ names[n], controller_variable(names[n]) };
	return n;
}

static size_t
controller_add_all_variables(struct string_map *to)
{
	size_t n = 0;

	for (size_t i = 0; providers[i] != NULL; i++)
		n += controller_add_variables(to, providers[i]->variables);
	for (size_t i = 0; routers[i] != NULL; i++)
		n += controller_add_variables(to, routers[i]->variables);
	return n;
}

/* Sets what providers and routers know of this process: its namespace, and the variables that their rows name. */
static void
controller_read_environment(struct process *p)
{
	struct string_map *to = &p->pass_settings.environment;

	p->pass_settings.namespace = p->home;
	to->at = arena_new_array(p->cli->arena, struct string_pair, controller_add_all_variables(NULL));
	controller_add_all_variables(to);
}

/* Returns the items of a flag that are separated by commas or spaces. In the arena. */
static struct strings
controller_list(const struct cli *c, const char *flag)
{
	char *rest = arena_strdup(c->arena, cli_flag(c, flag)), *save = NULL;
	struct strings list = { .at =
				    arena_new_array(c->arena, const char *, rest != NULL ? strlen(rest) / 2 + 1 : 1) };

	for (char *item = rest != NULL ? strtok_r(rest, ", ", &save) : NULL; item != NULL;
	     item = strtok_r(NULL, ", ", &save))
		list.at[list.n++] = item;
	return list;
}

/* Reads where Jobs of metrics run. Returns 0, or 1 after printing the error. */
static int
controller_read_jobs_cluster(struct process *p)
{
	struct cli *c = p->cli;
	const char *file = controller_variable(JOBS_KUBECONFIG_VARIABLE),
		   *ns = controller_variable(JOBS_NAMESPACE_VARIABLE);
	struct config_overrides o = { .file = file };
	struct err *e;

	p->job_namespaces = controller_list(c, "job-namespaces");
	p->pass_settings.job_namespaces = &p->job_namespaces;
	p->pass_settings.jobs_namespace = ns;
	p->pass_settings.jobs_elsewhere = file != NULL || ns != NULL;
	if (!p->pass_settings.jobs_elsewhere)
		return 0;
	if (file != NULL) {
		if ((e = config_load(c->arena, &o, &p->jobs_config)) != NULL)
			return cli_fail(c, "%s: %s", JOBS_KUBECONFIG_VARIABLE, err_text(c->arena, e));
		p->jobs = transport_curl_new(c->loop, &p->jobs_config);
	}
	p->settings.elsewhere =
	    (struct elsewhere){ .type = &job_type, .api = p->jobs != NULL ? p->jobs : c->transport, .namespace = ns };
	return 0;
}

/* Reads which controllers run; rollouts include analyses. Returns 0, or 1 after printing the error. */
static int
controller_choose(struct process *p)
{
	const char *which = cli_flag(p->cli, "controllers");
	char *save = NULL;
	bool chosen[ARRAY_SIZE(known)] = { 0 };
	size_t n = 0;

	for (char *word = strtok_r(arena_strdup(p->cli->arena, str_empty(which) ? "rollouts" : which), ", ", &save);
	     word != NULL; word = strtok_r(NULL, ", ", &save)) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (strcmp(word, known[i].word) == 0 ||
			    (strcmp(word, "rollouts") == 0 && strcmp(known[i].word, "analysis") == 0))
				chosen[i] = found = true;
		if (!found)
			return cli_fail(
			    p->cli, "--controllers: \"%s\" is not one of rollouts, analysis, gitops, flux", word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (chosen[i])
			p->rows[n++] = known[i].row;
	return n > 0 ? 0 : cli_fail(p->cli, "--controllers: names none");
}

/* Reads how Applications are compared: by this program, as a child process. Returns 0, or 1 after printing the
 * error. */
static int
controller_read_gitops(struct process *p)
{
	struct cli *c = p->cli;
	const char *const *program = cli_program(c, &cmd_gitops_worker);
	_cleanup_(json_decrefp) json_t *how = json_object();
	json_t *argv = json_array();
	const char *interval = cli_flag(c, "gitops-interval"), *memory;
	int64_t ms = 0, bytes;
	long long workers;
	bool strict;

	json_object_set_new(how, "argv", argv);
	json_object_set_new(how, "worker", json_true());
	json_object_set_new(
	    how, "environment", json_string(SPAWN_ENV SPAWN_ENV_NETWORK SPAWN_ENV_CLOUDS SPAWN_ENV_SLUICE));
	if (!duration_parse(interval, &ms) || ms < 1000)
		return cli_fail(c, "--gitops-interval: \"%s\" is not a duration of at least 1s", interval);
	if (cli_worker_memory(c, &memory, &bytes) != 0 || cli_strict_variables(c, &strict) != 0)
		return 1;
	if (!str_int(cli_flag(c, "gitops-workers"), 1, WORKERS_MAX, &workers))
		return cli_fail(c, "--gitops-workers: \"%s\" is not a number from 1 to %d",
		    cli_flag(c, "gitops-workers"), WORKERS_MAX);
	p->workers = (size_t)workers;
	json_array_append_new(argv, json_string(program[0]));
	json_array_append_new(argv, json_string("gitops-worker"));
	for (size_t i = 1; program[i] != NULL; i++)
		json_array_append_new(argv, json_string(program[i]));
	p->pass_settings.gitops_worker = json_text(c->arena, how);
	if (!str_empty(cli_flag(c, "gitops-helm"))) {
		json_object_set_new(how, "release", json_true());
		p->pass_settings.gitops_release_worker = json_text(c->arena, how);
	}
	p->pass_settings.gitops_namespace =
	    str_empty(cli_flag(c, "gitops-namespace")) ? "argocd" : cli_flag(c, "gitops-namespace");
	p->pass_settings.application_namespaces = controller_list(c, "application-namespaces");
	p->pass_settings.application_interval_ms = ms;
	if (!str_empty(cli_flag(c, "default-service-account")))
		p->pass_settings.default_service_account = cli_flag(c, "default-service-account");
	p->pass_settings.no_cross_namespace_refs = cli_on(c, "no-cross-namespace-refs");
	return 0;
}

/* Reads the declared step plugins. Returns 0, or 1 after printing the error. */
static int
controller_read_plugins(struct process *p)
{
	struct cli *c = p->cli;
	const char *file = cli_flag(c, "step-plugins");
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text = { 0 };
	struct err *e;

	if (file == NULL)
		return 0;
	e = file_read(c->arena, file, PLUGINS_MAX, &text);
	if (e == NULL)
		e = yaml_parse(c->arena, text.at, text.len, &docs);
	if (e == NULL && json_array_size(docs) != 1)
		e = err_new(c->arena, ERR_INVALID, "has %zu documents; one is needed", json_array_size(docs));
	if (e == NULL)
		e = step_plugins_read(c->arena, json_array_get(docs, 0), &p->step_plugins);
	if (e != NULL)
		return cli_fail(c, "--step-plugins %s: %s", file, err_text(c->arena, e));
	p->pass_settings.step_plugins = &p->step_plugins;
	return 0;
}

/* The settings of the election from flags. Returns 0, or 1 after printing the error. */
static int
controller_lease_settings(struct process *p, struct lease_settings *ret)
{
	const struct {
		const char *flag;
		int64_t *to;
	} times[] = { { "leader-election-lease-duration", &ret->duration_ms },
		{ "leader-election-renew-deadline", &ret->renew_deadline_ms },
		{ "leader-election-retry-period", &ret->retry_ms } };
	struct cli *c = p->cli;
	const char *id = cli_flag(c, "instance-id"), *pod = getenv("POD_NAMESPACE");
	struct rand_stream rand = rand_stream(p->settings.seed, "identity");
	char host[256] = "sluice";

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		if (!duration_parse(cli_flag(c, times[i].flag), times[i].to) || *times[i].to <= 0)
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
	p->home = ret->namespace = pod != NULL && pod[0] != '\0' ? pod : c->config.namespace;
	if (cli_flag(c, "leader-election-namespace") != NULL)
		ret->namespace = cli_flag(c, "leader-election-namespace");
	ret->seed = p->settings.seed;
	ret->started = controller_on_started;
	ret->stopped = controller_on_stopped;
	ret->waiting = controller_on_waiting;
	ret->arg = p;
	return 0;
}

static void
controller_on_released(void *arg)
{
	struct process *p = arg;

	p->released = true;
	loop_stop(p->cli->loop);
}

static void
controller_on_release_timeout(struct timer *t, void *arg)
{
	(void)t;
	controller_on_released(arg);
}

/* Releases the Lease, when nothing is written any more, so that another process can be the leader at once. */
static void
controller_release(struct process *p)
{
	if (p->lease == NULL)
		return;
	p->giving_up = (struct timer){ .fire = controller_on_release_timeout, .arg = p };
	loop_timer(p->cli->loop, &p->giving_up, RELEASE_MS);
	lease_release(p->lease, controller_on_released, p);
	while (!p->released)
		loop_run(p->cli->loop);
	loop_timer_stop(p->cli->loop, &p->giving_up);
	p->lease = lease_free(p->lease);
}

/* A flag's port into *ret. Returns 0, or 1 after printing the error. */
static int
controller_port(struct cli *c, const char *flag, int *ret)
{
	long long port;

	if (!str_int(cli_flag(c, flag), 0, 65535, &port))
		return cli_fail(c, "--%s: \"%s\" is not a port", flag, cli_flag(c, flag));
	*ret = (int)port;
	return 0;
}

/* Starts to respond to probes and metrics, also on standby. Returns 0, or 1 after printing the error. */
static int
controller_serve(struct process *p)
{
	struct cli *c = p->cli;
	struct web_settings s = { .address = cli_flag(c, "listen-address"),
		.metrics = p->metrics,
		.moment = controller_moment,
		.ready = controller_is_ready,
		.arg = p };
	int port;

	if (controller_port(c, "metricsPort", &s.metrics_port) != 0 ||
	    controller_port(c, "healthzPort", &s.health_port) != 0)
		return 1;
	p->web = web_new(c->loop, &s, &port);
	if (p->web == NULL)
		return cli_fail(c,
		    "cannot listen on %s port %d: %s; choose other ports with --metricsPort and --healthzPort (0: "
		    "disabled)",
		    s.address, port, strerror(errno));
	if (controller_port(c, "webhookPort", &port) != 0)
		return 1;
	if (port == 0)
		return 0;
	p->webhook = webhook_new(c->loop, &(struct webhook_settings){ .address = s.address,
					      .port = port,
					      .api = c->transport,
					      .gitops_namespace = p->pass_settings.gitops_namespace,
					      .namespace = p->settings.namespace });
	return p->webhook != NULL ? 0
				  : cli_fail(c, "cannot listen on %s port %d: %s; choose another with --webhookPort",
					s.address, port, strerror(errno));
}

static void
controller_log_ignored_flags(const struct cli *c)
{
	map_each (&c->flags, slot)
		if (flags_find(c->command, slot->key)->ignored)
			log_info("flag has no effect in Sluice", "flag", slot->key);
}

static int
controller_run(struct cli *c)
{
	struct process p = { .cli = c };
	struct lease_settings election = { 0 };
	enum log_level level = LOG_LEVEL_INFO;
	const char *id = cli_flag(c, "instance-id");

	(void)log_level_parse(cli_flag(c, "loglevel"), &level); /* its row has the choices */
	p.pass_settings.verify_target_groups = cli_on(c, "aws-verify-target-group") || cli_on(c, "alb-verify-weight");
	p.pass_settings.target_group_tag = cli_flag(c, "alb-tag-key-resource-id");
	p.pass_settings.target_group_binding_version = cli_flag(c, "aws-target-group-binding-api-version");
	p.pass_settings.prometheus_address = controller_variable("ARGO_ROLLOUTS_PROMETHEUS_ADDRESS");
	log_setup(level, strcmp(cli_flag(c, "logformat"), "json") == 0);
	/* A large buffer, such as the text of all metrics, is always a mapping of its own, and never a part of the
	 * heap: glibc would raise this limit to the size of the largest one that was freed. */
	mallopt(M_MMAP_THRESHOLD, MAPPED_MIN);
	if (controller_choose(&p) != 0 || controller_read_plugins(&p) != 0 || cli_connect(c) != 0)
		return 1;
	p.settings = (struct runner_settings){ .component = "rollouts-controller",
		.namespace = cli_on(c, "namespaced") ? c->namespace : NULL,
		.seed = (uint64_t)loop_wall(c->loop) ^ ((uint64_t)getpid() << 32),
		.settings = &p.pass_settings,
		.selector = id != NULL && id[0] != '\0' ? arena_printf(c->arena, LABEL_INSTANCE_ID "=%s", id)
							: "!" LABEL_INSTANCE_ID,
		.planned = controller_on_planned,
		.synced = controller_on_synced,
		.may_write = controller_may_write,
		.changed = controller_on_changed,
		.unreadable = controller_on_unreadable,
		.garbled = controller_on_garbled,
		.passed = controller_on_passed,
		.told = controller_on_event,
		.dropped = controller_on_event_dropped,
		.responded = controller_on_responded_key,
		.arg = &p };
	if (controller_read_jobs_cluster(&p) != 0)
		return 1;
	p.metrics = metrics_new(
	    VERSION, p.settings.namespace != NULL ? "namespaced" : "cluster", cli_on(c, "legacy-gitops-metrics"));
	c->transport->responded = controller_on_response;
	c->transport->responded_arg = &p;
	if (controller_lease_settings(&p, &election) != 0 || controller_read_gitops(&p) != 0 ||
	    controller_serve(&p) != 0) {
		metrics_free(p.metrics);
		return 1;
	}
	controller_read_environment(&p);
	p.idle = (struct timer){ .fire = controller_on_idle, .arg = &p };
	cli_signals(c);
	controller_log_ignored_flags(c);
	log_info("starting", "server", c->config.server, "namespace", p.settings.namespace);
	p.outside = transport_curl_new(c->loop, NULL);
	p.own = p.settings.own = transport_curl_new(c->loop, NULL);
	p.programs = p.settings.programs = transport_exec_new(c->loop, p.workers);
	transport_curl_confine(p.outside, c->config.server, cli_on(c, "allow-local-web-metrics"));
	if (cli_on(c, "leader-elect"))
		p.lease_name = election.name;
	if (p.lease_name == NULL)
		controller_on_started(&p);
	else
		p.lease = lease_new(c->transport, &election);
	loop_run(c->loop);
	loop_timer_stop(c->loop, &p.idle);
	log_info("stopping");
	p.runner = runner_stop(p.runner);
	p.drift_watch = drift_watch_free(p.drift_watch);
	p.alerter = alerter_free(p.alerter);
	p.notifier = notifier_free(p.notifier);
	controller_release(&p);
	webhook_free(p.webhook);
	web_free(p.web);
	transport_free(p.outside);
	transport_free(p.programs);
	transport_free(p.own);
	transport_free(p.jobs);
	c->transport->responded = NULL;
	metrics_free(p.metrics);
	return 0;
}
