/* analysis/args.c: arguments of AnalysisTemplates and runs: merged by name, and substituted for {{args.x}} in the
 * text of fields. Values from Secrets: secrets.c. */
#include "analysis/args.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"

#define SUBSTITUTED_MAX (1u << 20)

static struct argument *
args_find(struct argument *args, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(args[i].name, name))
			return &args[i];
	return NULL;
}

/* The value of a field of the rollout: metadata.labels['x'], spec.replicas, status.conditions[0].reason. */
static struct err *
args_field_value(struct arena *a, const char *arg, const char *path, const json_t *object, const char **ret)
{
	struct str pointer;
	const json_t *v;
	bool quoted = false;

	str_init(&pointer, 1024);
	str_addc(&pointer, '/');
	for (const char *c = path; *c != '\0'; c++) {
		if (*c == '\'' || *c == '"')
			quoted = !quoted;
		else if (!quoted && *c == ']')
			continue;
		else if (!quoted && (*c == '.' || *c == '['))
			str_addc(&pointer, '/');
		else if (*c == '/')
			str_adds(&pointer, "~1");
		else
			str_addc(&pointer, *c);
	}
	v = json_at(object, str_text(&pointer));
	str_done(&pointer);
	if (v == NULL)
		return err_new(a, ERR_INVALID, "args %s: the rollout has no %s", arg, path);
	*ret = json_is_string(v) ? arena_strdup(a, json_string_value(v)) : json_text(a, v);
	return NULL;
}

const char *
argument_problem(const struct argument *arg)
{
	const struct value_from *v = arg->value_from;

	if (v == NULL)
		return NULL;
	if (arg->value != NULL)
		return "Invalid value: has both of value and valueFrom";
	if ((v->pod_template_hash_value != NULL) + (v->field_ref != NULL) + (v->secret_key_ref != NULL) != 1)
		return "Invalid value: valueFrom needs one of podTemplateHashValue, fieldRef and secretKeyRef";
	return NULL;
}

struct err *
args_resolve(struct arena *a, const struct argument *arg, const struct args_source *from, const char **ret)
{
	const struct value_from *v = arg->value_from;

	if (arg->value != NULL || v == NULL || from == NULL) {
		*ret = arg->value;
		return NULL;
	}
	if (v->pod_template_hash_value != NULL) {
		*ret = v->pod_template_hash_value[0] == 'L' ? from->latest_hash : from->stable_hash;
		return NULL;
	}
	if (v->field_ref != NULL)
		return args_field_value(a, arg->name, v->field_ref->field_path, from->rollout, ret);
	*ret = NULL; /* its value is in a Secret: queried when it is needed, and not stored */
	return NULL;
}

/* Adds the metrics of a template after those of other templates. */
static struct err *
args_add_metrics(struct arena *a, const struct template_source *t, json_t *metrics)
{
	_cleanup_(json_decrefp) json_t *list = json_loads(t->spec->metrics ?: "[]", 0, NULL);
	json_t *m, *other;
	size_t i, k;

	json_array_foreach (list, i, m) {
		json_array_foreach (metrics, k, other)
			if (str_eq(json_str(m, "name"), json_str(other, "name")))
				return err_new(a, ERR_INVALID, "template %s: metric \"%s\" is in another template too",
				    t->name, json_str(m, "name") ?: "");
		json_array_append(metrics, m);
	}
	return NULL;
}

static struct err *
args_add(struct arena *a, const struct template_source *t, const struct args_source *from, struct analysis_spec *to)
{
	struct err *e;

	for (size_t i = 0; i < t->spec->args.n; i++) {
		const struct argument *arg = &t->spec->args.at[i];
		struct argument *old = args_find(to->args.at, to->args.n, arg->name), resolved = { .name = arg->name };

		if ((e = args_resolve(a, arg, from, &resolved.value)) != NULL)
			return err_wrap(a, e, "template %s", t->name);
		if (resolved.value == NULL)
			resolved.value_from = arg->value_from;
		if (old == NULL && to->args.n == ARGUMENTS_MAX)
			return err_new(a, ERR_INVALID, "template %s: more than %d arguments", t->name, ARGUMENTS_MAX);
		if (old == NULL)
			to->args.at[to->args.n++] = resolved;
		else if (old->value == NULL && old->value_from == NULL)
			*old = resolved;
		else if (old->value != NULL && resolved.value != NULL && strcmp(old->value, resolved.value) != 0)
			return err_new(a, ERR_INVALID, "template %s: args %s: two templates give it different values",
			    t->name, arg->name);
	}
	return NULL;
}

struct rules {
	const struct dry_run *dry_run;
	size_t n_dry_run;
	const struct measurement_retention *retention;
	size_t n_retention;
};

