/* cli/backtest/cmd_backtest.c: backtest: how often would an analysis have stopped a good release, and how bad must a
 * release be to be stopped? From the history of Prometheus. Nothing is written to the cluster. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "cli/backtest/output.h"

static int backtest_run(struct cli *);

const struct command cmd_backtest = {
	.name = "backtest",
	.args = "TEMPLATE [-f FILE...] --prometheus URL",
	.group = GROUP_CHECK,
	.summary = "Show what an analysis would have stopped in the past",
	.example = "backtest compare -f analysis.yaml rollout.yaml --prometheus $URL|"
		   "backtest compare --rollout web --prometheus $URL --past 14d",
	.flags =
	    (const struct flag[]){
		{ .name = "filename",
		    .letter = 'f',
		    .value = "FILE",
		    .text = "File or folder with the AnalysisTemplate and the Rollout, instead of the cluster; further "
			    "arguments are further ones; - is standard input",
		    .repeats = true },
		{ .name = "prometheus", .value = "URL", .text = "Prometheus with the history" },
		{ .name = "rollout",
		    .value = "NAME",
		    .text = "Rollout whose pods have the history (default: the one in the files)" },
		{ .name = "global", .text = "Use a ClusterAnalysisTemplate" },
		{ .name = "argument",
		    .letter = 'a',
		    .value = "KEY=VALUE",
		    .repeats = true,
		    .text = "Value of an argument, instead of the Rollout's; can be repeated" },
		{ .name = "past",
		    .value = "DURATION",
		    .value_default = "7d",
		    .text = "How much of the history is used, in days (7d) or as 12h" },
		{ .name = "until",
		    .value = "TIME",
		    .text = "End of this history, such as 2026-11-29T12:00:00Z (default: a minute ago)" },
		{ .name = "placebo",
		    .text = "Let pods of the stable version play the canary, at times without a release; the default" },
		{ .name = "releases",
		    .text =
			"Judge the releases that Prometheus has had in --past, by name, as an analysis at that time" },
		{ .name = "at",
		    .value = "TIME",
		    .text =
			"Judge an analysis that starts at TIME, such as 2026-11-29T12:00:00Z, in the release at that "
			"time; TIME:CANARY:STABLE names two versions by their pod template hashes" },
		{ .name = "propose",
		    .text = "Print the comparison that corresponds to each query with conditions, and its figures" },
		{ .name = "weight",
		    .value = "PERCENT",
		    .value_default = "20",
		    .text = "Share of the requests that the canary gets" },
		{ .name = "pods", .value = "N", .value_default = "2", .text = "Pods that play the canary" },
		{ .name = "minutes", .value = "N", .value_default = "30", .text = "Length of a release" },
		{ .name = "effects",
		    .value = "LIST",
		    .value_default = "1.5,2,3,5,10",
		    .text = "How many times worse bad canaries are" },
		{ .name = "seed", .value = "N", .value_default = "1", .text = "Seed of the random draws" },
		{ .name = "output",
		    .letter = 'o',
		    .value = "FORMAT",
		    .value_default = "table",
		    .choices = "table|json|svg",
		    .text = "Output format; svg: a picture of the share of placebo releases that is stopped, or with "
			    "--releases of the evidence of comparisons" },
		{ .name = "plot",
		    .text = "With --releases or --at, plot the evidence of comparisons and the bad requests of both "
			    "versions" },
		{ .name = "allow-false-alarms",
		    .value = "PERCENT",
		    .text = "Exit with code 1 if a larger share of the good releases is stopped" },
		{ .name = "must-catch",
		    .value = "EFFECT",
		    .text = "Exit with code 1 if a metric needs a larger effect to stop nine canaries in ten" },
		{ .name = "record", .value = "FILE", .text = "Write the responses of Prometheus to a file" },
		{ .name = "replay", .value = "FILE", .text = "Read them from that file, instead of Prometheus" },
		{ 0 },
	    },
	.run = backtest_run,
};

#define PAST_MS_MAX (366ll * 24 * 3600 * 1000)
#define MINUTES_MAX (24 * 60)
#define EFFECT_MAX 1000

/* Reads a percentage, with or without "%", as a share. */
static bool
backtest_read_percent(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end) / 100;
	return end != text && (*end == '\0' || strcmp(end, "%") == 0) && *ret >= 0 && *ret <= 1;
}

