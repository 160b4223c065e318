/* web/application_write.c: one write to an Application. */
#include "web/application_write.h"
#include "base/json.h"
#include "kube/api/application.h"
#include "kube/client.h"

#define ATTEMPTS_MAX 5

struct application_write {
	struct application_write_settings settings;
	struct arena *arena;
	struct call *call; /* in flight */
	int attempts;
};

static void application_write_read(struct application_write *);

static void
application_write_free(struct application_write *w)
{
	arena_free(w->arena);
	free(w);
}

static void
application_write_end(struct application_write *w, const struct err *e, const json_t *app)
{
	w->settings.done(w->settings.arg, e, app);
	application_write_free(w);
}

static const char *
application_write_path(const struct application_write *w)
{
	return client_path(w->arena, &application_type, w->settings.namespace, w->settings.name, NULL);
}

static void
application_write_on_sent(void *arg, const struct err *e, const json_t *app)
{
	struct application_write *w = arg;

	w->call = NULL;
	if (e != NULL && e->class == ERR_CONFLICT && ++w->attempts < ATTEMPTS_MAX)
		application_write_read(w);
	else
		application_write_end(w, e, app);
}

/* The patch has the version that was read, so that no operation of another user is replaced. */
static void
application_write_on_read(void *arg, const struct err *e, const json_t *app)
{
	struct application_write *w = arg;
	_cleanup_(json_decrefp) json_t *patch = NULL;
	const json_t *version = json_at(app, "/metadata/resourceVersion");

	w->call = NULL;
	if (e == NULL)
		e = w->settings.build(w->settings.arg, w->arena, app, &patch);
	if (e != NULL) {
		application_write_end(w, e, NULL);
		return;
	}
	json_object_set_new(patch, "metadata", json_pack("{s:O}", "resourceVersion", version));
	w->call = client_call(w->settings.api, "PATCH", application_write_path(w), PATCH_MERGE,
	    json_text(w->arena, patch), application_write_on_sent, w);
}

static void
application_write_read(struct application_write *w)
{
	w->call =
	    client_call(w->settings.api, "GET", application_write_path(w), NULL, NULL, application_write_on_read, w);
}

struct application_write *
application_write_start(const struct application_write_settings *s)
{
	struct application_write *w = mem_alloc(sizeof(*w));

	*w = (struct application_write){ .settings = *s, .arena = arena_new() };
	application_write_read(w);
	return w;
}

struct application_write *
application_write_cancel(struct application_write *w)
{
	if (w == NULL)
		return NULL;
	client_cancel(w->call);
	application_write_free(w);
	return NULL;
}
