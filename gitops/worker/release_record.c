/* gitops/worker/release_record.c: Helm's record of a release: reads its Secrets, and the JSON text in the last one. */
#include <string.h>
#include "base/base64.h"
#include "base/sha256.h"
#include "base/str.h"
#include "base/time.h"
#include "gitops/helm_failure_count.h"
#include "gitops/render/helm_values.h"
#include "gitops/worker/helm_run.h"
#include "gitops/worker/scratch.h"
#include "gitops/worker/session_state.h"
#include "io/program_run.h"
#include "kube/api/secret.h"

#define RECORD_BYTES_MAX (64u << 20) /* of the JSON text */
#define RECORD_MS 30000
#define REVISIONS_MAX 1000 /* in Helm's storage */
#define HISTORY_MAX 5 /* in the status, as in Flux */

size_t
release_record_prepare(struct session *s)
{
	struct session_release *r = &s->release;
	struct err *e = NULL;

	r->stored.n = 0;
	r->text_arena = arena_free(r->text_arena);
	r->elsewhere.version = 0;
	json_decref(r->record);
	r->record = NULL;
	if (!r->decided && !s->request.message.deleting)
		e = release_values_merge(s);
	if (e != NULL)
		session_fail(s, "ValuesError", e);
	return s->request.release->elsewhere != NULL && !r->decided ? 2 : 1;
}

static const char *
release_record_digest(struct arena *a, const char *text)
{
	char hex[2 * SHA256_SIZE + 1];

	sha256_hex(text, strlen(text), hex);
	return arena_printf(a, "sha256:%s", hex);
}

/* Keeps the text of the last revision in place of the one before. A text may have a megabyte, and there may be many
 * revisions. */
static const char *
release_record_keep_text(struct session_release *r, const char *text)
{
	if (r->text_arena == NULL)
		r->text_arena = arena_new();
	else
		arena_reset(r->text_arena);
	if (r->stored.n > 0)
		r->stored.at[0].text = NULL;
	return arena_strdup(r->text_arena, text);
}

/* Reads a Secret of Helm's. Only the last revision's text is kept. */
static void
release_record_read(void *arg, const json_t *secret, const struct unreadable *unreadable)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct session_release *r = &s->release;
	const json_t *meta = json_object_get(secret, "metadata"), *labels = json_object_get(meta, "labels");
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	const char *text = unreadable == NULL ? secret_text(scratch, json_object_get(secret, "data"), "release") : NULL;
	struct release_revision rev = { .status = arena_strdup(s->arena, json_str(labels, "status")),
		.secret = arena_strdup(s->arena, json_str(meta, "name")),
		.resource_version = arena_strdup(s->arena, json_str(meta, "resourceVersion")) };
	long long version;
	size_t at = 0;

	if (!str_int(json_str(labels, "version") ?: "", 1, INT32_MAX, &version) || rev.status == NULL ||
	    rev.secret == NULL)
		return;
	/* A list is in the order of names, so the newest revision may be the last: the oldest one makes space. */
	if (r->stored.n == REVISIONS_MAX) {
		if (r->stored.at[REVISIONS_MAX - 1].version > version)
			return;
		r->stored.n--;
	}
	rev.version = version;
	if (r->stored.n == 0 || version > r->stored.at[0].version)
		rev.text = release_record_keep_text(r, text);
	rev.digest = text != NULL ? release_record_digest(s->arena, text) : NULL;
	r->stored.at = arena_grow(s->arena, r->stored.at, r->stored.n, &r->stored_capacity, sizeof(*r->stored.at));
	while (at < r->stored.n && r->stored.at[at].version > version)
		at++;
	memmove(&r->stored.at[at + 1], &r->stored.at[at], (r->stored.n - at) * sizeof(*r->stored.at));
	r->stored.at[at] = rev;
	r->stored.n++;
}

static void
release_record_end(void *arg, const struct err *e, const json_t *list)
{
	struct session_call *c = arg;
	struct session *s = c->session;

	(void)list;
	if (e != NULL && e->class != ERR_GONE)
		session_fail(s, "GetLastReleaseFailed",
		    err_wrap(s->arena, err_copy(s->arena, e), "the record of release %s in namespace %s",
			s->request.release->name, s->request.release->namespace));
	session_call_end(c);
}