/* Reads "7d", or a duration of Go. */
static int
backtest_read_past(struct cli *c, int64_t *ret)
{
	const char *text = cli_flag(c, "past");
	size_t n = strspn(text, "0123456789");
	long long days = 0;

	if (strcmp(text + n, "d") == 0 && str_int(arena_strndup(c->arena, text, n), 1, 366, &days))
		*ret = days * 24 * 3600 * 1000;
	else if (!duration_parse(text, ret))
		*ret = 0;
	return *ret > 0 && *ret <= PAST_MS_MAX
		   ? 0
		   : cli_fail(c, "--past: \"%s\" is not from 1s to 366d, such as 7d or 12h", text);
}

static int
backtest_read_effects(struct cli *c, struct play_options *ret)
{
	char *rest = arena_strdup(c->arena, cli_flag(c, "effects")), *one;

	ret->effects[ret->n_effects++] = 1;
	while ((one = strsep(&rest, ",")) != NULL) {
		char *end;
		double v = strtod(one, &end);

		if (end == one || *end != '\0' || !(v > ret->effects[ret->n_effects - 1] && v <= EFFECT_MAX))
			return cli_fail(c,
			    "--effects: \"%s\" is not a list of ascending numbers above 1, such as 1.5,2,5",
			    cli_flag(c, "effects"));
		if (ret->n_effects == PLAY_EFFECTS_MAX)
			return cli_fail(c, "--effects: more than %d", PLAY_EFFECTS_MAX - 1);
		ret->effects[ret->n_effects++] = v;
	}
	return 0;
}

static int
backtest_read_options(struct cli *c, struct play_options *ret)
{
	long long pods, minutes, seed;
	const char *weight = cli_flag(c, "weight");

	*ret = (struct play_options){ 0 };
	if (!backtest_read_percent(weight, &ret->weight) || !(ret->weight > 0 && ret->weight < 1))
		return cli_fail(c, "--weight: \"%s\" is not a percentage between 0 and 100", weight);
	if (!str_int(cli_flag(c, "pods"), 1, COUNTERS_PODS_MAX - 1, &pods))
		return cli_fail(
		    c, "--pods: \"%s\" is not a number from 1 to %d", cli_flag(c, "pods"), COUNTERS_PODS_MAX - 1);
	if (!str_int(cli_flag(c, "minutes"), 1, MINUTES_MAX, &minutes))
		return cli_fail(
		    c, "--minutes: \"%s\" is not a number from 1 to %d", cli_flag(c, "minutes"), MINUTES_MAX);
	if (!str_int(cli_flag(c, "seed"), 0, INT64_MAX, &seed))
		return cli_fail(c, "--seed: \"%s\" is not a whole number from 0 on", cli_flag(c, "seed"));
	ret->pods = (size_t)pods;
	ret->length_ms = minutes * 60000;
	ret->seed = (uint64_t)seed;
	ret->propose = cli_on(c, "propose");
	if (backtest_read_past(c, &ret->past_ms) != 0)
		return 1;
	return backtest_read_effects(c, ret);
}

struct backtest_limits {
	double false_alarms; /* the largest share; NaN: any */
	double catch; /* the largest effect that is not caught; NaN: any */
};

