/* web/metrics.c: metrics of Rollouts and of the controller: one entry for each object; families are written one
 * after the other, as the format requires. GitOps: gitops_metrics.c. */
#include "web/metrics.h"
#include <inttypes.h>
#include <string.h>
#include "analysis/compare_annotation.h"
#include "analysis/provider.h"
#include "base/json.h"
#include "base/map.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "kube/api/experiment.h"
#include "traffic/router.h"
#include "web/exposition.h"
#include "web/gate_metrics.h"
#include "web/gitops_metrics.h"

#define BUCKETS 5
#define EVENTS_MAX 64 /* reasons of one object's events that are counted separately */
#define REASONS_MAX 4096 /* different reasons of all objects */

static const double buckets[BUCKETS] = { 0.01, 0.15, 0.25, 0.5, 1 };

/* Bounds of whole updates, in seconds (argo-rollouts #4774). */
#define DURATIONS 11
#define UNREADABLE_MAX 1000 /* unreadable objects with a series each; the log names all */
/* results of updates that are counted separately; limited, because a status may have any text */
#define STATUSES_MAX 16

static const double durations[DURATIONS] = { 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800 };

struct histogram {
	uint64_t n, within[BUCKETS], ms;
};

/* Updates that have ended. */
struct spread {
	uint64_t n, within[DURATIONS];
	int64_t seconds;
};

/* Updates that ended with the same status. */
struct ended {
	struct spread total, progression, manual_pause;
};

/* Events of one type and reason. */
struct reason_count {
	uint32_t reason, n; /* the index of the reason in struct metrics */
};

/* Few and small: thousands of Rollouts have a list each. */
struct reason_counts {
	struct reason_count *at; /* allocated */
	uint32_t n;
};

/* Notifications of a Rollout that has subscriptions. */
struct notified {
	struct reason_counts well, badly;
	struct histogram times;
};

struct metric_state {
	const char *name, *provider, *phase;
	bool dry_run;
	const struct gate *gate; /* NULL: no comparison, or one without evidence */
};

/* One object. The texts of its labels are in the arena, which is replaced at each change. All other members are
 * numbers, or texts that live as long as the process. */
struct entry {
	struct metric_object of;
	struct arena *arena; /* NULL: it has no metrics */
	bool known; /* it is or was in the cluster; false: only its events were counted */
	const char *phase, *strategy, *router;
	const char *old_phase; /* of a Rollout, in the format of the metric rollout_phase */
	int64_t desired, updated, available;
	int64_t finished_at; /* end of the last update that was counted or seen */
	struct metric_state *metrics;
	size_t n_metrics;
	struct histogram passes;
	uint64_t failures;
	struct reason_counts events;
	struct notified *notified; /* NULL: nothing was notified */
};

struct metrics {
	const char *version, *mode;
	struct metric_objects all; /* of struct entry */
	struct map reasons; /* "type reason" → its index + 1, which is that of the slot: none is removed */
	struct map requests; /* "kind verb status" → uint64_t */
	struct map ended; /* completion status → struct ended */
	struct map unreadable; /* "kind namespace name" → the map itself */
	struct map garbled; /* kind → uint64_t, events */
	uint64_t dropped_events[2]; /* Normal, Warning */
	uint64_t verdicts[GATE_VERDICTS];
	struct gitops_metrics *gitops;
};

static void
counts_done(struct map *counts)
{
	map_each (counts, slot)
		free(slot->value);
	map_done(counts);
}

static void
metrics_entry_done(struct metric_object *of)
{
	struct entry *e = (struct entry *)of;

	free(e->events.at);
	if (e->notified != NULL) {
		free(e->notified->well.at);
		free(e->notified->badly.at);
		free(e->notified);
	}
	arena_free(e->arena);
}

struct metrics *
metrics_new(const char *version, const char *mode, bool legacy)
{
	struct metrics *m = mem_alloc(sizeof(*m));

	m->all = (struct metric_objects){ .size = sizeof(struct entry), .done = metrics_entry_done };
	m->version = version;
	m->mode = mode;
	m->gitops = gitops_metrics_new(legacy);
	return m;
}

