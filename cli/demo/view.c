/* cli/demo/view.c: live view of `make demo` on a terminal: one screen, drawn whole a few times a second. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "cli/demo/view.h"
#include "analysis/compare/report.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/core.h"

#define BAR 50

#define RED "\xff[31m"
#define GREEN "\xff[32m"
#define YELLOW "\xff[33m"
#define CYAN "\xff[36m"
#define GRAY "\xff[90m"
#define BOLD "\xff[1m"
#define END "\xff[0m"

struct screen {
	struct str out;
	struct arena *arena;
	const struct demo *demo;
	int rows, columns, used; /* of the terminal; the rows that are drawn so far */
};

/* One line, cut to the terminal's width: characters count, escapes do not. */
static void
view_line(struct screen *s, const char *text)
{
	int n = 0;

	if (s->used >= s->rows)
		return;
	if (s->used++ > 0)
		str_adds(&s->out, "\n");
	for (; *text != '\0'; text++) {
		if (*text == '\xff') {
			while (*text != '\0' && *text != 'm')
				str_addc(&s->out, *text++);
			if (*text == '\0')
				break;
		} else if (((unsigned char)*text & 0xc0) != 0x80 && ++n > s->columns) {
			break;
		}
		str_addc(&s->out, *text);
	}
	str_adds(&s->out, END "\xff[K");
}

static void view_linef(struct screen *, const char *format, ...) printf_like(2, 3);

static void
view_linef(struct screen *s, const char *format, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	view_line(s, text);
}

static const char *
view_repeat(struct screen *s, const char *what, int64_t n)
{
	struct str out;
	const char *text;

	str_init(&out, 4096);
	for (int64_t i = 0; i < n; i++)
		str_adds(&out, what);
	text = arena_strdup(s->arena, str_text(&out));
	str_done(&out);
	return text;
}

static const char *
view_phase_color(const char *phase)
{
	if (str_eq(phase, "Healthy") || str_eq(phase, "Successful"))
		return GREEN;
	if (str_eq(phase, "Degraded") || str_eq(phase, "Failed") || str_eq(phase, "Error"))
		return RED;
	return str_eq(phase, "Paused") ? YELLOW : CYAN;
}

static void
view_stages(struct screen *s)
{
	static const char *const names[] = { "v1 deployed", "v2 good", "v3 bad: errors", "v4 bad: few errors" };
	const char *text = " ";

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++)
		text = arena_printf(s->arena, "%s%s%s %s" END "%s", text,
		    s->demo->stage > i + 1    ? GREEN
		    : s->demo->stage == i + 1 ? BOLD
					      : GRAY,
		    s->demo->stage > i + 1    ? "✔"
		    : s->demo->stage == i + 1 ? "▶"
					      : "·",
		    names[i], i + 1 < (int)ARRAY_SIZE(names) ? GRAY "  →  " END : "");
	view_line(s, text);
}

static void
view_head(struct screen *s, const struct rollout *r)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	int64_t i = r->status.current_step_index.present ? r->status.current_step_index.value : 0;
	const char *step = "";

	if (c != NULL && i < (int64_t)c->steps.n)
		step = c->steps.at[i].set_weight.present
			   ? arena_printf(s->arena, "setWeight: %" PRId64, c->steps.at[i].set_weight.value)
		       : c->steps.at[i].pause != NULL && c->steps.at[i].pause->duration != NULL
			   ? arena_printf(s->arena, "pause: %s", c->steps.at[i].pause->duration)
			   : "pause until promoted";
	view_linef(s, " Rollout   " BOLD "%s" END "  %s%s" END "%s%s", DEMO_NAME, view_phase_color(r->status.phase),
	    r->status.phase ?: "Progressing", r->status.message != NULL ? "  " : "", r->status.message ?: "");
	if (step[0] != '\0')
		view_linef(s, " Step      %" PRId64 " of %zu  %s", i + 1, c->steps.n, step);
	else
		view_linef(s, " Step      " GRAY "all done" END);
}