/* Reads a Secret of Helm's in the other namespace. Only the last revision's text is kept. */
static void
release_record_read_elsewhere(void *arg, const json_t *secret, const struct unreadable *unreadable)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	struct release_elsewhere *to = &s->release.elsewhere;
	const json_t *meta = json_object_get(secret, "metadata");
	long long version;

	if (unreadable != NULL ||
	    !str_int(json_str(json_object_get(meta, "labels"), "version") ?: "", 1, INT32_MAX, &version) ||
	    version < to->version)
		return;
	if (to->arena == NULL)
		to->arena = arena_new();
	else
		arena_reset(to->arena);
	to->version = version;
	to->secret = arena_strdup(to->arena, json_str(meta, "name"));
	to->text = secret_text(to->arena, json_object_get(secret, "data"), "release");
}

/* An account without the permission to read Secrets there has not stored a release there either. */
static void
release_record_end_elsewhere(void *arg, const struct err *e, const json_t *list)
{
	struct session_call *c = arg;
	struct session *s = c->session;

	(void)list;
	if (e != NULL && e->class == ERR_AGAIN)
		session_fail(s, "GetLastReleaseFailed",
		    err_wrap(s->arena, err_copy(s->arena, e), "Secrets of releases in namespace %s",
			s->request.release->elsewhere));
	session_call_end(c);
}

bool
release_record_start(struct session *s, size_t i)
{
	const struct worker_release *rel = s->request.release;
	struct session_call *c = session_slot(s, i);

	c->call = client_list(s->cluster.target,
	    arena_printf(s->arena, "/api/v1/namespaces/%s/secrets?labelSelector=owner%%3Dhelm%%2Cname%%3D%s",
		str_url_escape(s->arena, i == 0 ? rel->namespace : rel->elsewhere),
		str_url_escape(s->arena, rel->name)),
	    i == 0 ? release_record_read : release_record_read_elsewhere,
	    i == 0 ? release_record_end : release_record_end_elsewhere, c);
	return true;
}

/* Runs gzip on a text in a file, with limits: a record is a user's, and may be a bomb. */
static struct err *
release_record_gzip(struct session *s, const char *how, const char *text, size_t len, struct bytes *ret)
{
	static const char *const env[] = { NULL };
	const char *dir = NULL, *argv[] = { "gzip", how, NULL, NULL };
	struct err *e = scratch_begin(s->arena, s->sources.helm.cache, "record", &dir);

	if (e == NULL)
		e = scratch_write(s->arena, dir, "record", text, len);
	argv[2] = arena_printf(s->arena, "%s/record", dir);
	if (e == NULL)
		e = program_run(s->arena,
		    &(struct program){ .argv = argv,
			.env = env,
			.reach = SPAWN_LOCAL,
			.timeout_ms = RECORD_MS,
			.output_max = RECORD_BYTES_MAX },
		    ret);
	scratch_end(dir);
	return e;
}

/* The text is base64 of compressed JSON. *ret is a new reference. */
static struct err *
release_record_decode(struct session *s, const char *secret, const char *text, json_t **ret)
{
	struct bytes json = { 0 };
	size_t len = 0;
	const char *packed = text != NULL ? base64_decode(s->arena, text, &len) : NULL;
	struct err *e = packed == NULL ? err_new(s->arena, ERR_INVALID, "it is not base64")
				       : release_record_gzip(s, "-dc", packed, len, &json);

	if (e == NULL)
		e = json_parse(s->arena, json.at, json.len, ret);
	if (e == NULL && !json_is_object(*ret))
		e = err_new(s->arena, ERR_INVALID, "it is no object");
	return e != NULL ? err_wrap(s->arena, e, "Secret %s: Helm's record of the release", secret) : NULL;
}

/* Flux stores a release in the namespace of its HelmRelease, or in spec.storageNamespace; the program helm finds it
 * only in the namespace of the release, and would install it anew. Returns whether it is stored elsewhere, which ends
 * the session. A release of the same name that is in that namespace is another one. */
static bool
release_record_is_elsewhere(struct session *s)
{
	const struct worker_release *rel = s->request.release;
	const struct release_elsewhere *from = &s->release.elsewhere;
	_cleanup_(json_decrefp) json_t *record = NULL;
	struct err *e;

	if (s->release.stored.n > 0 || from->version == 0)
		return false;
	if ((e = release_record_decode(s, from->secret, from->text, &record)) != NULL) {
		session_fail(s, "GetLastReleaseFailed", err_wrap(s->arena, e, "namespace %s", rel->elsewhere));
		return true;
	}
	if (!str_eq(json_str(record, "namespace"), rel->namespace))
		return false;
	e = err_new(s->arena, ERR_INVALID,
	    "release %s/%s is stored in namespace %s: move its Secrets (label owner=helm,name=%s) to namespace %s",
	    rel->namespace, rel->name, rel->elsewhere, rel->name, rel->namespace);
	if (s->request.message.deleting)
		s->request.skipped = err_text(s->arena, e);
	else
		session_fail(s, "GetLastReleaseFailed", e);
	return true;
}

