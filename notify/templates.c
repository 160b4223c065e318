/* notify/templates.c: variables and texts of notifications. */
#include "notify/templates.h"
#include "base/base64.h"
#include "gotemplate/template.h"
#include "notify/config.h"
#include "notify/subscriptions.h"

json_t *
notify_vars(const struct notify_config *c, json_t *rollout, const json_t *secret, const struct destination *d)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *secrets = json_object(), *v;
	const char *key;

	json_object_foreach ((json_t *)secret, key, v) {
		const char *text = base64_decode(a, json_string_value(v) ?: "", NULL);
		json_t *s = json_string(text != NULL ? text : "");

		if (s != NULL) /* bytes that are not valid UTF-8 are left out */
			json_object_set_new(secrets, key, s);
	}
	return json_pack("{s:o,s:o,s:O,s:s,s:s}", "rollout", rollout, "secrets", secrets, "context", c->context,
	    "recipient", d != NULL ? d->recipient : "", "serviceType", d != NULL ? d->service : "");
}

/* Expands each string in it as a template. The nesting was limited when the ConfigMap was read. */
static struct err *
templates_expand(struct arena *a, const json_t *from, const json_t *vars, json_t **ret)
{
	const char *key, *text;
	struct err *e = NULL;
	json_t *one, *made;
	size_t i;

	if (json_is_string(from)) {
		if ((e = template_expand(a, json_string_value(from), vars, &text)) == NULL &&
		    (*ret = json_string(text)) == NULL)
			e = err_new(a, ERR_INVALID, "what it makes is no UTF-8");
		return e;
	}
	if (!json_is_object(from) && !json_is_array(from)) {
		*ret = json_incref((json_t *)from);
		return NULL;
	}
	*ret = json_is_object(from) ? json_object() : json_array();
	json_object_foreach ((json_t *)from, key, one) {
		if ((e = templates_expand(a, one, vars, &made)) != NULL) {
			json_decref(*ret);
			return err_wrap(a, e, "%s", key);
		}
		json_object_set_new(*ret, key, made);
	}
	json_array_foreach (from, i, one) {
		if ((e = templates_expand(a, one, vars, &made)) != NULL) {
			json_decref(*ret);
			return err_wrap(a, e, "[%zu]", i);
		}
		json_array_append_new(*ret, made);
	}
	return NULL;
}

struct err *
notify_render(struct arena *a, const struct notify_config *c, const json_t *templates, const json_t *vars, json_t **ret)
{
	json_t *name, *made, *all = json_object();
	size_t i;

	json_array_foreach (templates, i, name) {
		const char *text = json_string_value(name) ?: "";
		const json_t *from = json_object_get(c->templates, text);
		struct err *e = from == NULL ? err_new(a, ERR_INVALID, "there is no template.%s", text)
					     : templates_expand(a, from, vars, &made);

		if (e != NULL) {
			json_decref(all);
			return from != NULL ? err_wrap(a, e, "template.%s", text) : e;
		}
		json_object_update_recursive(all, made);
		json_decref(made);
	}
	*ret = all;
	return NULL;
}
