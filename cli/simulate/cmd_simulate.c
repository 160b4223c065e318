/* cli/simulate/cmd_simulate.c: simulate: plays updates of a Rollout with traffic and bad versions, and counts which its
 * analysis stops. Nothing is written to the cluster, and nothing is queried. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/plan/source.h"
#include "cli/simulate/results.h"

static int simulate_run(struct cli *);

const struct command cmd_simulate = {
	.name = "simulate",
	.args = "NAME | -f FILE...",
	.group = GROUP_CHECK,
	.summary = "Show which bad versions an analysis stops",
	.example =
	    "simulate -f rollout.yaml analysis.yaml|simulate web --bad errors=3x --bad latency=2x,late@5m --rps 20|"
	    "simulate web --bad errors=5x --releases 1 --seed 7",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		PLAN_FLAGS,
		{ .name = "rps", .value = "N", .value_default = "100", .text = "Requests per second of all pods" },
		{ .name = "errors", .value = "SHARE", .value_default = "1%", .text = "Requests that fail" },
		{ .name = "world",
		    .value = "KIND",
		    .value_default = "usual",
		    .choices = "clean|usual|rough",
		    .text = "How much pods and times differ" },
		{ .name = "bad",
		    .value = "FAULT",
		    .text = "Fault of a new version: errors=5x, errors=+2%, latency=1.5x, crash@40%, leak=10%/min, "
			    "late@5m; several of one version are separated by commas; none: the good version alone",
		    .repeats = true },
		{ .name = "releases",
		    .value = "N",
		    .value_default = "100",
		    .text = "Updates to each version; with 1 each is shown as a timeline" },
		{ .name = "seed", .value = "N", .value_default = "1", .text = "Another number draws other requests" },
		{ .name = "promote-after",
		    .value = "DURATION",
		    .value_default = "5m",
		    .text = "Time until a user promotes an update that waits for it" },
		{ .name = "output",
		    .letter = 'o',
		    .value = "FORMAT",
		    .value_default = "table",
		    .choices = "table|json",
		    .text = "Output format" },
		{ 0 },
	    },
	.run = simulate_run,
};

#define SIMULATE_RELEASES_MAX 100000
#define SIMULATE_RPS_MAX 1e6
#define SIMULATE_VERSIONS_MAX 50
#define SIMULATE_USER_MS_MAX (24ll * 3600 * 1000)
#define SIMULATE_HORIZON_MS (3600 * 1000)
#define SIMULATE_OUTPUT_MAX (64u << 20)

/* The faults without --bad. */
static const char *const simulate_bad[] = { "errors=2x", "errors=5x", "errors=10x", "latency=2x" };

/* One run of the command. */
struct simulation {
	struct cli *cli;
	struct plan_objects objects;
	struct release_settings release;
	struct world_settings world;
	struct version_fault versions[SIMULATE_VERSIONS_MAX];
	struct results results;
};

/* Reads the flags that are numbers. Returns 0, or 1 after printing the error. */
static int
simulate_read_numbers(struct simulation *s)
{
	struct cli *c = s->cli;
	const char *rps = cli_flag(c, "rps"), *user = cli_flag(c, "promote-after");
	long long releases, seed;
	char *end;

	s->world.rps = strtod(rps, &end);
	if (end == rps || *end != '\0' || !(s->world.rps > 0 && s->world.rps <= SIMULATE_RPS_MAX))
		return cli_fail(c, "--rps: \"%s\" is not a number above 0, of at most a million", rps);
	if (!faults_share(cli_flag(c, "errors"), &s->world.errors))
		return cli_fail(c, "--errors: \"%s\" is not a share such as 1%% or 0.01", cli_flag(c, "errors"));
	if (!str_int(cli_flag(c, "releases"), 1, SIMULATE_RELEASES_MAX, &releases))
		return cli_fail(c, "--releases: \"%s\" is not a number from 1 to %d", cli_flag(c, "releases"),
		    SIMULATE_RELEASES_MAX);
	if (!str_int(cli_flag(c, "seed"), 0, INT64_MAX, &seed))
		return cli_fail(c, "--seed: \"%s\" is not a number of at least 0", cli_flag(c, "seed"));
	if (!duration_parse(user, &s->release.user_ms) || s->release.user_ms < 0 ||
	    s->release.user_ms > SIMULATE_USER_MS_MAX)
		return cli_fail(c, "--promote-after: \"%s\" is not a duration between 0 and 24h, such as 5m", user);
	s->world.kind = world_kind(cli_flag(c, "world"));
	s->release.horizon_ms = SIMULATE_HORIZON_MS;
	s->results.releases = releases;
	s->results.seed = (uint64_t)seed;
	return 0;
}