static void
view_traffic(struct screen *s, const struct rollout *r)
{
	int64_t weight = s->demo->weight < 0 ? 0 : s->demo->weight, bar = weight * BAR / 100;
	const char *stable = demo_tag(s->demo, s->arena, r->status.stable_rs);
	const char *canary = demo_tag(s->demo, s->arena, r->status.current_pod_hash);

	if (strcmp(stable, canary) == 0)
		canary = "";
	view_linef(s, " Traffic   " GREEN "%s" END YELLOW "%s" END "  %s %" PRId64 " %%%s",
	    view_repeat(s, "█", BAR - bar), view_repeat(s, "█", bar), stable, 100 - weight,
	    canary[0] != '\0' ? arena_printf(s->arena, "  " YELLOW "%s %" PRId64 " %%" END, canary, weight) : "");
}

static void
view_pods(struct screen *s, const struct rollout *r)
{
	const struct view *v = cache_view(s->demo->watched.cache);
	const struct object **sets, **list;
	size_t n = view_owned(v, &replicaset_type, DEMO_NS, r->object.meta.uid, s->arena, &sets);
	int shown = 0;

	for (size_t i = 0; i < n; i++) {
		const char *hash = object_label(sets[i], LABEL_POD_TEMPLATE_HASH), *dots = "";
		size_t n_pods = view_owned(v, &pod_type, DEMO_NS, sets[i]->meta.uid, s->arena, &list), ready = 0;

		if (n_pods == 0)
			continue;
		for (size_t k = 0; k < n_pods; k++) {
			bool up = pod_ready((const struct pod *)list[k]);

			ready += up;
			dots = arena_printf(s->arena, "%s%s", dots, up ? "●" : "○");
		}
		view_linef(s, "%s %-3s %s%s" END "  %zu of %zu ready%s", shown++ == 0 ? " Pods     " : "          ",
		    demo_tag(s->demo, s->arena, hash), str_eq(hash, r->status.stable_rs) ? GREEN : YELLOW, dots, ready,
		    n_pods, str_eq(hash, r->status.stable_rs) ? "  stable" : "");
	}
	for (; shown < 2; shown++)
		view_line(s, "");
}

/* A comparison has one measurement, and its evidence grows. */
static void
view_comparison_line(struct screen *s, const struct metric *m, const struct measurement *one)
{
	const char *evidence = string_map_get(&one->metadata, REPORT_EVIDENCE);

	view_linef(s, "   %-18s %s%-12s" END " %s", m->name, view_phase_color(one->phase), one->phase, evidence ?: "");
}

static void
view_metric_line(struct screen *s, const struct metric *m, const struct metric_result *result)
{
	const struct measurement *last = NULL;
	const char *marks = "", *value;

	if (result != NULL && result->measurements.n == 1 &&
	    string_map_get(&result->measurements.at[0].metadata, REPORT_EVIDENCE) != NULL) {
		view_comparison_line(s, m, &result->measurements.at[0]);
		return;
	}
	for (size_t i = 0; result != NULL && i < result->measurements.n; i++) {
		last = &result->measurements.at[i];
		marks = arena_printf(s->arena, "%s%s%s" END, marks, view_phase_color(last->phase),
		    str_eq(last->phase, "Successful") ? "✔"
		    : str_eq(last->phase, "Failed")   ? "✖"
						      : "?");
	}
	value = last != NULL && last->value != NULL ? last->value : "";
	if (strlen(value) > 12)
		value = arena_printf(s->arena, "%.9s..", value);
	view_linef(s, "   %-18s %-12s %-22s %s%s%" PRId64 " failed, %s allowed", m->name, value,
	    m->success_condition ?: "", marks, marks[0] != '\0' ? "  " : "", result != NULL ? result->failed : 0,
	    m->failure_limit ?: "0");
}

