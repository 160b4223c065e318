/* notify/triggers.c: names of triggers, and evaluation of their conditions. */
#include "notify/triggers.h"
#include <ctype.h>
#include <string.h>
#include "analysis/condition/condition.h"
#include "base/base64.h"
#include "base/sha1.h"
#include "base/str.h"
#include "notify/config.h"

/* An upper-case letter begins a word when it follows a lower-case one or a digit, or when a lower-case one follows
 * it. */
const char *
notify_trigger(struct arena *a, const char *reason)
{
	char *text = arena_alloc(a, 2 * strlen(reason) + 1), *to = text;

	for (const char *c = reason; *c != '\0'; c++) {
		bool begins =
		    c > reason && isupper((unsigned char)*c) &&
		    (islower((unsigned char)c[-1]) || isdigit((unsigned char)c[-1]) || islower((unsigned char)c[1]));

		if (begins)
			*to++ = '-';
		*to++ = (char)tolower((unsigned char)*c);
	}
	return arena_printf(a, "on-%s", text);
}

/* "[0].HASH" of the index-th condition: SHA-1 in base64 for URLs, without padding, as the others' annotations have
 * it. */
static const char *
triggers_key_of(struct arena *a, size_t index, const char *when)
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
triggers_evaluate(struct arena *a, const char *text, const struct value *vars, int64_t now, struct value *ret)
{
	struct condition_program *p;
	struct err *e = condition_parse_names(a, text, &p);

	return e != NULL ? e : condition_eval_value(a, p, vars, now, ret);
}

static void
triggers_judge(
    struct arena *a, const json_t *condition, const struct value *vars, int64_t now, struct notify_condition *ret)
{
	const char *once_per = json_str(condition, "oncePer");
	struct value v = { 0 };
	struct err *e;

	if (ret->when[0] == '\0')
		return;
	if ((e = triggers_evaluate(a, ret->when, vars, now, &v)) != NULL) {
		ret->err = err_wrap(a, e, "when");
		return;
	}
	ret->holds = v.kind == VALUE_BOOL && v.b;
	if (!ret->holds || str_empty(once_per))
		return;
	if ((e = triggers_evaluate(a, once_per, vars, now, &v)) != NULL)
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
		to->key = triggers_key_of(a, i, to->when);
		triggers_judge(a, one, &v, now, to);
	}
	return json_array_size(list);
}