static int
simulate_add_version(struct simulation *s, const char *text)
{
	struct err *e;

	if (s->results.n == SIMULATE_VERSIONS_MAX)
		return cli_fail(s->cli, "--bad: more than %d faults", SIMULATE_VERSIONS_MAX - 1);
	if ((e = faults_read(s->cli->arena, text, &s->versions[s->results.n])) != NULL)
		return cli_fail(s->cli, "%s", err_text(s->cli->arena, e));
	s->results.n++;
	return 0;
}

/* Reads --bad; the first version has no fault. */
static int
simulate_read_versions(struct simulation *s)
{
	const char *bad = cli_flag(s->cli, "bad");
	char *rest = arena_strdup(s->cli->arena, bad), *one;

	s->versions[s->results.n++] = (struct version_fault){ .text = "good", .fault = WORLD_NO_FAULT };
	while (bad != NULL && (one = strsep(&rest, "\n")) != NULL)
		if (strcmp(one, "none") != 0 && simulate_add_version(s, one) != 0)
			return 1;
	for (size_t i = 0; bad == NULL && i < ARRAY_SIZE(simulate_bad); i++)
		simulate_add_version(s, simulate_bad[i]);
	return 0;
}

/* The texts of the objects are those of `sluice plan`. */
static struct forecast_lines
simulate_lines(struct arena *a, const struct forecast_lines *lines)
{
	struct forecast_lines ret = { 0 };

	for (size_t i = 0; i < lines->n; i++)
		forecast_line(a, &ret, "%s", str_replace(a, lines->at[i], "the plan ", "the simulation "));
	return ret;
}

/* Refuses Experiments with traffic or analyses: without traffic their analyses would have no data, and the other
 * versions would have too much. Returns 0, or 1 after printing the error. */
static int
simulate_check_steps(struct simulation *s)
{
	const struct canary_strategy *canary = s->objects.decoded->spec.strategy.canary;

	for (size_t i = 0; canary != NULL && i < canary->steps.n; i++) {
		const struct experiment_step *x = canary->steps.at[i].experiment;
		bool weight = false;

		for (size_t k = 0; x != NULL && k < x->templates.n; k++)
			weight |= x->templates.at[k].weight.present;
		if (x != NULL && (weight || x->analyses.n > 0))
			return cli_fail(s->cli,
			    "spec.strategy.canary.steps[%zu].experiment: traffic and analyses of Experiments are not "
			    "simulated; remove the step, or use `sluice plan`",
			    i);
	}
	return 0;
}

static void
simulate_prepare(struct simulation *s)
{
	struct arena *a = s->cli->arena;
	struct results *r = &s->results;
	size_t n = (size_t)r->releases;

	r->rollout = s->objects.decoded;
	r->world = &s->world;
	r->user_ms = s->release.user_ms;
	r->horizon_ms = s->release.horizon_ms;
	r->warnings = simulate_lines(a, &s->objects.warnings);
	r->notes = simulate_lines(a, &s->objects.notes);
	r->versions = arena_new_array(a, struct results_version, r->n);
	for (size_t i = 0; i < r->n; i++)
		r->versions[i] = (struct results_version){ .text = s->versions[i].text,
			.stopped_at = arena_new_array(a, int64_t, n),
			.stopped_weight = arena_new_array(a, int64_t, n),
			.promoted_at = arena_new_array(a, int64_t, n) };
	for (size_t i = 0; i < r->n; i++)
		if (s->world.errors == 0 && faults_is_ratio(&s->versions[i].fault))
			forecast_line(a, &r->warnings, "%s changes nothing: --errors is 0", s->versions[i].text);
	if (!s->objects.analyses)
		forecast_line(a, &r->warnings, "no analysis measures the new version; nothing can stop it");
	s->release.objects = &s->objects;
}