struct metrics *
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return NULL;
	metric_objects_done(&m->all);
	gitops_metrics_free(m->gitops);
	map_done(&m->reasons);
	counts_done(&m->requests);
	counts_done(&m->ended);
	counts_done(&m->garbled);
	map_done(&m->unreadable);
	free(m);
	return NULL;
}

static void
metrics_count(struct map *counts, const char *key)
{
	uint64_t *n = map_get(counts, key);

	if (n == NULL) {
		n = mem_alloc(sizeof(*n));
		map_set(counts, key, n);
	}
	++*n;
}

void
metrics_unreadable(struct metrics *m, const struct object *o, bool gone)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *key = arena_printf(
	    a, "%s %s %s", o->type->kind, o->meta.namespace != NULL ? o->meta.namespace : "", o->meta.name);

	if (gone)
		map_remove(&m->unreadable, key);
	else if (map_get(&m->unreadable, key) == NULL && m->unreadable.count < UNREADABLE_MAX)
		map_set(&m->unreadable, key, m);
}

void
metrics_garbled(struct metrics *m, const struct type *t)
{
	metrics_count(&m->garbled, t->kind);
}

void
metrics_event_dropped(struct metrics *m, bool warning)
{
	m->dropped_events[warning]++;
}

/* Returns a static copy of a known phase, so that it need not be freed; "" for others. */
static const char *
known_phase(const char *phase)
{
	static const char *const phases[] = { "Healthy", "Degraded", "Progressing", "Paused", "Pending", "Running",
		"Successful", "Failed", "Error", "Inconclusive" };

	for (size_t i = 0; phase != NULL && i < ARRAY_SIZE(phases); i++)
		if (strcmp(phases[i], phase) == 0)
			return phases[i];
	return "";
}

/* The legacy metric rollout_phase has the reason of the condition Progressing as phase. */
static const char *
old_phase(const struct conditions *all)
{
	static const char *const of[][2] = { { "NewReplicaSetAvailable", "Completed" }, { "RolloutPaused", "Paused" },
		{ "ServiceNotFound", "Error" }, { "ReplicaSetCreateError", "Error" },
		{ "ProgressDeadlineExceeded", "Timeout" }, { "RolloutAborted", "Abort" } };
	const char *phase = "Progressing";

	for (size_t i = 0; i < all->n; i++) {
		if (str_eq(all->at[i].type, "InvalidSpec"))
			return "InvalidSpec";
		for (size_t k = 0; str_eq(all->at[i].type, "Progressing") && k < ARRAY_SIZE(of); k++)
			if (str_eq(all->at[i].reason, of[k][0]))
				phase = of[k][1];
	}
	return phase;
}

static void
see_rollout(struct entry *e, const struct rollout *r)
{
	const struct canary_strategy *c = r->spec.strategy.canary;

	e->phase = known_phase(r->status.phase);
	e->old_phase = old_phase(&r->status.conditions);
	e->strategy = c != NULL ? "canary" : r->spec.strategy.blue_green != NULL ? "blueGreen" : "";
	e->router = router_at(c, 0) != NULL ? router_at(c, 0)->metric_name : "";
	e->desired = r->spec.replicas.present ? r->spec.replicas.value : 1;
	e->updated = r->status.updated_replicas;
	e->available = r->status.available_replicas;
}

static const char *
provider_name(const json_t *metric)
{
	const struct provider *p = provider_of_json(metric);

	return p != NULL ? p->metric_name : "Unknown Provider";
}

static void
see_metrics(struct entry *e, const struct analysis_spec *spec, const struct analysis_run *run)
{
	const struct analysis_status *status = run != NULL ? &run->status : NULL;
	_cleanup_(json_decrefp) json_t *list = spec->metrics != NULL ? json_loads(spec->metrics, 0, NULL) : NULL;
	json_t *one;
	size_t i;

	arena_free(e->arena);
	e->arena = arena_new();
	e->n_metrics = json_array_size(list);
	e->metrics = arena_new_array(e->arena, struct metric_state, e->n_metrics);
	json_array_foreach (list, i, one) {
		struct metric_state *m = &e->metrics[i];

		*m = (struct metric_state){ .name = arena_strdup(e->arena, json_str(one, "name") ?: ""),
			.provider = provider_name(one),
			.phase = "" };
		for (size_t k = 0; status != NULL && k < status->metric_results.n; k++) {
			const struct metric_result *r = &status->metric_results.at[k];

			if (!str_eq(r->name, m->name))
				continue;
			m->phase = known_phase(r->phase);
			m->dry_run = r->dry_run;
			m->gate = gate_of(e->arena, run, r);
		}
	}
}