static void
args_add_rules(struct arena *a, struct rules rules, struct analysis_spec *to)
{
	struct dry_run *dry_run = arena_new_array(a, struct dry_run, to->dry_run.n + rules.n_dry_run);
	struct measurement_retention *retention =
	    arena_new_array(a, struct measurement_retention, to->retention.n + rules.n_retention);

	for (size_t i = 0; i < to->dry_run.n + rules.n_dry_run; i++)
		dry_run[i] = i < to->dry_run.n ? to->dry_run.at[i] : rules.dry_run[i - to->dry_run.n];
	for (size_t i = 0; i < to->retention.n + rules.n_retention; i++)
		retention[i] = i < to->retention.n ? to->retention.at[i] : rules.retention[i - to->retention.n];
	to->dry_run.at = dry_run;
	to->dry_run.n += rules.n_dry_run;
	to->retention.at = retention;
	to->retention.n += rules.n_retention;
}

struct err *
args_merge(struct arena *a, const struct template_source *templates, size_t n, const struct rollout_analysis *given,
    const struct args_source *from, struct analysis_spec *ret)
{
	_cleanup_(json_decrefp) json_t *metrics = json_array();
	struct analysis_spec merged = { 0 };
	struct argument *old;
	size_t n_args = 0;
	struct err *e;

	for (size_t t = 0; t < n; t++)
		n_args += templates[t].spec->args.n;
	merged.args.at = arena_new_array(a, struct argument, n_args + 1);
	for (size_t t = 0; t < n; t++) {
		const struct analysis_spec *spec = templates[t].spec;

		if ((e = args_add_metrics(a, &templates[t], metrics)) != NULL ||
		    (e = args_add(a, &templates[t], from, &merged)) != NULL)
			return e;
		args_add_rules(a,
		    (struct rules){ spec->dry_run.at, spec->dry_run.n, spec->retention.at, spec->retention.n },
		    &merged);
	}
	args_add_rules(
	    a, (struct rules){ given->dry_run.at, given->dry_run.n, given->retention.at, given->retention.n }, &merged);
	for (size_t i = 0; i < given->args.n; i++) {
		const struct argument *arg = &given->args.at[i];
		const char *value = NULL;

		if ((e = args_resolve(a, arg, from, &value)) != NULL)
			return e;
		/* An argument that no template has is dropped, as by Argo Rollouts. */
		if ((old = args_find(merged.args.at, merged.args.n, arg->name)) != NULL &&
		    (value != NULL || arg->value_from != NULL))
			*old = (struct argument){ arg->name, value, value == NULL ? arg->value_from : NULL };
	}
	for (size_t i = 0; i < merged.args.n; i++)
		if (merged.args.at[i].value == NULL && merged.args.at[i].value_from == NULL)
			return err_new(a, ERR_INVALID,
			    "args.%s was not resolved: no value in the template or the rollout",
			    merged.args.at[i].name);
	merged.metrics = json_text(a, metrics);
	*ret = merged;
	return NULL;
}

struct err *
args_substitute(struct arena *a, const char *json, const struct argument *args, size_t n, const char **ret)
{
	struct str out;
	struct err *e = NULL;
	const char *s = json;

	str_init(&out, SUBSTITUTED_MAX);
	for (const char *open; e == NULL && (open = strstr(s, "{{")) != NULL;) {
		const char *name = open + 2, *end, *value;
		const struct argument *arg;
		size_t len;

		while (*name == ' ')
			name++;
		end = strstr(name, "}}");
		if (end == NULL || !str_starts(name, "args.")) {
			str_add(&out, s, (size_t)(name - s));
			s = name;
			continue;
		}
		str_add(&out, s, (size_t)(open - s));
		name += strlen("args.");
		len = (size_t)(end - name);
		while (len > 0 && name[len - 1] == ' ')
			len--;
		name = arena_strndup(a, name, len);
		arg = args_find((struct argument *)args, n, name);
		if (arg == NULL || arg->value == NULL) {
			e = err_new(a, ERR_INVALID, "{{args.%s}}: no argument of that name has a value", name);
			break;
		}
		value = json_quote_go(a, arg->value, strlen(arg->value));
		str_add(&out, value + 1, strlen(value) - 2);
		s = end + 2;
	}
	str_adds(&out, s);
	if (e == NULL && out.overflow)
		e = err_new(
		    a, ERR_INVALID, "the metrics are longer than %u bytes with their arguments", SUBSTITUTED_MAX);
	if (e == NULL)
		*ret = arena_strdup(a, str_text(&out));
	str_done(&out);
	return e;
}

struct argument *
args_unresolved(struct arena *a, const struct argument *args, size_t n)
{
	struct argument *list = arena_new_array(a, struct argument, n);

	for (size_t i = 0; i < n; i++)
		list[i] = (struct argument){ .name = args[i].name,
			.value = args[i].value != NULL ? args[i].value : arena_printf(a, "{{args.%s}}", args[i].name) };
	return list;
}

bool
args_are_open(const char *text)
{
	return text != NULL && strstr(text, "{{") != NULL;
}
