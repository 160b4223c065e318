/* cli/rollout_tree.c: the tree of `sluice get rollout`: revisions, ReplicaSets, pods, AnalysisRuns. */
#include "cli/rollout_tree.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "kube/api/pod_details.h"
#include "rollout/view/summary.h"

enum { COLUMN_NAME, COLUMN_KIND, COLUMN_STATUS, COLUMN_AGE, COLUMN_INFO, COLUMN_MAX };

/* A line of the tree: it is written when all are known, so that the columns fit. */
struct line {
	const char *cells[COLUMN_MAX];
	struct line *next;
};

struct tree {
	struct str out;
	struct line *first, **last;
	struct arena *arena;
	const struct view *view;
	const struct rollout *rollout; /* NULL: an experiment of its own */
	int64_t now;
	bool color;
};

static const char *
tree_decorated(const struct tree *t, const char *status)
{
	struct summary_icon i = summary_icon(status);

	if (i.icon[0] == '\0')
		return status;
	return t->color ? arena_printf(t->arena, "\xff[%sm%s %s\xff[0m", i.color, i.icon, status)
			: arena_printf(t->arena, "%s %s", i.icon, status);
}

/* Characters, not bytes, and no escapes: what a column takes. */
static int
tree_width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++) {
		if (*s == '\xff') {
			while (*s != '\0' && *s != 'm')
				s++;
			if (*s == '\0')
				break;
		} else {
			n += ((unsigned char)*s & 0xc0) != 0x80;
		}
	}
	return n;
}

static void
tree_cell(struct str *out, const char *text, int columns)
{
	str_adds(out, text);
	for (int n = tree_width(text); n < columns; n++)
		str_addc(out, ' ');
	str_addc(out, ' ');
}

static void
tree_row(struct tree *t, const char *name, const char *kind, const char *status, int64_t created, const char *info)
{
	struct line *l = arena_alloc(t->arena, sizeof(*l));

	*l =
	    (struct line){ { name, kind, status, created != 0 ? duration_human(t->arena, t->now - created) : "", info },
		    NULL };
	if (t->last == NULL)
		t->last = &t->first;
	*t->last = l;
	t->last = &l->next;
}

static void
tree_write_rows(struct tree *t)
{
	int widths[COLUMN_MAX] = { 0 };

	for (const struct line *l = t->first; l != NULL; l = l->next)
		for (int i = 0; i < COLUMN_MAX; i++)
			widths[i] = tree_width(l->cells[i]) > widths[i] ? tree_width(l->cells[i]) : widths[i];
	for (const struct line *l = t->first; l != NULL; l = l->next) {
		for (int i = 0; i < COLUMN_INFO; i++)
			tree_cell(&t->out, l->cells[i], widths[i] + 1);
		str_adds(&t->out, l->cells[COLUMN_INFO]);
		while (t->out.len > 0 && t->out.at[t->out.len - 1] == ' ')
			t->out.len--;
		str_addc(&t->out, '\n');
	}
}

static void
tree_head(struct tree *t, const struct object **sets, size_t n)
{
	const struct rollout *r = t->rollout;
	const struct rollout_status *s = &r->status;
	const struct canary_strategy *c = r->spec.strategy.canary;
	const char *message, *phase = summary_phase(r, &message);

	str_addf(&t->out, "Name:            %s\nNamespace:       %s\nStatus:          %s\n", r->object.meta.name,
	    r->object.meta.namespace, tree_decorated(t, phase));
	if (message != NULL)
		str_addf(&t->out, "Message:         %s\n", message);
	if (c == NULL) {
		str_addf(&t->out, "Strategy:        BlueGreen\n");
		return;
	}
	str_addf(&t->out, "Strategy:        Canary\n");
	if (c->steps.n > 0)
		str_addf(&t->out, "  Step:          %" PRId64 "/%zu\n",
		    s->current_step_index.present ? s->current_step_index.value : 0, c->steps.n);
	str_addf(&t->out, "  SetWeight:     %" PRId64 "\n  ActualWeight:  %" PRId64 "\n", summary_set_weight(r),
	    summary_actual_weight(r, sets, n));
}