/* Returns the verdict of a metric, if it is a comparison that has ended. */
static enum gate_verdict
entry_verdict(const struct entry *e, const char *metric)
{
	for (size_t i = 0; i < e->n_metrics; i++)
		if (str_eq(e->metrics[i].name, metric))
			return str_eq(e->metrics[i].provider, COMPARE_NAME) ? gate_verdict(e->metrics[i].phase)
									    : GATE_VERDICTS;
	return GATE_VERDICTS;
}

/* Counts the comparisons that have ended since the last change. Those of a run that is seen for the first time were
 * counted by the previous process, and a terminated run has no verdict. */
static void
see_run(struct metrics *m, struct entry *e, bool first, const struct analysis_run *run)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct entry before = *e;
	struct err *invalid = compare_annotation_apply(a, run, &run); /* its status has the error */

	(void)invalid;
	e->phase = known_phase(run->status.phase);
	e->arena = NULL;
	see_metrics(e, &run->spec, run);
	for (size_t i = 0; !first && !run->spec.terminate && i < e->n_metrics; i++) {
		enum gate_verdict now = entry_verdict(e, e->metrics[i].name);

		if (now != GATE_VERDICTS && entry_verdict(&before, e->metrics[i].name) == GATE_VERDICTS)
			m->verdicts[now]++;
	}
	arena_free(before.arena);
}

static void
spread_add(struct spread *s, int64_t seconds)
{
	s->n++;
	s->seconds += seconds;
	for (size_t i = 0; i < DURATIONS; i++)
		s->within[i] += (double)seconds <= durations[i];
}

/* Counts an update that has ended since the last change. An update that had ended before this process saw the
 * Rollout was counted by the previous process. */
static void
see_end(struct metrics *m, struct entry *e, bool first, const struct rollout_duration *d)
{
	bool ended = !first && d->finished_at != 0 && d->finished_at != e->finished_at &&
		     d->completion_status != NULL && d->rollout_started_at != 0 &&
		     d->finished_at >= d->rollout_started_at;
	int64_t total = (d->finished_at - d->rollout_started_at) / 1000, paused = d->total_manual_pause_seconds.value;
	struct ended *of = ended ? map_get(&m->ended, d->completion_status) : NULL;

	e->finished_at = d->finished_at;
	if (!ended || (of == NULL && m->ended.count >= STATUSES_MAX))
		return;
	if (of == NULL) {
		of = mem_alloc(sizeof(*of));
		map_set(&m->ended, d->completion_status, of);
	}
	paused = paused < 0 ? 0 : paused > total ? total : paused;
	spread_add(&of->total, total);
	spread_add(&of->progression, total - paused);
	spread_add(&of->manual_pause, paused);
}

void
metrics_changed(struct metrics *m, const struct object *o, bool deleted, int64_t now)
{
	bool is_template = o->type == &analysis_template_type || o->type == &cluster_analysis_template_type;
	struct entry *e;
	bool first;

	gitops_metrics_changed(m->gitops, o, deleted, now);
	if (o->type != &rollout_type && o->type != &analysis_run_type && o->type != &experiment_type && !is_template)
		return;
	metric_objects_sweep(&m->all, now);
	e = metric_objects_get(&m->all, o->type, o->meta.namespace, o->meta.name, !deleted);
	if (e == NULL)
		return;
	if (deleted) {
		e->of.gone_at = now;
		return;
	}
	e->of.gone_at = 0;
	first = !e->known;
	e->known = true;
	if (o->type == &rollout_type) {
		see_end(m, e, first, &((const struct rollout *)o)->status.duration);
		see_rollout(e, (const struct rollout *)o);
	} else if (o->type == &experiment_type) {
		e->phase = known_phase(((const struct experiment *)o)->status.phase);
	} else if (o->type == &analysis_run_type) {
		see_run(m, e, first, (const struct analysis_run *)o);
	} else {
		see_metrics(e, &((const struct analysis_template *)o)->spec, NULL);
	}
}

