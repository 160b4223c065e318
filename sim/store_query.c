/* sim/store_query.c: REST requests to the laptop cluster: parses path and query, and forms the response. */
#include "sim/store_parts.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

static char *
decode_part(struct arena *a, const char *s, size_t n)
{
	char *out = arena_alloc(a, n + 1), *o = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%' && i + 2 < n + 0 && isxdigit((unsigned char)s[i + 1]) &&
		    isxdigit((unsigned char)s[i + 2])) {
			char hex[3] = { s[i + 1], s[i + 2], 0 };

			*o++ = (char)strtol(hex, NULL, 16);
			i += 2;
		} else {
			*o++ = s[i] == '+' ? ' ' : s[i];
		}
	}
	return out;
}

/* The key that a list's continue token stands for (see list). In place. */
static char *
continue_key(char *token)
{
	for (char *c = token; *c != '\0'; c++)
		*c = *c == '_' ? ' ' : *c == '~' ? '/' : *c;
	return token;
}

static void
read_query(struct arena *a, const char *s, struct store_query *q)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "&"), k = strcspn(s, "=&");
		const char *v = k < n ? decode_part(a, s + k + 1, n - k - 1) : "";
		char *key = decode_part(a, s, k);

		if (strcmp(key, "watch") == 0)
			q->watch = strcmp(v, "1") == 0 || strcmp(v, "true") == 0;
		else if (strcmp(key, "allowWatchBookmarks") == 0)
			q->bookmarks = strcmp(v, "1") == 0 || strcmp(v, "true") == 0;
		else if (strcmp(key, "sendInitialEvents") == 0)
			q->initial_events = strcmp(v, "true") == 0;
		else if (strcmp(key, "labelSelector") == 0)
			q->label_selector = v;
		else if (strcmp(key, "fieldSelector") == 0)
			q->field_selector = v;
		else if (strcmp(key, "resourceVersion") == 0)
			q->resource_version = v;
		else if (strcmp(key, "continue") == 0)
			q->continue_token = continue_key(arena_strdup(a, v));
		else if (strcmp(key, "fieldManager") == 0 && v[0] != '\0')
			q->field_manager = v;
		else if (strcmp(key, "fieldValidation") == 0)
			q->validation = strcmp(v, "Strict") == 0   ? VALIDATION_STRICT
					: strcmp(v, "Ignore") == 0 ? VALIDATION_IGNORE
								   : VALIDATION_WARN;
		else if (strcmp(key, "dryRun") == 0)
			q->dry_run = strcmp(v, "All") == 0;
		else if (strcmp(key, "force") == 0)
			q->force = strcmp(v, "true") == 0;
		else if (strcmp(key, "includeObject") == 0)
			q->include_object = v;
		else if (strcmp(key, "limit") == 0)
			str_int(v, 0, 1 << 30, &q->limit);
		else if (strcmp(key, "timeoutSeconds") == 0)
			str_int(v, 0, 1 << 20, &q->timeout);
		s += n + (s[n] == '&');
	}
}

struct err *
body_parse(struct store *s, const struct store_query *q, struct arena *a, const struct store_request *r, json_t **ret)
{
	const char *text = r->body != NULL ? r->body : "", *field;
	json_error_t at;
	struct err *e;

	/* An API server stores what is nested deeper than the controller reads. */
	*ret = json_loadb(text, r->body_len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);
	e = *ret != NULL ? NULL : err_new(a, ERR_INVALID, "line %d, column %d: %s", at.line, at.column, at.text);
	if (e == NULL || (field = strstr(err_text(a, e), "duplicate object key near '")) == NULL)
		return e;
	field += strlen("duplicate object key near '");
	field = arena_strndup(a, field, strcspn(field, "'"));
	if (q->validation == VALIDATION_STRICT)
		return err_new(a, ERR_INVALID, "strict decoding error: duplicate field %s", field);
	if ((*ret = json_loadb(text, r->body_len, JSON_DECODE_ANY, NULL)) == NULL)
		return e;
	if (q->validation == VALIDATION_WARN)
		json_array_append_new(s->warnings, json_string(arena_printf(a, "duplicate field %s", field)));
	return NULL;
}

static const struct resource *
resource_of(const struct store *s, const char *group, const char *version, const char *plural)
{
	const struct resource *r;

	for (size_t i = 0; (r = store_resource(s, i)) != NULL; i++)
		if (strcmp(r->group, group) == 0 && strcmp(r->plural, plural) == 0 && resource_has_version(r, version))
			return store_lacks(s, r) ? NULL : r;
	return NULL;
}