static int
backtest_read_limits(struct cli *c, struct backtest_limits *ret)
{
	const char *alarms = cli_flag(c, "allow-false-alarms"), *catch = cli_flag(c, "must-catch");
	char *end;

	*ret = (struct backtest_limits){ NAN, NAN };
	if (alarms != NULL && !backtest_read_percent(alarms, &ret->false_alarms))
		return cli_fail(c, "--allow-false-alarms: \"%s\" is not a percentage from 0 to 100", alarms);
	if (catch == NULL)
		return 0;
	ret->catch = strtod(catch, &end);
	if (end == catch || *end != '\0' || !(ret->catch > 1 && ret->catch <= EFFECT_MAX))
		return cli_fail(c, "--must-catch: \"%s\" is not a number above 1, such as 3", catch);
	return 0;
}

static int
backtest_check_alarms(struct cli *c, double share, const struct backtest_limits *limits)
{
	return share > limits->false_alarms
		   ? cli_fail(c, "%.2g %% of the good releases were stopped; --allow-false-alarms is %g %%",
			 share * 100, limits->false_alarms * 100)
		   : 0;
}

static int
backtest_check_catch(const struct play *p, const struct play_metric *m, double limit)
{
	double caught = figures_smallest(m->power, p->options.n_effects, PLAY_CAUGHT);

	if (m->kind == PLAY_RESULT)
		return cli_fail(p->cli,
		    "metric %s: --must-catch needs a query that is evaluated here (docs/backtest.md); of this one the "
		    "result is multiplied, which no canary with a part of the requests does",
		    m->name);
	if (isnan(caught) && output_stops_good(m))
		return cli_fail(p->cli,
		    "metric %s stops good releases, too: it does not tell them from bad ones; --must-catch is %g",
		    m->name, limit);
	if (isnan(caught))
		return cli_fail(p->cli,
		    "metric %s catches no effect of --effects nine times in ten by its conditions; --must-catch is %g",
		    m->name, limit);
	if (caught > limit)
		return cli_fail(
		    p->cli, "metric %s catches x%.3g nine times in ten; --must-catch is %g", m->name, caught, limit);
	return 0;
}

/* Returns 0 if the figures are within the limits, or 1 after printing which are not. */
static int
backtest_check(const struct play *p, const struct backtest_limits *limits)
{
	int code = backtest_check_alarms(p->cli, play_false_alarms(p), limits);
	size_t checked = 0;

	for (size_t i = 0; i < p->n_metrics && !isnan(limits->catch); i++)
		if (!p->metrics[i].proposed && !p->metrics[i].dry_run) {
			code |= backtest_check_catch(p, &p->metrics[i], limits->catch);
			checked++;
		}
	return checked > 0 || isnan(limits->catch)
		   ? code
		   : cli_fail(p->cli, "--must-catch: all metrics are dry runs, which stop no release");
}

/* Past releases have no effects. A share of false alarms is that of placebo releases if few good ones are known. */
static int
backtest_check_releases(
    const struct releases *r, const struct output_placebo *placebo, const struct backtest_limits *limits)
{
	struct releases_count good = releases_count(r, PAST_GOOD);
	double share = good.n > 0 ? (double)good.stopped / (double)good.n : 0;

	if (isnan(limits->false_alarms))
		return 0;
	if (placebo->err != NULL)
		return cli_fail(r->cli,
		    "%zu good releases are known; --allow-false-alarms needs %d of them, or placebo releases: %s",
		    good.n, RELEASES_KNOWN_MIN, err_text(r->cli->arena, placebo->err));
	if (placebo->play != NULL)
		return backtest_check_alarms(r->cli, play_false_alarms(placebo->play), limits);
	return backtest_check_alarms(r->cli, share, limits);
}

/* Plays placebo releases that nothing makes worse. */
static void
backtest_placebo(const struct releases *r, const struct play_options *o, struct play *play, struct output_placebo *ret)
{
	struct play_options good = *o;

	if (releases_count(r, PAST_GOOD).n >= RELEASES_KNOWN_MIN)
		return;
	good.n_effects = 1;
	ret->err = play_all(r->cli, r->history, r->subject, &good, play);
	ret->play = play;
}

