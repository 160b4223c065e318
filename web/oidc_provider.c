/* web/oidc_provider.c: fetches metadata and keys of the OpenID provider, one request at a time, for all who wait. */
#include "web/oidc_provider.h"
#include "io/log.h"
#include "io/loop.h"

struct provider {
	struct loop *loop;
	struct transport *outside;
	const struct oidc_settings *settings;
	struct provider_need *needs; /* that wait */
	size_t n_needs;
	struct exchange *exchange; /* in progress */

	struct arena *arena; /* of the metadata; NULL: not known yet */
	struct oidc_provider metadata;
	int64_t metadata_at; /* mono ms of the last fetch of both that succeeded */
	int64_t fetching_at; /* mono ms of the metadata whose keys are being fetched; 0: keys only */
	int64_t keys_at; /* mono ms of the last attempt */
	json_t *keys; /* NULL: not known yet */

	struct arena *failed; /* of the error */
	struct err *error; /* of the last fetch; NULL: it succeeded */
	int64_t failed_at;
};

/* Returns whether metadata and keys can be used, also while the provider cannot be reached. */
static bool
provider_is_known(const struct provider *p)
{
	return p->arena != NULL && p->keys != NULL && loop_mono(p->loop) - p->metadata_at < PROVIDER_STALE_MS;
}

/* Calls `done` of all that wait. A `done` may need the provider again, and then waits anew. */
static void
provider_response(struct provider *p, const struct err *e)
{
	struct provider_need *list = p->needs;

	p->needs = NULL;
	p->n_needs = 0;
	while (list != NULL) {
		struct provider_need *n = list;

		list = n->next;
		n->waits = false;
		n->done(n->arg, e, &p->metadata, p->keys);
	}
}

/* Metadata and keys that were known before stay in use while the provider cannot be reached. */
static void
provider_fail(struct provider *p, const struct err *e)
{
	log_warn("the OpenID provider cannot be used", "error", err_text(p->failed, e));
	p->error = err_copy(p->failed, e);
	p->fetching_at = 0;
	p->failed_at = loop_mono(p->loop);
	provider_response(p, provider_is_known(p) ? NULL : p->error);
}

static void
provider_reset_failure(struct provider *p)
{
	p->error = NULL;
	arena_reset(p->failed);
}

/* Returns what is wrong with a response, or NULL. */
static struct err *
provider_reply_error(struct arena *a, const char *url, const struct err *e, const struct reply *r)
{
	if (e != NULL)
		return err_wrap(a, e, "%s", url);
	if (r->status != 200)
		return err_new(a, ERR_AGAIN, "%s: status %d, want 200", url, r->status);
	return NULL;
}

static struct exchange *
provider_request(struct provider *p, const char *url, const struct receiver *to)
{
	static const struct header accept = { "Accept", "application/json" };

	return transport_start(p->outside,
	    &(struct request){ .method = "GET",
		.url = url,
		.headers = &accept,
		.n_headers = 1,
		.ca = p->settings->root_ca,
		.destination = "metadata of the OpenID provider", /* exchanges of codes do not delay it */
		.timeout_ms = PROVIDER_TIMEOUT_MS,
		.response_max = OIDC_DOCUMENT_MAX },
	    to, p);
}

static void
provider_on_keys(void *arg, const struct err *e, const struct reply *r)
{
	struct provider *p = arg;
	struct err *wrong;
	json_t *keys = NULL;

	p->exchange = NULL;
	provider_reset_failure(p);
	wrong = provider_reply_error(p->failed, p->metadata.keys_url, e, r);
	if (wrong == NULL)
		wrong = oidc_keys_read(p->failed, r->body.at, r->body.len, &keys);
	if (wrong != NULL) {
		provider_fail(p, wrong);
		return;
	}
	json_decref(p->keys);
	p->keys = keys;
	if (p->fetching_at != 0)
		p->metadata_at = p->fetching_at;
	p->fetching_at = 0;
	provider_response(p, NULL);
}

static void
provider_fetch_keys(struct provider *p)
{
	static const struct receiver to = { .done = provider_on_keys };

	p->keys_at = loop_mono(p->loop);
	p->exchange = provider_request(p, p->metadata.keys_url, &to);
}

static void
provider_on_metadata(void *arg, const struct err *e, const struct reply *r)
{
	struct provider *p = arg;
	struct arena *a = arena_new();
	struct oidc_provider to;
	struct err *wrong;

	p->exchange = NULL;
	provider_reset_failure(p);
	wrong = provider_reply_error(a, oidc_provider_url(a, p->settings), e, r);
	if (wrong == NULL)
		wrong = oidc_provider_read(a, p->settings, r->body.at, r->body.len, &to);
	if (wrong != NULL) {
		provider_fail(p, wrong);
		arena_free(a);
		return;
	}
	arena_free(p->arena);
	p->arena = a;
	p->metadata = to;
	/* Metadata whose keys cannot be fetched is fetched again. */
	p->fetching_at = loop_mono(p->loop);
	provider_fetch_keys(p);
}

static void
provider_fetch(struct provider *p)
{
	static const struct receiver to = { .done = provider_on_metadata };
	_cleanup_(arena_freep) struct arena *a = arena_new();

	p->exchange = provider_request(p, oidc_provider_url(a, p->settings), &to);
}

/* A provider that does not respond would keep the connections of all others. */
static void
provider_refuse(struct provider *p, struct provider_need *n)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	bool known = provider_is_known(p);

	n->done(n->arg,
	    known ? NULL : err_new(a, ERR_AGAIN, "more than %d requests wait for the provider", PROVIDER_NEEDS_MAX),
	    &p->metadata, p->keys);
}

void
provider_get(struct provider *p, struct provider_need *n, bool newer_keys)
{
	int64_t now = loop_mono(p->loop);
	bool known = provider_is_known(p), old = !known || now - p->metadata_at >= PROVIDER_KEEP_MS;

	newer_keys = newer_keys && now - p->keys_at >= PROVIDER_KEYS_MS;
	if (p->exchange == NULL && p->error != NULL && now - p->failed_at < PROVIDER_RETRY_MS) {
		n->done(n->arg, known ? NULL : p->error, &p->metadata, p->keys);
		return;
	}
	if (!old && !newer_keys) {
		n->done(n->arg, NULL, &p->metadata, p->keys);
		return;
	}
	if (p->n_needs >= PROVIDER_NEEDS_MAX) {
		provider_refuse(p, n);
		return;
	}
	n->waits = true;
	p->n_needs++;
	n->next = p->needs;
	p->needs = n;
	if (p->exchange != NULL)
		return;
	if (old)
		provider_fetch(p);
	else
		provider_fetch_keys(p);
}

void
provider_cancel(struct provider *p, struct provider_need *n)
{
	if (!n->waits)
		return;
	for (struct provider_need **at = &p->needs; *at != NULL; at = &(*at)->next)
		if (*at == n) {
			*at = n->next;
			p->n_needs--;
			break;
		}
	n->waits = false;
}

struct provider *
provider_new(struct loop *l, struct transport *outside, const struct oidc_settings *s)
{
	struct provider *p = mem_alloc(sizeof(*p));

	*p = (struct provider){ .loop = l, .outside = outside, .settings = s, .failed = arena_new() };
	return p;
}

struct provider *
provider_free(struct provider *p)
{
	if (p == NULL)
		return NULL;
	if (p->exchange != NULL)
		transport_cancel(p->outside, p->exchange);
	json_decref(p->keys);
	arena_free(p->arena);
	arena_free(p->failed);
	free(p);
	return NULL;
}
