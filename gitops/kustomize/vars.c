/* gitops/kustomize/vars.c: kustomize's `vars`, $(NAME) in fields: reads the value of a field, and puts it where the
 * name stands. ${NAME} of Flux: flux/post_build.c. */
#include "gitops/kustomize/vars.h"
#include <string.h>
#include "base/str.h"
#include "gitops/kustomize/field_walk.h"
#include "gitops/kustomize/path.h"
#include "gitops/source/manifests.h"

static bool
vars_is_meant(const struct k_objects *all, const struct k_id *is, const struct k_id *meant)
{
	bool any_namespace = meant->namespace[0] == '\0';

	return strcmp(is->name, meant->name) == 0 && strcmp(is->kind, meant->kind) == 0 &&
	       strcmp(is->group, meant->group) == 0 && strcmp(is->version, meant->version) == 0 &&
	       (any_namespace || k_of_cluster(all, is) || strcmp(k_effective(is->namespace), meant->namespace) == 0);
}

static bool
vars_was_meant(const struct k_objects *all, const struct k_object *o, const struct k_id *meant)
{
	struct k_id now;

	for (size_t i = 0; i < o->n_ids; i++)
		if (vars_is_meant(all, &o->ids[i], meant))
			return true;
	if (!str_eq(json_str(json_object_get(o->object, "metadata"), "name"), meant->name))
		return false;
	now = k_id_of(all->arena, o->object);
	return vars_is_meant(all, &now, meant);
}

static struct k_id
vars_id_meant(struct arena *a, const struct k_objref *r)
{
	struct k_id id = { .group = r->group ?: "",
		.version = r->version ?: "",
		.kind = r->kind ?: "",
		.namespace = r->namespace ?: "",
		.name = r->name };

	if (!str_empty(r->api_version))
		api_version_split(a, r->api_version, &id.group, &id.version);
	return id;
}

struct err *
k_vars_add(struct k_objects *all, const struct k_var *vars, size_t n)
{
	struct err *e = NULL;

	for (size_t i = 0; i < n && e == NULL; i++) {
		struct k_id meant = vars_id_meant(all->arena, &vars[i].objref);
		struct k_object *found = NULL;

		for (size_t k = 0; k < all->n; k++) {
			if (!vars_was_meant(all, &all->at[k], &meant))
				continue;
			if (found != NULL)
				return err_new(all->arena, ERR_INVALID,
				    "vars: %s: %s %s is two objects, in %s and in %s", vars[i].name, meant.kind,
				    meant.name, found->file, all->at[k].file);
			found = &all->at[k];
		}
		if (found != NULL)
			found->vars = arena_printf(all->arena, "%s%s,", found->vars, vars[i].name);
		e = k_var_add(all, &vars[i]);
	}
	return e;
}

/* Returns whether the name is one of those, each followed by a comma. */
static bool
vars_has_var(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = names; *at != '\0'; at += strcspn(at, ",") + 1)
		if (strncmp(at, name, n) == 0 && at[n] == ',')
			return true;
	return false;
}

static struct err *
vars_value_of(struct k_objects *all, const struct k_var *v, const json_t **ret)
{
	const char *field = str_empty(v->fieldref.field_path) ? "metadata.name" : v->fieldref.field_path;
	struct k_path path;
	struct err *e;

	for (size_t i = 0; i < all->n; i++) {
		if (!vars_has_var(all->at[i].vars, v->name))
			continue;
		if ((e = k_path_parse(all->arena, field, &path)) != NULL)
			return e;
		*ret = k_path_value(all->arena, all->at[i].object, &path);
		if (*ret == NULL)
			return err_new(all->arena, ERR_INVALID, "vars: %s: %s %s, in %s, has no field %s", v->name,
			    json_str(all->at[i].object, "kind"), v->objref.name, all->at[i].file, field);
		return NULL;
	}
	return err_new(all->arena, ERR_INVALID, "vars: %s: there is no %s %s", v->name,
	    v->objref.kind != NULL ? v->objref.kind : "object", v->objref.name);
}

/* The value of the variable at the beginning of a text "(NAME)…", or NULL. */
static const json_t *
vars_value_named(struct arena *a, const char *at, const json_t *values, size_t *ret_len)
{
	const char *end = at[0] == '(' ? strchr(at, ')') : NULL;
	const json_t *value =
	    end != NULL ? json_object_get(values, arena_strndup(a, at + 1, (size_t)(end - at - 1))) : NULL;

	/* Only a scalar can be put into a string. */
	if (json_is_object(value) || json_is_array(value) || json_is_null(value))
		value = NULL;
	*ret_len = end != NULL ? (size_t)(end - at + 1) : 0;
	return value;
}

struct putting {
	struct arena *arena;
	const json_t *values;
	size_t left; /* remaining bytes for all strings with variables */
	bool overflow; /* `left` was exceeded */
};

/* Returns a string with all variables replaced: a new reference; NULL: it has none. */
static json_t *
vars_put_in(struct putting *p, const json_t *old)
{
	const char *text = json_string_value(old), *word;
	const json_t *value;
	struct str out;
	json_t *result;
	size_t n;

	if (text == NULL || strchr(text, '$') == NULL)
		return NULL;
	str_init(&out, p->left);
	for (const char *at = text; *at != '\0';) {
		if (*at != '$' || at[1] == '\0') {
			str_addc(&out, *at++);
			continue;
		}
		value = vars_value_named(p->arena, at + 1, p->values, &n);
		if (value != NULL && at == text && at[n + 1] == '\0') {
			str_done(&out);
			return json_deep_copy(value);
		}
		word = value != NULL ? k_scalar_text(p->arena, value) : arena_strndup(p->arena, at, n + 1);
		/* "$$" is a "$"; before anything else but a name it is one too. */
		if (n == 0) {
			word = arena_strndup(p->arena, at, at[1] == '$' ? 1 : 2);
			n = 1;
		}
		str_adds(&out, word);
		at += n + 1;
	}
	p->overflow |= out.overflow;
	p->left -= out.len;
	result = json_stringn(str_text(&out), out.len);
	str_done(&out);
	return result;
}

/* A text, the texts of a list, or those of a map. */
static void
vars_put(json_t *map, const char *name, void *arg)
{
	json_t *value = json_object_get(map, name), *element, *now = vars_put_in(arg, value);
	const char *key;
	size_t i;

	if (now != NULL)
		json_object_set_new(map, name, now);
	else if (json_is_array(value))
		json_array_foreach (value, i, element) {
			if ((now = vars_put_in(arg, element)) != NULL)
				json_array_set_new(value, i, now);
		}
	else if (json_is_object(value))
		json_object_foreach (value, key, element)
			if ((now = vars_put_in(arg, element)) != NULL)
				json_object_set_new(value, key, now);
}

struct err *
k_vars_resolve(struct k_objects *all)
{
	_cleanup_(json_decrefp) json_t *values = json_object();
	struct putting p = { all->arena, values, K_VARS_TEXT_MAX, false };

	for (size_t i = 0; i < all->n_vars; i++) {
		const json_t *value = NULL;
		struct err *e = vars_value_of(all, &all->vars[i], &value);

		if (e != NULL)
			return e;
		json_object_set_new(values, all->vars[i].name, json_deep_copy(value));
	}
	if (all->n_vars > 0)
		k_visit_all(all, K_VAR_REFERENCE, vars_put, &p);
	return p.overflow ? err_new(all->arena, ERR_INVALID, "vars: texts with variables have more than %u bytes",
				K_VARS_TEXT_MAX)
			  : NULL;
}
