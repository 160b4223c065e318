/* cli/plan/cmd_plan.c: plan: shows what the next update of a Rollout will do, change by change. Nothing is written to
 * the cluster. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/plan/forecast.h"
#include "cli/plan/source.h"

static int plan_run(struct cli *);

const struct command cmd_plan = {
	.name = "plan",
	.args = "NAME | -f FILE...",
	.group = GROUP_CHECK,
	.summary = "Show what the next update will do: weights, pods, times",
	.example = "plan web|plan -f rollout.yaml analysis.yaml|plan web -o svg >plan.svg",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		PLAN_FLAGS,
		{ .name = "output",
		    .letter = 'o',
		    .value = "FORMAT",
		    .value_default = "table",
		    .choices = "table|json|svg",
		    .text = "Output format" },
		{ 0 },
	    },
	.run = plan_run,
};

#define OUTPUT_MAX (16u << 20)

static int
plan_output(struct cli *c, const struct forecast *f)
{
	const char *output = cli_flag(c, "output");
	_cleanup_(str_done) struct str text = { 0 };

	str_init(&text, OUTPUT_MAX);
	if (strcmp(output, "json") == 0) {
		_cleanup_(json_decrefp) json_t *json = forecast_json(f, c->arena);
		_cleanup_(freep) char *dump = json_dumps(json, JSON_INDENT(4) | JSON_REAL_PRECISION(12));

		printf("%s\n", dump);
		return 0;
	}
	if (strcmp(output, "svg") == 0)
		forecast_svg(f, c->arena, &text);
	else
		forecast_table(f, c->arena, &text);
	fputs(str_text(&text), stdout);
	return 0;
}

/* Makes and prints the plan. It is a failure if the update is not promoted. */
static int
plan_run(struct cli *c)
{
	_cleanup_(plan_objects_done) struct plan_objects objects = { 0 };
	struct forecast forecast;
	int64_t ready_ms;
	struct err *e;

	if (plan_read(c, PLAN_METRICS_ASSUMED, &objects, &ready_ms) != 0)
		return 1;
	if ((e = plan_forecast(c->arena, &objects, ready_ms, &forecast)) != NULL)
		return e->class == ERR_AGAIN ? cli_error(c, e) : cli_fail(c, "%s", err_text(c->arena, e));
	plan_output(c, &forecast);
	return forecast.course->promoted_at >= 0 ? 0 : 1;
}