static void
tree_counts(struct tree *t)
{
	const struct rollout *r = t->rollout;
	const struct rollout_status *s = &r->status;

	str_addf(&t->out,
	    "Replicas:\n  Desired:       %" PRId64 "\n  Current:       %" PRId64 "\n  Updated:       %" PRId64
	    "\n  Ready:         %" PRId64 "\n  Available:     %" PRId64 "\n\n",
	    summary_desired(r), s->replicas, s->updated_replicas, s->ready_replicas, s->available_replicas);
}

/* Returns the role of the version: stable, canary, active, preview; "" for an old one. */
static const char *
tree_role(const struct tree *t, const struct replicaset *rs)
{
	static const struct {
		unsigned role;
		const char *name;
	} names[] = { { ROLE_STABLE, "stable" }, { ROLE_CANARY, "canary" }, { ROLE_ACTIVE, "active" },
		{ ROLE_PREVIEW, "preview" }, { ROLE_PING, "ping" }, { ROLE_PONG, "pong" } };
	unsigned roles = summary_roles(t->rollout, rs);
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (roles & names[i].role)
			text = arena_printf(t->arena, "%s%s%s", text, text[0] != '\0' ? "," : "", names[i].name);
	return text;
}

/* The images that have pods, the newest first. */
static void
tree_images(struct tree *t, const struct object **sets, size_t n)
{
	const char *label = "Images:         ";

	for (size_t i = n; i-- > 0;) {
		const struct replicaset *rs = (const struct replicaset *)sets[i];
		const char *role = tree_role(t, rs);

		if (rs->status.replicas == 0 && replicaset_wanted(rs) == 0)
			continue;
		str_addf(&t->out, "%s %s%s%s%s\n", label, summary_images(t->arena, rs->spec.template),
		    role[0] != '\0' ? " (" : "", role, role[0] != '\0' ? ")" : "");
		label = "                ";
	}
}

static void
tree_pods(struct tree *t, const struct replicaset *rs, const char *bar)
{
	const struct object **list;
	size_t n =
	    view_owned(t->view, &pod_details_type, rs->object.meta.namespace, rs->object.meta.uid, t->arena, &list);

	for (size_t i = 0; i < n; i++) {
		struct pod_summary summary;
		const char *info;

		pod_summary(t->arena, (const struct pod_details *)list[i], &summary);
		info = arena_printf(t->arena, "ready:%zu/%zu", summary.ready, summary.containers);
		if (summary.restarts > 0)
			info = arena_printf(t->arena, "%s,restarts:%" PRId64, info, summary.restarts);
		tree_row(t, arena_printf(t->arena, "%s   %s □ %s", bar, i + 1 < n ? "├──" : "└──", list[i]->meta.name),
		    "Pod", tree_decorated(t, summary.status), list[i]->meta.creation_timestamp, info);
	}
}

static void
tree_replicaset(struct tree *t, const struct replicaset *rs, const char *roles, const char *bar, bool last)
{
	const char *deadline = object_annotation(&rs->object, ANNOTATION_SCALE_DOWN_DEADLINE);
	int64_t at;

	if (time_parse(deadline, &at) && replicaset_wanted(rs) > 0)
		roles = arena_printf(t->arena, "%s%sdelay:%s", roles, roles[0] != '\0' ? "," : "",
		    at > t->now ? duration_human(t->arena, at - t->now) : "passed");
	tree_row(t, arena_printf(t->arena, "%s%s ⧉ %s", bar, last ? "└──" : "├──", rs->object.meta.name), "ReplicaSet",
	    tree_decorated(t, summary_replicaset(rs)), rs->object.meta.creation_timestamp,
	    arena_printf(
		t->arena, "%s%s%s", roles, roles[0] != '\0' ? "  " : "", summary_images(t->arena, rs->spec.template)));
	tree_pods(t, rs, arena_printf(t->arena, "%s%s", bar, last ? " " : "│"));
}

/* A comparison without a verdict, which its message explains. */
static bool
tree_is_compared(const struct measurement *m)
{
	return m != NULL && str_eq(m->phase, "Running") && m->message != NULL;
}