struct err *
release_record_with_status(struct session *s, const char *status, const char *description, const char **ret)
{
	_cleanup_(json_decrefp) json_t *changed = json_deep_copy(s->release.record);
	json_t *info = json_object_get(changed, "info");
	struct bytes packed = { 0 };
	const char *text;
	struct err *e;

	json_object_set_new(info, "status", json_string(status));
	json_object_set_new(info, "description", json_string(description));
	text = json_text(s->arena, changed);
	if ((e = release_record_gzip(s, "-nc", text, strlen(text), &packed)) != NULL)
		return e;
	*ret = base64_encode(s->arena, packed.at, packed.len);
	return NULL;
}

static int64_t
release_record_time(const json_t *info, const char *key)
{
	int64_t at = 0;

	/* Helm writes the zero time of Go for "not yet". */
	return time_parse(json_str(info, key) ?: "", &at) && at > 0 ? at : 0;
}

static bool
release_record_is_test(const json_t *hook)
{
	json_t *event;
	size_t i;

	json_array_foreach (json_object_get(hook, "events"), i, event)
		if (str_eq(json_string_value(event), "test") || str_eq(json_string_value(event), "test-success"))
			return true;
	return false;
}

/* Returns whether the filters of spec.test select the test of this name. */
static bool
release_record_is_selected(const struct helm_test *t, const char *name)
{
	bool only = false, found = false;

	for (size_t i = 0; t != NULL && i < t->filters.n; i++) {
		bool same = str_eq(t->filters.at[i].name, name);

		if (same && t->filters.at[i].exclude)
			return false;
		only |= !t->filters.at[i].exclude;
		found |= same;
	}
	return found || !only;
}

/* Reads when the tests of the last revision ran, and how they ended. A chart without tests has passed them. */
static enum helm_tests
release_record_tests(struct session *s, const char **ret_hooks)
{
	const struct helm_test *t = s->request.release->spec.test;
	_cleanup_(json_decrefp) json_t *hooks = json_object();
	enum helm_tests is = HELM_TESTS_PASSED;
	bool ran = true;
	json_t *hook;
	size_t i;

	json_array_foreach (json_object_get(s->release.record, "hooks"), i, hook) {
		const json_t *run = json_object_get(hook, "last_run");
		const char *name = json_str(hook, "name"), *phase = json_str(run, "phase");
		int64_t started = release_record_time(run, "started_at"),
			completed = release_record_time(run, "completed_at");

		if (name == NULL || !release_record_is_test(hook) || !release_record_is_selected(t, name))
			continue;
		ran &= started != 0;
		if (started == 0)
			continue;
		if (!str_eq(phase, "Succeeded"))
			is = HELM_TESTS_FAILED;
		json_object_set_new(hooks, name,
		    json_pack("{s:s, s:s*, s:s}", "lastStarted", time_format(s->arena, started), "lastCompleted",
			completed != 0 ? time_format(s->arena, completed) : NULL, "phase", phase ?: "Unknown"));
	}
	*ret_hooks = json_object_size(hooks) > 0 ? json_text(s->arena, hooks) : NULL;
	return ran || is == HELM_TESTS_FAILED ? is : HELM_TESTS_NONE;
}

void
release_record_snapshot(struct session *s)
{
	struct session_release *r = &s->release;
	const json_t *info = json_object_get(r->record, "info"), *chart = json_at(r->record, "/chart/metadata"),
		     *config = json_object_get(r->record, "config");
	_cleanup_(json_decrefp) json_t *none = json_object();

	r->last = (struct helm_snapshot){ 0 };
	r->world.status = NULL;
	if (r->record == NULL)
		return;
	r->last = (struct helm_snapshot){ .api_version = 2,
		.digest = r->stored.at[0].digest,
		.name = s->request.release->name,
		.namespace = s->request.release->namespace,
		.version = r->stored.at[0].version,
		.status = arena_strdup(s->arena, json_str(info, "status") ?: r->stored.at[0].status),
		.chart_name = arena_strdup(s->arena, json_str(chart, "name")),
		.chart_version = arena_strdup(s->arena, json_str(chart, "version")),
		.app_version = arena_strdup(s->arena, json_str(chart, "appVersion")),
		.config_digest = helm_values_digest(s->arena, json_is_object(config) ? config : none),
		.first_deployed = release_record_time(info, "first_deployed"),
		.last_deployed = release_record_time(info, "last_deployed"),
		.deleted = release_record_time(info, "deleted") };
	r->world.status = r->last.status;
	r->world.tests = release_record_tests(s, &r->last.test_hooks);
}

