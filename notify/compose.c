/* notify/compose.c: text of a notification: evaluates the condition of its trigger, sets the variables, and renders
 * the template. The services are in services/. */
#include <string.h>
#include "analysis/condition/condition.h"
#include "base/base64.h"
#include "base/sha1.h"
#include "base/str.h"
#include "gotemplate/template.h"
#include "notify/notify.h"

/* "[0].HASH" of the index-th condition: SHA-1 in base64 for URLs, without padding, as the others' annotations have
 * it. */
static const char *
compose_key_of(struct arena *a, size_t index, const char *when)
{
	unsigned char hash[SHA1_SIZE];
	char *text;

	sha1(when, strlen(when), hash);
	text = base64_encode(a, hash, sizeof(hash));
	text[strcspn(text, "=")] = '\0';
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	return arena_printf(a, "[%zu].%s", index, text);
}

static struct err *
compose_evaluate(struct arena *a, const char *text, const struct value *vars, int64_t now, struct value *ret)
{
	struct condition_program *p;
	struct err *e = condition_parse_names(a, text, &p);

	return e != NULL ? e : condition_eval_value(a, p, vars, now, ret);
}

static void
compose_judge(
    struct arena *a, const json_t *condition, const struct value *vars, int64_t now, struct notify_condition *ret)
{
	const char *once_per = json_str(condition, "oncePer");
	struct value v = { 0 };
	struct err *e;

	if (ret->when[0] == '\0')
		return;
	if ((e = compose_evaluate(a, ret->when, vars, now, &v)) != NULL) {
		ret->err = err_wrap(a, e, "when");
		return;
	}
	ret->holds = v.kind == VALUE_BOOL && v.b;
	if (!ret->holds || str_empty(once_per))
		return;
	if ((e = compose_evaluate(a, once_per, vars, now, &v)) != NULL)
		ret->err = err_wrap(a, e, "oncePer");
	else
		ret->once_per = v.kind == VALUE_STRING ? arena_strndup(a, v.s.at, v.s.len) : value_text(a, &v);
}

size_t
notify_conditions(const struct notify_config *c, const char *trigger, const json_t *vars, int64_t now, struct arena *a,
    struct notify_condition **ret)
{
	const json_t *list = json_object_get(c->triggers, trigger);
	struct value v = value_from_json(a, vars);
	json_t *one;
	size_t i;

	*ret = arena_new_array(a, struct notify_condition, json_array_size(list) + 1);
	json_array_foreach (list, i, one) {
		struct notify_condition *to = &(*ret)[i];

		*to = (struct notify_condition){ .when = arena_strdup(a, json_str(one, "when") ?: ""),
			.once_per = "",
			.send = json_object_get(one, "send") };
		to->key = compose_key_of(a, i, to->when);
		compose_judge(a, one, &v, now, to);
	}
	return json_array_size(list);
}

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
compose_expand_all(struct arena *a, const json_t *from, const json_t *vars, json_t **ret)
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
		if ((e = compose_expand_all(a, one, vars, &made)) != NULL) {
			json_decref(*ret);
			return err_wrap(a, e, "%s", key);
		}
		json_object_set_new(*ret, key, made);
	}
	json_array_foreach (from, i, one) {
		if ((e = compose_expand_all(a, one, vars, &made)) != NULL) {
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
					     : compose_expand_all(a, from, vars, &made);

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