/* The same release of all versions has the same seed: they differ only in the fault. */
static struct err *
simulate_play(struct simulation *s, size_t version, int64_t release, struct arena *a, struct release *ret)
{
	s->release.world = s->world;
	s->release.world.seed = s->results.seed * SIMULATE_RELEASES_MAX + (uint64_t)release;
	s->release.world.fault = s->versions[version].fault;
	return release_play(a, &s->release, ret);
}

/* Rewrites the line of the progress, if standard error is a terminal. */
static void
simulate_progress(const struct simulation *s, int64_t done)
{
	int64_t all = s->results.releases * (int64_t)s->results.n;

	if (!isatty(STDERR_FILENO))
		return;
	if (done == all)
		fprintf(stderr, "\r\033[K");
	else
		fprintf(stderr, "\rplayed %" PRId64 " of %" PRId64 " updates", done, all);
	fflush(stderr);
}

/* Keeps the meanings of the queries, which are the same in all releases, in an arena that lives longer. */
static void
simulate_keep_meanings(struct simulation *s, const struct release *x)
{
	struct results *r = &s->results;

	for (size_t i = 0; i < x->meanings.n; i++) {
		bool known = false;

		for (size_t k = 0; k < r->meanings.n && !known; k++)
			known = str_eq(r->meanings.at[k], x->meanings.at[i]);
		if (!known)
			forecast_line(s->cli->arena, &r->meanings, "%s", x->meanings.at[i]);
	}
}

/* Plays all updates; with one for each version, appends their timelines. */
static struct err *
simulate_play_all(struct simulation *s, struct str *timelines)
{
	struct results *r = &s->results;
	int64_t done = 0;

	for (size_t i = 0; i < r->n; i++)
		for (int64_t k = 0; k < r->releases; k++) {
			_cleanup_(arena_freep) struct arena *a = arena_new();
			struct release x;
			struct err *e = simulate_play(s, i, k, a, &x);

			if (e != NULL)
				return err_copy(s->cli->arena, e);
			results_add(s->cli->arena, &r->versions[i], &x);
			simulate_keep_meanings(s, &x);
			if (r->releases == 1) {
				str_adds(timelines, i > 0 ? "\n" : "");
				results_timeline(r, r->versions[i].text, &x, a, timelines);
			}
			simulate_progress(s, ++done);
		}
	return NULL;
}

static void
simulate_print(struct simulation *s, const struct str *timelines)
{
	_cleanup_(str_done) struct str text = { 0 };

	str_init(&text, SIMULATE_OUTPUT_MAX);
	if (strcmp(cli_flag(s->cli, "output"), "json") == 0) {
		_cleanup_(json_decrefp) json_t *json = results_json(&s->results);
		_cleanup_(freep) char *dump = json_dumps(json, JSON_INDENT(4) | JSON_REAL_PRECISION(12));

		printf("%s\n", dump);
		return;
	}
	if (s->results.releases > 1)
		results_table(&s->results, s->cli->arena, &text);
	else {
		results_title(&s->results, s->cli->arena, &text);
		str_add(&text, str_text(timelines), timelines->len);
		results_end(&s->results, &text);
	}
	fputs(str_text(&text), stdout);
}

static int
simulate_run_read(struct simulation *s)
{
	_cleanup_(str_done) struct str timelines = { 0 };
	struct err *e;

	if (simulate_read_numbers(s) != 0 || simulate_read_versions(s) != 0 ||
	    plan_read(s->cli, PLAN_METRICS_QUERIED, &s->objects, &s->release.ready_ms) != 0 ||
	    simulate_check_steps(s) != 0)
		return 1;
	simulate_prepare(s);
	str_init(&timelines, SIMULATE_OUTPUT_MAX);
	if ((e = simulate_play_all(s, &timelines)) != NULL)
		return cli_fail(s->cli, "%s", err_text(s->cli->arena, e));
	simulate_print(s, &timelines);
	for (size_t i = 0; i < s->results.n; i++)
		if (s->results.versions[i].stuck != NULL)
			return 1;
	return 0;
}

static int
simulate_run(struct cli *c)
{
	struct simulation *s = arena_alloc(c->arena, sizeof(*s));
	int code;

	s->cli = c;
	code = simulate_run_read(s);
	plan_objects_done(&s->objects);
	return code;
}
