/* analysis/provider_secret.c: credentials of metric providers, from Secrets and the controller's environment. */
#include "analysis/provider_secret.h"
#include <string.h>
#include "base/base64.h"
#include "base/json.h"

#define PROVIDER_SECRET_TIMEOUT_MS 10000
#define PROVIDER_SECRET_MAX (2u << 20) /* bytes of the API server's response */

const char *
provider_namespace(const struct query_input *in)
{
	return in->settings != NULL && in->settings->namespace != NULL ? in->settings->namespace : "argo-rollouts";
}

const char *
provider_secret_value(const struct string_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (str_eq(map->at[i].key, key))
			return str_empty(map->at[i].value) ? NULL : map->at[i].value;
	return NULL;
}

const char *
provider_variable(const struct query_input *in, const char *name)
{
	return in->settings != NULL ? provider_secret_value(&in->settings->environment, name) : NULL;
}

void
provider_secret_query(struct arena *a, const char *ns, const char *name, struct query *ret)
{
	*ret =
	    (struct query){ .request = { .method = "GET",
				.url = arena_printf(a, "/api/v1/namespaces/%s/secrets/%s", ns, str_url_escape(a, name)),
				.timeout_ms = PROVIDER_SECRET_TIMEOUT_MS,
				.response_max = PROVIDER_SECRET_MAX },
		    .to = QUERY_API_SERVER };
}

struct err *
provider_secret_read(
    struct arena *a, const char *ns, const char *name, const struct response *got, struct string_map *ret)
{
	_cleanup_(json_decrefp) json_t *doc = NULL;
	struct string_map map = { 0 };
	const char *key;
	json_t *data, *value;

	if (got->err != NULL)
		return err_wrap(a, got->err, "Secret %s/%s", ns, name);
	if (got->status == 404)
		return err_new(a, ERR_GONE, "secrets \"%s\" not found", name);
	if (got->status < 200 || got->status > 299 || json_parse(a, got->body.at, got->body.len, &doc) != NULL)
		return err_new(a, ERR_AGAIN, "Secret %s/%s cannot be read: the API server returned status %d%s", ns,
		    name, got->status, got->status == 403 ? "; the controller needs the permission to get it" : "");
	data = json_object_get(doc, "data");
	map.at = arena_new_array(a, struct string_pair, json_object_size(data));
	json_object_foreach (data, key, value) {
		size_t n;
		char *text = json_is_string(value) ? base64_decode(a, json_string_value(value), &n) : NULL;

		if (text != NULL && strlen(text) == n)
			map.at[map.n++] = (struct string_pair){ arena_strdup(a, key), text };
	}
	*ret = map;
	return NULL;
}