static void
metrics_add_time(struct histogram *h, int64_t ms)
{
	h->n++;
	h->ms += (uint64_t)ms;
	for (size_t i = 0; i < BUCKETS; i++)
		h->within[i] += (double)ms / 1000 <= buckets[i];
}

/* Returns the entry of an object that something is counted for, even if it was not seen. If it appears later,
 * gone_at is reset. */
static struct entry *
counted(struct metrics *m, const struct type *t, const char *ns, const char *name, int64_t now)
{
	struct entry *e = metric_objects_get(&m->all, t, ns, name, true);

	if (!e->known && e->of.gone_at == 0)
		e->of.gone_at = now;
	return e;
}

/* Returns the index of a type and reason; false: there are too many already. */
static bool
reason_index(struct metrics *m, bool warning, const char *reason, uint32_t *ret)
{
	_cleanup_(freep) char *key = mem_printf("%s %s", warning ? "Warning" : "Normal", reason);
	uintptr_t index = (uintptr_t)map_get(&m->reasons, key);

	if (index == 0) {
		index = m->reasons.count + 1;
		if (index > REASONS_MAX)
			return false;
		map_set(&m->reasons, key, (void *)index);
	}
	*ret = (uint32_t)index - 1;
	return true;
}

static void
count_reason(struct metrics *m, struct reason_counts *counts, bool warning, const char *reason)
{
	uint32_t index, i = 0;

	if (!reason_index(m, warning, reason, &index))
		return;
	while (i < counts->n && counts->at[i].reason != index)
		i++;
	if (i == EVENTS_MAX)
		return;
	if (i == counts->n) {
		counts->at = mem_realloc(counts->at, (counts->n + 1) * sizeof(*counts->at));
		counts->at[counts->n++] = (struct reason_count){ index, 0 };
	}
	counts->at[i].n++;
}

void
metrics_passed(
    struct metrics *m, const char *controller, const char *ns, const char *name, int64_t ms, bool failed, int64_t now)
{
	const struct type *t = strcmp(controller, "rollout") == 0      ? &rollout_type
			       : strcmp(controller, "experiment") == 0 ? &experiment_type
			       : strcmp(controller, "analysis") == 0   ? &analysis_run_type
								       : NULL;
	struct entry *e;

	if (t == NULL)
		return;
	e = counted(m, t, ns, name, now);
	metrics_add_time(&e->passes, ms);
	e->failures += failed;
}

void
metrics_responded_key(struct metrics *m, const char *controller, const char *ns, const char *name, int64_t ms)
{
	gitops_metrics_reconciled(m->gitops, controller, ns, name, ms);
}

void
metrics_on_event(struct metrics *m, const struct plan_step *event, int64_t now)
{
	const struct meta *about = &event->about->meta;

	if (event->about->type == &rollout_type)
		count_reason(m, &counted(m, &rollout_type, about->namespace, about->name, now)->events, event->warning,
		    event->reason);
}

void
metrics_notified(struct metrics *m, const char *ns, const char *name, bool warning, const char *reason, bool well,
    int64_t ms, int64_t now)
{
	struct entry *e = counted(m, &rollout_type, ns, name, now);

	if (e->notified == NULL)
		e->notified = mem_alloc(sizeof(*e->notified));
	count_reason(m, well ? &e->notified->well : &e->notified->badly, warning, reason);
	metrics_add_time(&e->notified->times, ms);
}

/* Returns the plural of a path: "/apis/G/V/namespaces/NS/PLURAL/NAME/SUB". Empty: it has none. */
static const char *
plural_of(struct arena *a, const char *url, bool *ret_named)
{
	const char *parts[12], *path = arena_strndup(a, url, strcspn(url, "?"));
	size_t n = 0, at;

	for (char *save = NULL, *p = strtok_r((char *)path, "/", &save); p != NULL && n < ARRAY_SIZE(parts);
	     p = strtok_r(NULL, "/", &save))
		parts[n++] = p;
	at = n > 0 && strcmp(parts[0], "apis") == 0 ? 3 : 2;
	if (n > at + 2 && strcmp(parts[at], "namespaces") == 0)
		at += 2;
	*ret_named = n > at + 1;
	return at < n ? parts[at] : "";
}