static void
view_measurements(struct screen *s)
{
	const struct analysis_run **runs;
	size_t n = demo_runs(s->demo, s->arena, &runs), shown = 0;

	view_line(s, GRAY " Measured             last         wanted                 so far" END);
	for (size_t i = 0; i < n; i++) {
		struct metric *metrics;
		size_t n_metrics = demo_metrics(s->arena, runs[i], &metrics);

		for (size_t k = 0; k < n_metrics && shown < 4; k++, shown++) {
			const struct metric_result *result = NULL;

			for (size_t j = 0; j < runs[i]->status.metric_results.n; j++)
				if (str_eq(runs[i]->status.metric_results.at[j].name, metrics[k].name))
					result = &runs[i]->status.metric_results.at[j];
			view_metric_line(s, &metrics[k], result);
		}
	}
	for (; shown < 2; shown++)
		view_line(s, GRAY "   none yet" END);
}

/* Requests a second as bars, errors in red below them: a minute of what users saw. */
static void
view_users(struct screen *s)
{
	static const char *const bars[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	const struct demo *d = s->demo;
	int64_t now = (loop_mono(d->cli->loop) - d->started) / 1000;
	unsigned last = 0, bad = 0, canary = 0, top = 1;
	const char *text = "";

	for (int64_t i = 0; i < DEMO_SECONDS; i++)
		if (d->seconds[i].requests > top)
			top = d->seconds[i].requests;
	for (int64_t at = now - DEMO_SECONDS + 1; at < now; at++) {
		const struct demo_second *one = &d->seconds[((at % DEMO_SECONDS) + DEMO_SECONDS) % DEMO_SECONDS];
		bool known = at >= 0 && one->at == at && one->requests > 0;
		unsigned height = known && one->errors > 0 ? 1 + one->errors * 7 / top : known ? 1 : 0;

		text = arena_printf(s->arena, "%s%s%s" END, text, known && one->errors > 0 ? RED : GREEN,
		    bars[height > 8 ? 8 : height]);
		if (at == now - 1 && known) {
			last = one->requests;
			bad = one->errors;
			canary = one->canary;
		}
	}
	view_linef(s, " Users     %lu requests, %s%lu errors" END GRAY "   last second: %u, by %s %u, errors %u" END,
	    d->requests, d->errors > 0 ? RED : GREEN, d->errors, last,
	    d->canary_tag[0] != '\0' ? d->canary_tag : "a canary", canary, bad);
	view_linef(s, " Errors    %s", text);
}

void
demo_view_enter(void)
{
	fputs("\xff[?1049h\xff[?25l", stdout);
}

void
demo_view_leave(void)
{
	fputs("\xff[?25h\xff[?1049l", stdout);
	fflush(stdout);
}

void
demo_view_draw(const struct demo *d)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct screen s = { .arena = a, .demo = d, .rows = 24, .columns = 80 };
	const struct rollout *r = demo_rollout(d);
	struct winsize size;
	size_t rows;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		s.rows = size.ws_row;
		s.columns = size.ws_col;
	}
	str_init(&s.out, 1u << 20);
	str_adds(&s.out, "\xff[H");
	view_linef(&s, BOLD " Sluice" END "  canaries on the laptop cluster" GRAY "   %s   Ctrl-C ends it" END,
	    duration_human(a, loop_mono(d->cli->loop) - d->started));
	view_stages(&s);
	view_line(&s, "");
	if (r != NULL) {
		view_head(&s, r);
		view_traffic(&s, r);
		view_pods(&s, r);
		view_line(&s, "");
		view_measurements(&s);
		view_line(&s, "");
		view_users(&s);
	}
	view_line(&s, "");
	if (d->prompt != NULL) {
		view_line(&s, YELLOW " v2 waits for you. In another terminal:" END);
		view_linef(&s, BOLD "   %s" END, d->prompt);
		view_line(&s, "");
	}
	rows = s.rows > s.used ? (size_t)(s.rows - s.used) : 0;
	for (size_t i = d->n_lines > rows ? d->n_lines - rows : 0; i < d->n_lines; i++)
		view_linef(&s, GRAY "%.8s" END "%s", d->lines[i], strlen(d->lines[i]) > 8 ? d->lines[i] + 8 : "");
	str_adds(&s.out, "\xff[J");
	fwrite(s.out.at, 1, s.out.len, stdout);
	fflush(stdout);
	str_done(&s.out);
}