/* Judges releases that were. */
static int
backtest_releases(struct cli *c, struct history *h, const struct subject *s, const struct play_options *o,
    const struct backtest_limits *limits)
{
	const char *at = cli_flag(c, "at"), *output = cli_flag(c, "output");
	struct output_placebo placebo = { 0 };
	struct releases releases;
	struct play play;
	int code = at != NULL ? releases_play_at(h, s, at, o->length_ms, &releases)
			      : releases_play(h, s, o->past_ms, o->length_ms, &releases);

	if (code != 0)
		return 1;
	if (at == NULL && (strcmp(output, "svg") != 0 || !isnan(limits->false_alarms)))
		backtest_placebo(&releases, o, &play, &placebo);
	if (history_write(h) != 0)
		return 1;
	if (strcmp(output, "svg") == 0 && releases.n_comparisons == 0)
		return cli_fail(
		    c, "-o svg: AnalysisTemplate %s has no comparison, whose evidence could be drawn", s->template);
	if (strcmp(output, "json") == 0)
		output_releases_json(&releases, &placebo);
	else if (strcmp(output, "svg") == 0)
		output_releases_svg(&releases);
	else
		output_releases_table(&releases, &placebo, cli_on(c, "plot"));
	return at != NULL ? 0 : backtest_check_releases(&releases, &placebo, limits);
}

static int
backtest_play(struct cli *c, struct history *h, const struct subject *s, const struct play_options *o,
    const struct backtest_limits *limits)
{
	struct play play;
	struct err *e;

	if (s->rollout == NULL)
		return cli_fail(c, "the pods of which Rollout? Name it with --rollout");
	if (cli_flag(c, "at") != NULL || cli_on(c, "releases"))
		return backtest_releases(c, h, s, o, limits);
	if ((e = play_all(c, h, s, o, &play)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	if (history_write(h) != 0)
		return 1;
	if (strcmp(cli_flag(c, "output"), "json") == 0)
		output_json(&play);
	else if (strcmp(cli_flag(c, "output"), "svg") == 0)
		output_svg(&play);
	else
		output_table(&play);
	return backtest_check(&play, limits);
}

/* Each of these flags has its own releases. */
static int
backtest_check_flags(struct cli *c)
{
	bool at = cli_flag(c, "at") != NULL, releases = cli_on(c, "releases");
	static const char *const placebo[] = { "effects", "weight", "pods", "seed", "past" };

	for (size_t i = 0; i < ARRAY_SIZE(placebo); i++)
		if (cli_given(c, placebo[i]) && (at || (releases && i == 0)))
			return cli_fail(c, "--%s is about many releases or placebo releases, which --%s excludes",
			    placebo[i], at ? "at" : "releases");
	if (at + releases + cli_on(c, "placebo") > 1)
		return cli_fail(c, "--at, --releases and --placebo exclude each other");
	if ((at || releases) && cli_flag(c, "must-catch") != NULL)
		return cli_fail(c, "--must-catch needs placebo releases, which --%s excludes", at ? "at" : "releases");
	if ((at || releases) && cli_on(c, "propose"))
		return cli_fail(c, "--propose needs placebo releases, which --%s excludes", at ? "at" : "releases");
	if (cli_on(c, "plot") && (!(at || releases) || strcmp(cli_flag(c, "output"), "table") != 0))
		return cli_fail(c, "--plot shows named releases in a table: add --releases or --at, without -o");
	if (at && cli_flag(c, "allow-false-alarms") != NULL)
		return cli_fail(c, "--allow-false-alarms needs many releases, and --at has one");
	return 0;
}

static int
backtest_run(struct cli *c)
{
	struct backtest_limits limits;
	struct play_options options;
	struct subject subject = { 0 };
	struct history history = { 0 };
	int code;

	if (backtest_check_flags(c) != 0 || backtest_read_options(c, &options) != 0 ||
	    backtest_read_limits(c, &limits) != 0 || subject_read(c, &subject) != 0)
		return 1;
	code = history_open(c, &history);
	if (code == 0)
		code = backtest_play(c, &history, &subject, &options, &limits);
	history_close(&history);
	return code;
}