static const char *
tree_run_info(struct tree *t, const struct analysis_run *run)
{
	const char *text = "";

	for (size_t i = 0; i < run->status.metric_results.n; i++) {
		const struct metric_result *m = &run->status.metric_results.at[i];
		const struct measurement *last =
		    m->measurements.n > 0 ? &m->measurements.at[m->measurements.n - 1] : NULL;

		text =
		    arena_printf(t->arena, "%s%s%s ✔ %" PRId64 " ✖ %" PRId64 "%s%s%s", text, i > 0 ? ", " : "", m->name,
			m->successful, m->failed, m->error > 0 ? arena_printf(t->arena, " ⚠ %" PRId64, m->error) : "",
			last != NULL && last->value != NULL ? " last " : "",
			last != NULL && last->value != NULL ? arena_printf(t->arena, "%.9s", last->value) : "");
		if (tree_is_compared(last))
			text = arena_printf(t->arena, "%s %s", text, last->message);
	}
	return text;
}

/* The Jobs by which it measures. */
static void
tree_job_rows(struct tree *t, const struct analysis_run *run, const char *bar)
{
	size_t left = 0;

	for (int print = 0; print < 2; print++)
		for (size_t i = 0; i < run->status.metric_results.n; i++) {
			const struct metric_result *r = &run->status.metric_results.at[i];

			for (size_t k = 0; k < r->measurements.n; k++) {
				const struct measurement *m = &r->measurements.at[k];
				const char *name = string_map_get(&m->metadata, "job-name");

				if (name != NULL && print == 0)
					left++;
				else if (name != NULL)
					tree_row(t,
					    arena_printf(t->arena, "%s%s ⊞ %s", bar, --left == 0 ? "└──" : "├──", name),
					    "Job", tree_decorated(t, m->phase), m->started_at,
					    m->message != NULL ? m->message : "");
			}
		}
}

static void
tree_run_row(struct tree *t, const struct analysis_run *run, const char *bar, bool last)
{
	const char *phase = str_empty(run->status.phase) ? "Pending" : run->status.phase;

	tree_row(t, arena_printf(t->arena, "%s%s α %s", bar, last ? "└──" : "├──", run->object.meta.name),
	    "AnalysisRun", tree_decorated(t, phase), run->object.meta.creation_timestamp, tree_run_info(t, run));
	tree_job_rows(t, run, arena_printf(t->arena, "%s%s", bar, last ? "   " : "│  "));
}

/* Adds the rows of an Experiment. */
static void
tree_experiment_rows(struct tree *t, const struct experiment *e, const char *bar)
{
	const struct meta *m = &e->object.meta;
	const struct object **sets, **runs;
	size_t n_sets = view_owned(t->view, &replicaset_type, m->namespace, m->uid, t->arena, &sets);
	size_t n_runs = view_owned(t->view, &analysis_run_type, m->namespace, m->uid, t->arena, &runs);

	for (size_t i = 0; i < n_sets; i++)
		tree_replicaset(t, (const struct replicaset *)sets[i], "", bar, i + 1 == n_sets && n_runs == 0);
	for (size_t i = 0; i < n_runs; i++)
		tree_run_row(t, (const struct analysis_run *)runs[i], bar, i + 1 == n_runs);
}

static const char *
tree_experiment_phase(const struct experiment *e)
{
	return str_empty(e->status.phase) ? "Pending" : e->status.phase;
}

static void
tree_experiment_row(struct tree *t, const struct experiment *e, const char *name)
{
	tree_row(t, name, "Experiment", tree_decorated(t, tree_experiment_phase(e)), e->object.meta.creation_timestamp,
	    e->status.message != NULL ? e->status.message : "");
}

/* The rows of a revision. */
struct belongings {
	const struct object **sets, **experiments, **runs;
	size_t n_sets, n_experiments, n_runs;
};

static size_t
tree_count(const struct object **list, size_t n, int64_t rev)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += summary_revision(list[i]) == rev;
	return found;
}

static void
tree_revision_rows(struct tree *t, int64_t rev, const struct belongings *b, bool last)
{
	const char *bar = last ? "   " : "│  ";
	size_t left = tree_count(b->sets, b->n_sets, rev) + tree_count(b->experiments, b->n_experiments, rev) +
		      tree_count(b->runs, b->n_runs, rev);

	tree_row(t, arena_printf(t->arena, "%s # revision:%" PRId64, last ? "└──" : "├──", rev), "", "", 0, "");
	for (size_t i = 0; i < b->n_sets; i++)
		if (summary_revision(b->sets[i]) == rev) {
			const struct replicaset *rs = (const struct replicaset *)b->sets[i];

			tree_replicaset(t, rs, tree_role(t, rs), bar, --left == 0);
		}
	for (size_t i = 0; i < b->n_experiments; i++)
		if (summary_revision(b->experiments[i]) == rev) {
			const struct experiment *e = (const struct experiment *)b->experiments[i];
			bool end = --left == 0;

			tree_experiment_row(
			    t, e, arena_printf(t->arena, "%s%s Σ %s", bar, end ? "└──" : "├──", e->object.meta.name));
			tree_experiment_rows(t, e, arena_printf(t->arena, "%s%s", bar, end ? "   " : "│  "));
		}
	for (size_t i = 0; i < b->n_runs; i++)
		if (summary_revision(b->runs[i]) == rev)
			tree_run_row(t, (const struct analysis_run *)b->runs[i], bar, --left == 0);
}