void
metrics_responded(struct metrics *m, const char *method, const char *url, int status)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	static const struct {
		const char *method, *verb;
	} verbs[] = { { "POST", "Create" }, { "PATCH", "Patch" }, { "PUT", "Update" }, { "DELETE", "Delete" },
		{ "WATCH", "Watch" } };
	bool named;
	const char *plural = plural_of(a, url, &named), *verb = named ? "Get" : "List";

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].method, method) == 0)
			verb = verbs[i].verb;
	metrics_count(&m->requests, arena_printf(a, "%s %s %d", plural, verb, status));
}

static void
metrics_labels_of(struct str *to, const char *metric, const struct entry *e)
{
	str_adds(to, metric);
	metric_label(to, true, "name", e->of.name);
	if (e->of.ns[0] != '\0')
		metric_label(to, false, "namespace", e->of.ns);
}

/* Each entry of a type that is in the cluster, or was until METRICS_GONE_MS ago. */
#define each_known(m, e, t)                                                                                            \
	map_each (&(m)->all.entries, slot_)                                                                            \
		for (const struct entry *e = slot_->value; e != NULL && e->known && e->of.type == (t); e = NULL)

/* Writes a series for each type and reason. */
static void
write_reasons(const struct metrics *m, struct str *to, const char *name, const struct entry *e,
    const struct reason_counts *counts)
{
	for (uint32_t i = 0; i < counts->n; i++) {
		const char *key = m->reasons.slots[counts->at[i].reason].key, *space = strchr(key, ' ');

		metrics_labels_of(to, name, e);
		metric_label(to, false, "reason", space + 1);
		metric_label(to, false, "type", space - key == 7 ? "Warning" : "Normal");
		metric_value(to, counts->at[i].n);
	}
}

static void
write_histogram(struct str *to, const char *name, const struct entry *e, const struct histogram *h)
{
	for (size_t i = 0; i <= BUCKETS; i++) {
		str_adds(to, name);
		metrics_labels_of(to, "_bucket", e);
		str_addf(to, i < BUCKETS ? ",le=\"%g\"" : ",le=\"+Inf\"", i < BUCKETS ? buckets[i] : 0);
		metric_value(to, (int64_t)(i < BUCKETS ? h->within[i] : h->n));
	}
	str_adds(to, name);
	metrics_labels_of(to, "_sum", e);
	str_addf(to, "} %.3f\n", (double)h->ms / 1000);
	str_adds(to, name);
	metrics_labels_of(to, "_count", e);
	metric_value(to, (int64_t)h->n);
}