/* /api/v1/namespaces/NS/pods/NAME/status, /apis/G/V/…; false: no such place. */
bool
query_parse(const struct store *s, struct arena *a, const char *path, struct store_query *q)
{
	char *parts[10], *save = NULL, *copy;
	size_t n = 0, at, qmark = strcspn(path, "?");
	const char *group;

	*q = (struct store_query){ .limit = 0 };
	q->path = arena_strndup(a, path, qmark);
	if (path[qmark] == '?')
		read_query(a, path + qmark + 1, q);
	copy = arena_strdup(a, q->path);
	for (char *t = strtok_r(copy, "/", &save); t != NULL && n < ARRAY_SIZE(parts); t = strtok_r(NULL, "/", &save))
		parts[n++] = decode_part(a, t, strlen(t));
	if (n >= 1 && strcmp(parts[0], "api") == 0) {
		group = "";
		at = 1;
	} else if (n >= 2 && strcmp(parts[0], "apis") == 0) {
		group = parts[1];
		at = 2;
	} else {
		return false;
	}
	if (n <= at + 1)
		return false;
	q->version = parts[at++];
	if (n - at >= 3 && strcmp(parts[at], "namespaces") == 0 &&
	    resource_of(s, group, q->version, parts[at + 2]) != NULL) {
		q->ns = parts[at + 1];
		at += 2;
	}
	q->resource = resource_of(s, group, q->version, parts[at]);
	if (q->resource == NULL)
		return false;
	at++;
	if (at < n)
		q->name = parts[at++];
	if (at < n)
		q->sub = parts[at++];
	if (q->sub != NULL && !(strcmp(q->sub, "status") == 0 && q->resource->status) &&
	    !(strcmp(q->sub, "scale") == 0 && q->resource->scale) &&
	    !(strcmp(q->sub, "eviction") == 0 && strcmp(q->resource->plural, "pods") == 0))
		return false;
	return at == n;
}

int
status_error(int code, const char *reason, json_t **ret, const char *format, ...)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	va_list ap;

	va_start(ap, format);
	*ret = json_pack("{s:s,s:s,s:{},s:s,s:s,s:s,s:i}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
	    "Failure", "message", arena_vprintf(a, format, ap), "reason", reason, "code", code);
	va_end(ap);
	return code;
}

int
query_check_version(const struct store_query *q, json_t **ret)
{
	const struct resource *r = q->resource;

	if (r->only == NULL || strcmp(r->only, q->version) == 0)
		return 0;
	return status_error(500, "InternalError", ret,
	    "conversion webhook for %s/%s, Kind=%s failed: the laptop cluster calls no webhooks; use version \"%s\"",
	    r->group, q->version, r->kind, r->only);
}

int
status_not_found(const struct store_query *q, json_t **ret)
{
	if (q->resource == NULL)
		return status_error(404, "NotFound", ret, "the server could not find the requested resource");
	return status_error(404, "NotFound", ret, "%s%s%s \"%s\" not found", q->resource->plural,
	    q->resource->group[0] != '\0' ? "." : "", q->resource->group, q->name != NULL ? q->name : "");
}

const char *
object_key(struct arena *a, const struct resource *r, const char *ns, const char *name)
{
	return arena_printf(a, "%s %s/%s", r->stored_as != NULL ? r->stored_as : r->plural,
	    !r->cluster_scoped && ns != NULL ? ns : "", name);
}

json_t *
object_meta(const json_t *o)
{
	return json_object_get(o, "metadata");
}

/* The object as a version of the API shows it: only apiVersion differs. A new reference. */
json_t *
object_shown(const json_t *o, const struct store_query *q)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *copy = json_copy((json_t *)o);

	json_object_set_new(copy, "apiVersion",
	    q->resource->group[0] == '\0' ? json_string(q->version)
					  : json_string(arena_printf(a, "%s/%s", q->resource->group, q->version)));
	return copy;
}

bool
query_selects(const struct store_query *q, const struct selector *s, const json_t *o)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	bool matches = true;

	if (o == NULL || (q->ns != NULL && !str_eq(json_str(object_meta(o), "namespace"), q->ns)) ||
	    (q->name != NULL && !str_eq(json_str(object_meta(o), "name"), q->name)) ||
	    !selector_matches(s, json_object_get(object_meta(o), "labels")))
		return false;
	if (q->field_selector != NULL && field_selector_matches(a, q->field_selector, o, &matches) != NULL)
		return false;
	return matches;
}