static void
tree_columns(struct tree *t)
{
	tree_row(t, "NAME", "KIND", "STATUS", 0, "INFO");
	t->first->cells[COLUMN_AGE] = "AGE";
}

/* The text in the arena, and the end of the buffer. */
static const char *
tree_is_finished(struct tree *t)
{
	const char *text;

	tree_write_rows(t);
	text = arena_strdup(t->arena, str_text(&t->out));
	str_done(&t->out);
	return text;
}

static int
tree_newest_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

const char *
tree_text(struct arena *a, const struct view *v, const char *ns, const char *name, int64_t now, bool color)
{
	struct tree t = { .arena = a, .view = v, .now = now, .color = color };
	const struct rollout *r = (const struct rollout *)view_get(v, &rollout_type, ns, name);
	struct belongings b;
	int64_t *revisions;
	size_t n = 0;

	if (r == NULL)
		return NULL;
	t.rollout = r;
	str_init(&t.out, 4u << 20);
	b.n_sets = view_owned(v, &replicaset_type, ns, r->object.meta.uid, a, &b.sets);
	b.n_experiments = view_owned(v, &experiment_type, ns, r->object.meta.uid, a, &b.experiments);
	b.n_runs = view_owned(v, &analysis_run_type, ns, r->object.meta.uid, a, &b.runs);
	tree_head(&t, b.sets, b.n_sets);
	tree_images(&t, b.sets, b.n_sets);
	tree_counts(&t);
	tree_columns(&t);
	tree_row(&t, arena_printf(a, "⟳ %s", name), "Rollout", tree_decorated(&t, summary_phase(r, NULL)),
	    r->object.meta.creation_timestamp, "");
	/* Runs and experiments are shown also where the ReplicaSet of their revision has another number by now, or
	 * is deleted. */
	revisions = arena_new_array(a, int64_t, b.n_sets + b.n_experiments + b.n_runs + 1);
	for (size_t i = 0; i < b.n_sets; i++)
		revisions[n++] = summary_revision(b.sets[i]);
	for (size_t i = 0; i < b.n_experiments; i++)
		revisions[n++] = summary_revision(b.experiments[i]);
	for (size_t i = 0; i < b.n_runs; i++)
		revisions[n++] = summary_revision(b.runs[i]);
	qsort(revisions, n, sizeof(*revisions), tree_newest_first);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || revisions[i] != revisions[i - 1])
			tree_revision_rows(&t, revisions[i], &b, revisions[n - 1] == revisions[i]);
	return tree_is_finished(&t);
}

const char *
tree_experiment(struct arena *a, const struct view *v, const char *ns, const char *name, int64_t now, bool color)
{
	struct tree t = { .arena = a, .view = v, .now = now, .color = color };
	const struct experiment *e = (const struct experiment *)view_get(v, &experiment_type, ns, name);
	const char *label = "Images:         ";

	if (e == NULL)
		return NULL;
	str_init(&t.out, 4u << 20);
	str_addf(&t.out, "Name:            %s\nNamespace:       %s\nStatus:          %s\n", name, ns,
	    tree_decorated(&t, tree_experiment_phase(e)));
	if (!str_empty(e->status.message))
		str_addf(&t.out, "Message:         %s\n", e->status.message);
	for (size_t i = 0; i < e->spec.templates.n; i++, label = "                ")
		str_addf(&t.out, "%s %s (Σ:%s)\n", label, summary_images(a, e->spec.templates.at[i].template),
		    e->spec.templates.at[i].name);
	str_addc(&t.out, '\n');
	tree_columns(&t);
	tree_experiment_row(&t, e, arena_printf(a, "Σ %s", name));
	tree_experiment_rows(&t, e, "");
	return tree_is_finished(&t);
}