static void
write_rollouts(struct metrics *m, struct str *to)
{
	static const struct {
		const char *name, *help;
	} gauges[] = { { "rollout_info_replicas_available", "Number of available pods." },
		{ "rollout_info_replicas_unavailable", "Number of desired pods that are not available." },
		{ "rollout_info_replicas_desired", "Number of desired pods." },
		{ "rollout_info_replicas_updated", "Number of pods of the new version." } };
	static const char *const phases[] = { "Completed", "Progressing", "Paused", "Timeout", "Error", "Abort" };

	metric_family(
	    to, "rollout_info", "gauge", "Information about a Rollout: phase and strategy as labels. Always 1.");
	each_known(m, e, &rollout_type)
	{
		metrics_labels_of(to, "rollout_info", e);
		metric_label(to, false, "phase", e->phase);
		metric_label(to, false, "strategy", e->strategy);
		metric_label(to, false, "traffic_router", e->router);
		metric_value(to, 1);
	}
	metric_family(to, "rollout_phase", "gauge",
	    "Deprecated, use the label phase of rollout_info. 1 for the current phase, 0 for the others.");
	each_known(m, e, &rollout_type) for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
	{
		metrics_labels_of(to, "rollout_phase", e);
		metric_label(to, false, "phase", phases[i]);
		metric_label(to, false, "strategy", e->strategy);
		metric_value(to, strcmp(e->old_phase, phases[i]) == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(gauges); i++) {
		metric_family(to, gauges[i].name, "gauge", gauges[i].help);
		each_known(m, e, &rollout_type)
		{
			const int64_t values[] = { e->available,
				e->desired > e->available ? e->desired - e->available : 0, e->desired, e->updated };

			metrics_labels_of(to, gauges[i].name, e);
			metric_value(to, values[i]);
		}
	}
	metric_family(to, "rollout_events_total", "counter", "Number of events of a Rollout, by reason.");
	map_each (&m->all.entries, slot)
		write_reasons(m, to, "rollout_events_total", slot->value, &((struct entry *)slot->value)->events);
}

static void
write_spread(struct str *to, const char *name, const char *status, const struct spread *s)
{
	for (size_t i = 0; i <= DURATIONS; i++) {
		str_addf(to, "%s_bucket", name);
		metric_label(to, true, "status", status);
		str_addf(to, i < DURATIONS ? ",le=\"%g\"" : ",le=\"+Inf\"", i < DURATIONS ? durations[i] : 0);
		metric_value(to, (int64_t)(i < DURATIONS ? s->within[i] : s->n));
	}
	str_addf(to, "%s_sum", name);
	metric_label(to, true, "status", status);
	metric_value(to, s->seconds);
	str_addf(to, "%s_count", name);
	metric_label(to, true, "status", status);
	metric_value(to, (int64_t)s->n);
}

static void
write_durations(struct metrics *m, struct str *to)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} families[] = { { "rollout_duration_seconds", "Duration of an update in seconds.",
			     offsetof(struct ended, total) },
		{ "rollout_progression_duration_seconds",
		    "Duration of an update without its manual pauses, in seconds.",
		    offsetof(struct ended, progression) },
		{ "rollout_manual_pause_duration_seconds", "Duration of the manual pauses of an update in seconds.",
		    offsetof(struct ended, manual_pause) } };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		metric_family(to, families[i].name, "histogram", families[i].help);
		map_each (&m->ended, slot)
			write_spread(to, families[i].name, slot->key,
			    (const struct spread *)(const void *)((const char *)slot->value + families[i].offset));
	}
}

static void
write_notifications(struct metrics *m, struct str *to)
{
	metric_family(to, "notification_send_success", "counter", "Number of notifications that were sent, by reason.");
	map_each (&m->all.entries, slot) {
		struct entry *e = slot->value;

		if (e->notified != NULL)
			write_reasons(m, to, "notification_send_success", e, &e->notified->well);
	}
	metric_family(
	    to, "notification_send_error", "counter", "Number of notifications that could not be sent, by reason.");
	map_each (&m->all.entries, slot) {
		struct entry *e = slot->value;

		if (e->notified != NULL)
			write_reasons(m, to, "notification_send_error", e, &e->notified->badly);
	}
	metric_family(
	    to, "notification_send", "histogram", "Duration of sending a notification, including retries, in seconds.");
	map_each (&m->all.entries, slot) {
		struct entry *e = slot->value;

		if (e->notified != NULL)
			write_histogram(to, "notification_send", e, &e->notified->times);
	}
}

static const char *const run_phases[] = { "Pending", "Running", "Successful", "Failed", "Error", "Inconclusive" };

/* Writes the legacy metrics of AnalysisRuns and Experiments (before NAME_info): a series for each phase. */
static void
write_old_phases(struct metrics *m, struct str *to, const char *name, const struct type *t)
{
	metric_family(to, name, "gauge",
	    "Deprecated, use the label phase of the info metric. 1 for the current phase, 0 for the others.");
	each_known(m, e, t) for (size_t i = 0; i < ARRAY_SIZE(run_phases); i++)
	{
		metrics_labels_of(to, name, e);
		metric_label(to, false, "phase", run_phases[i]);
		metric_value(to, strcmp(e->phase != NULL ? e->phase : "", run_phases[i]) == 0);
	}
}

static void
write_phases(struct metrics *m, struct str *to, const char *name, const char *help, const struct type *t)
{
	metric_family(to, name, "gauge", help);
	each_known(m, e, t)
	{
		metrics_labels_of(to, name, e);
		metric_label(to, false, "phase", e->phase != NULL ? e->phase : "");
		metric_value(to, 1);
	}
}