static const struct release_revision *
release_record_find(const struct session_release *r, int64_t version)
{
	for (size_t i = 0; i < r->stored.n; i++)
		if (r->stored.at[i].version == version)
			return &r->stored.at[i];
	return NULL;
}

void
release_record_history(struct session *s, const char *config_digest)
{
	struct session_release *r = &s->release;
	const struct helm_history *was = &s->request.release->history;
	struct helm_history list = { .at = arena_new_array(s->arena, struct helm_snapshot, was->n + 1) };

	if (r->record != NULL) {
		list.at[list.n] = r->last;
		if (config_digest != NULL)
			list.at[list.n].config_digest = config_digest;
		list.n++;
	}
	for (size_t i = 0; i < was->n && list.n < HISTORY_MAX; i++) {
		const struct release_revision *rev = release_record_find(r, was->at[i].version);

		if (rev == NULL || (r->record != NULL && was->at[i].version >= r->last.version))
			continue;
		list.at[list.n] = was->at[i];
		list.at[list.n].status = rev->status;
		list.at[list.n++].digest = rev->digest;
	}
	r->history = list;
}

static bool
release_record_has_failed_test(const struct helm_snapshot *snap)
{
	_cleanup_(json_decrefp) json_t *hooks = snap->test_hooks != NULL ? json_loads(snap->test_hooks, 0, NULL) : NULL;
	const char *name;
	json_t *hook;

	json_object_foreach (hooks, name, hook)
		if (str_eq(json_str(hook, "phase"), "Failed"))
			return true;
	return false;
}

/* The last revision that was deployed before the last one, and whose tests did not fail. */
static int64_t
release_record_rollback_to(const struct session *s)
{
	const struct helm_history *h = &s->release.history;

	for (size_t i = 1; i < h->n; i++) {
		const struct helm_snapshot *snap = &h->at[i];

		if ((str_eq(snap->status, "deployed") || str_eq(snap->status, "superseded")) &&
		    (!release_record_has_failed_test(snap) ||
			helm_ignores_tests(&s->request.release->spec, s->release.attempts.action)))
			return snap->version;
	}
	return 0;
}

/* The values of the last revision, and the changes of what it rendered, are those with which the HelmRelease has made
 * it: Helm may write a number in another way, or keep former values. What others have made has the values in its
 * record, and no changes. */
static bool
release_record_has_values(const struct session *s)
{
	const struct session_release *r = &s->release;
	const struct helm_history *h = &s->request.release->history;

	if (h->n > 0 && h->at[0].version == r->last.version && str_eq(h->at[0].digest, r->last.digest))
		return str_eq(h->at[0].config_digest, r->config_digest);
	return r->post_render == NULL && str_eq(r->last.config_digest, r->values_digest);
}

/* Compares the record with what is desired. */
static void
release_record_compare(struct session *s)
{
	const struct worker_release *rel = s->request.release;
	struct session_release *r = &s->release;
	const char *key;

	r->world.spec = &rel->spec;
	r->world.attempts = &r->attempts;
	r->world.deleting = s->request.message.deleting;
	r->world.force = rel->force;
	r->attempts = rel->attempts;
	release_record_history(s, NULL);
	r->world.rollback_to = release_record_rollback_to(s);
	if (r->world.deleting)
		return;
	helm_failure_count_begin(&r->attempts, rel->generation, r->chart.version, r->config_digest, rel->reset);
	key = release_revision(s);
	r->world.held = rel->held != NULL && str_eq(rel->held, key);
	r->world.same_chart =
	    str_eq(r->last.chart_name, r->chart.name) && str_eq(r->last.chart_version, r->chart.version);
	r->world.same_values = release_record_has_values(s);
}

enum session_stage
release_record_finish(struct session *s)
{
	struct session_release *r = &s->release;
	struct err *e =
	    r->stored.n > 0 ? release_record_decode(s, r->stored.at[0].secret, r->stored.at[0].text, &r->record) : NULL;

	if (release_record_is_elsewhere(s))
		return STAGE_END;
	if (e != NULL) {
		session_fail(s, "GetLastReleaseFailed", e);
		return STAGE_END;
	}
	release_record_snapshot(s);
	if (r->decided) {
		release_record_history(s, release_config_of(s));
		return STAGE_END;
	}
	release_record_compare(s);
	if (helm_is_current(&r->world) && release_add_manifests(s))
		return STAGE_KINDS;
	return STAGE_RELEASE;
}