static void
write_runs(struct metrics *m, struct str *to)
{
	write_phases(m, to, "analysis_run_info", "Information about an AnalysisRun: phase as a label. Always 1.",
	    &analysis_run_type);
	write_old_phases(m, to, "analysis_run_phase", &analysis_run_type);
	metric_family(to, "analysis_run_metric_type", "gauge", "Provider of a metric of an AnalysisRun. Always 1.");
	each_known(m, e, &analysis_run_type) for (size_t i = 0; i < e->n_metrics; i++)
	{
		metrics_labels_of(to, "analysis_run_metric_type", e);
		metric_label(to, false, "metric", e->metrics[i].name);
		metric_label(to, false, "type", e->metrics[i].provider);
		metric_value(to, 1);
	}
	metric_family(to, "analysis_run_metric_phase", "gauge",
	    "Phase of a metric of an AnalysisRun. 1 for the current phase, 0 for the others.");
	each_known(m, e, &analysis_run_type) for (size_t i = 0; i < e->n_metrics;
						  i++) for (size_t k = 0; k < ARRAY_SIZE(run_phases); k++)
	{
		metrics_labels_of(to, "analysis_run_metric_phase", e);
		metric_label(to, false, "metric", e->metrics[i].name);
		metric_label(to, false, "type", e->metrics[i].provider);
		metric_label(to, false, "dry_run", e->metrics[i].dry_run ? "true" : "false");
		metric_label(to, false, "phase", run_phases[k]);
		metric_value(to, strcmp(e->metrics[i].phase, run_phases[k]) == 0);
	}
}

static void
write_entry_gates(struct str *to, enum gate_family f, const struct entry *e)
{
	for (size_t i = 0; i < e->n_metrics; i++)
		if (e->metrics[i].gate != NULL)
			gate_write(to, f, e->of.ns, e->of.name, e->metrics[i].name, e->metrics[i].gate);
}

static void
write_gates(struct metrics *m, struct str *to)
{
	for (enum gate_family f = 0; f < GATE_FAMILIES; f++) {
		gate_write_head(to, f);
		each_known(m, e, &analysis_run_type) write_entry_gates(to, f, e);
	}
	gate_write_verdicts(to, m->verdicts);
}

static void
write_templates(struct metrics *m, struct str *to)
{
	const struct type *types[] = { &analysis_template_type, &cluster_analysis_template_type };

	metric_family(to, "analysis_template_info", "gauge",
	    "Information about an AnalysisTemplate or ClusterAnalysisTemplate. Always 1.");
	for (size_t k = 0; k < ARRAY_SIZE(types); k++)
		each_known(m, e, types[k])
		{
			metrics_labels_of(to, "analysis_template_info", e);
			metric_value(to, 1);
		}
	metric_family(to, "analysis_template_metric_info", "gauge",
	    "Information about a metric of a template: provider as a label. Always 1.");
	for (size_t k = 0; k < ARRAY_SIZE(types); k++)
		each_known(m, e, types[k]) for (size_t i = 0; i < e->n_metrics; i++)
		{
			metrics_labels_of(to, "analysis_template_metric_info", e);
			metric_label(to, false, "metric", e->metrics[i].name);
			metric_label(to, false, "type", e->metrics[i].provider);
			metric_value(to, 1);
		}
}

static void
write_passes(struct metrics *m, struct str *to, const char *name, const char *errors, const struct type *t)
{
	metric_family(to, name, "histogram", "Duration of a reconciliation including its writes, in seconds.");
	map_each (&m->all.entries, slot) {
		const struct entry *e = slot->value;

		if (e->of.type == t && e->passes.n > 0)
			write_histogram(to, name, e, &e->passes);
	}
	metric_family(to, errors, "counter", "Number of reconciliations with a failed write.");
	map_each (&m->all.entries, slot) {
		const struct entry *e = slot->value;

		if (e->of.type != t || e->passes.n == 0)
			continue;
		metrics_labels_of(to, errors, e);
		metric_value(to, (int64_t)e->failures);
	}
}

static void
write_process(struct metrics *m, const struct metrics_moment *now, struct str *to)
{
	metric_family(to, "controller_clientset_k8s_request_total", "counter",
	    "Number of requests to the API server, by status code. 0: no response.");
	map_each (&m->requests, slot) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *verb = strchr(slot->key, ' ') + 1, *status = strchr(verb, ' ') + 1;

		str_adds(to, "controller_clientset_k8s_request_total");
		metric_label(to, true, "kind", arena_strndup(a, slot->key, (size_t)(verb - 1 - slot->key)));
		metric_label(to, false, "status_code", status);
		metric_label(to, false, "verb", arena_strndup(a, verb, (size_t)(status - 1 - verb)));
		metric_value(to, (int64_t) * (uint64_t *)slot->value);
	}
	metric_family(
	    to, "sluice_api_connections_total", "counter", "Number of connections that were opened to the API server.");
	str_addf(to, "sluice_api_connections_total %" PRIu64 "\n", now->connections);
	metric_family(
	    to, "sluice_api_tls_handshakes_total", "counter", "Number of TLS handshakes with the API server.");
	str_addf(to, "sluice_api_tls_handshakes_total %" PRIu64 "\n", now->handshakes);
	metric_family(to, "argo_rollouts_controller_info", "gauge",
	    "Information about the controller: version and namespace scope. Always 1.");
	str_adds(to, "argo_rollouts_controller_info");
	metric_label(to, true, "version", m->version);
	metric_label(to, false, "goversion", "");
	metric_label(to, false, "mode", m->mode);
	metric_value(to, 1);
	metric_family(to, "workqueue_depth", "gauge", "Number of keys that are queued or in progress.");
	str_adds(to, "workqueue_depth");
	metric_label(to, true, "name", "rollouts");
	metric_value(to, (int64_t)now->busy);
	metric_family(to, "sluice_unreadable_object", "gauge",
	    "1 for each object that is stored and cannot be decoded. Everything that depends on it waits.");
	map_each (&m->unreadable, slot) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		const char *ns = strchr(slot->key, ' ') + 1, *name = strchr(ns, ' ') + 1;

		str_adds(to, "sluice_unreadable_object");
		metric_label(to, true, "kind", arena_strndup(a, slot->key, (size_t)(ns - 1 - slot->key)));
		metric_label(to, false, "namespace", arena_strndup(a, ns, (size_t)(name - 1 - ns)));
		metric_label(to, false, "name", name);
		metric_value(to, 1);
	}
	metric_family(to, "sluice_unreadable_events_total", "counter",
	    "Number of watch events that could not be decoded. The kind was listed again after each.");
	map_each (&m->garbled, slot) {
		str_adds(to, "sluice_unreadable_events_total");
		metric_label(to, true, "kind", slot->key);
		metric_value(to, (int64_t) * (uint64_t *)slot->value);
	}
	metric_family(to, "sluice_dropped_events_total", "counter",
	    "Number of Kubernetes Events that were dropped: too many waited, or the API server refused them.");
	for (size_t i = 0; i < ARRAY_SIZE(m->dropped_events); i++) {
		str_adds(to, "sluice_dropped_events_total");
		metric_label(to, true, "type", i == 0 ? "Normal" : "Warning");
		metric_value(to, (int64_t)m->dropped_events[i]);
	}
	metric_family(
	    to, "leader_election_master_status", "gauge", "1 if this process is the leader, 0 if it is a standby.");
	str_adds(to, "leader_election_master_status");
	metric_label(to, true, "name", now->lease != NULL ? now->lease : "");
	metric_value(to, now->leads);
}

void
metrics_text(struct metrics *m, const struct metrics_moment *now, struct str *to)
{
	metric_objects_sweep(&m->all, now->now);
	write_rollouts(m, to);
	write_passes(m, to, "rollout_reconcile", "rollout_reconcile_error", &rollout_type);
	write_durations(m, to);
	write_notifications(m, to);
	write_runs(m, to);
	write_gates(m, to);
	write_passes(m, to, "analysis_run_reconcile", "analysis_run_reconcile_error", &analysis_run_type);
	write_templates(m, to);
	write_phases(m, to, "experiment_info", "1 for each Experiment, its phase as a label.", &experiment_type);
	write_old_phases(m, to, "experiment_phase", &experiment_type);
	write_passes(m, to, "experiment_reconcile", "experiment_reconcile_error", &experiment_type);
	gitops_metrics_text(m->gitops, now->now, to);
	write_process(m, now, to);
}
