/* kube/api/managed_fields.c: server-side apply as the API server does it, for the laptop cluster: merges the
 * fields, and updates the owner of each. The controller's requests: gitops/worker/apply.c. */
#include "kube/api/managed_fields.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/field_set.h"

#define FIRST "before-first-apply"
#define ANCIENT "ancient-changes"
#define UPDATERS_MAX 10 /* managers of updates; older ones are merged into one, as by the API server */

/* Fields that no manager owns. */
static const char *const system_fields[] = { "f:name", "f:generateName", "f:namespace", "f:uid", "f:resourceVersion",
	"f:generation", "f:creationTimestamp", "f:deletionTimestamp", "f:managedFields", "f:selfLink" };

bool
object_is_builtin(const json_t *object)
{
	const char *v = json_str(object, "apiVersion") ?: "", *slash = strchr(v, '/');
	size_t group = slash != NULL ? (size_t)(slash - v) : 0;

	return memchr(v, '.', group) == NULL || (group > 7 && strncmp(slash - 7, ".k8s.io", 7) == 0);
}

/* The fields of an object that its writer can own. */
static json_t *
managed_fields_of(const json_t *object, const char *subresource)
{
	json_t *set = field_set_of(object, object_is_builtin(object)), *meta = json_object_get(set, "f:metadata"),
	       *status;

	if (subresource != NULL) {
		status = json_incref(json_object_get(set, "f:status"));
		json_object_clear(set);
		if (status != NULL)
			json_object_set_new(set, "f:status", status);
		return set;
	}
	json_object_del(set, "f:apiVersion");
	json_object_del(set, "f:kind");
	json_object_del(set, "f:status");
	for (size_t i = 0; i < ARRAY_SIZE(system_fields); i++)
		json_object_del(meta, system_fields[i]);
	if (json_object_size(meta) == 0)
		json_object_del(set, "f:metadata");
	return set;
}

static json_t *
managed_fields_entries(const json_t *object)
{
	return json_object_get(json_object_get(object, "metadata"), "managedFields");
}

static json_t *
managed_fields_entry_new(const char *name, const char *operation, const json_t *object, const struct field_manager *m)
{
	json_t *e = json_pack("{s:s,s:s,s:s,s:s,s:s,s:{}}", "manager", name, "operation", operation, "apiVersion",
	    json_str(object, "apiVersion") ?: "", "time", m->time, "fieldsType", "FieldsV1", "fieldsV1");

	if (m->subresource != NULL)
		json_object_set_new(e, "subresource", json_string(m->subresource));
	return e;
}

static json_t *
managed_fields_entry_of(const json_t *managers, const char *operation, const struct field_manager *m)
{
	json_t *e;
	size_t i;

	json_array_foreach (managers, i, e)
		if (str_eq(json_str(e, "manager"), m->name) && str_eq(json_str(e, "operation"), operation) &&
		    str_eq(json_str(e, "subresource"), m->subresource))
			return e;
	return NULL;
}

static json_t *
managed_fields_in(const json_t *entry)
{
	return json_object_get(entry, "fieldsV1");
}

static void
managed_fields_drop_empty(json_t *managers)
{
	for (size_t i = json_array_size(managers); i-- > 0;)
		if (json_object_size(managed_fields_in(json_array_get(managers, i))) == 0)
			json_array_remove(managers, i);
}

static void
managed_fields_set_entries(json_t *meta, json_t *managers)
{
	if (json_array_size(managers) > 0)
		json_object_set(meta, "managedFields", managers);
	else
		json_object_del(meta, "managedFields");
}

static json_t *
managed_fields_merge(const char *name, json_t *live, const json_t *config, bool builtin)
{
	const char *key, *keys[2];
	json_t *v;
	size_t i, n;

	if (json_is_object(live) && json_is_object(config)) {
		json_object_foreach ((json_t *)config, key, v)
			json_object_set_new(
			    live, key, managed_fields_merge(key, json_incref(json_object_get(live, key)), v, builtin));
		return live;
	}
	if (json_is_array(live) && strcmp(name, "finalizers") == 0) {
		json_array_foreach (config, i, v) {
			json_t *there;
			size_t k;
			bool known = false;

			json_array_foreach (live, k, there)
				known |= json_equal(there, v);
			if (!known)
				json_array_append(live, v);
		}
		return live;
	}
	if (json_is_array(live) && (n = list_keys(name, config, builtin, keys)) > 0 &&
	    (json_array_size(live) == 0 || list_keys(name, live, builtin, keys) == n)) {
		json_array_foreach (config, i, v) {
			json_t *there = list_find(live, keys, n, v);

			if (there != NULL)
				managed_fields_merge("", there, v, builtin); /* in place: both are objects */
			else
				json_array_append_new(live, json_deep_copy(v));
		}
		return live;
	}
	json_decref(live);
	return json_deep_copy(config);
}

/* Returns whether the entry is of kubectl's client-side apply, whose fields belong to kubectl's server-side apply
 * too, without a conflict. */
static bool
managed_fields_is_predecessor(const json_t *entry, const struct field_manager *m)
{
	return strcmp(m->name, "kubectl") == 0 && str_eq(json_str(entry, "manager"), "kubectl-client-side-apply");
}

/* Takes conflicting fields from other managers if the apply is forced; *ret_clashes are those that it must not take. */
static void
managed_fields_take(struct arena *a, json_t *managers, const json_t *own, const json_t *set, const json_t *live,
    const json_t *config, const struct field_manager *m, bool force, json_t *ret_clashes)
{
	json_t *entry, *path;
	size_t i, k;

	json_array_foreach (managers, i, entry) {
		_cleanup_(json_decrefp) json_t *both = json_object(), *paths = json_array();

		if (entry == own)
			continue;
		field_set_clash(a, set, managed_fields_in(entry), config, live, both, paths);
		if (force || managed_fields_is_predecessor(entry, m)) {
			field_set_subtract(managed_fields_in(entry), both);
			continue;
		}
		json_array_foreach (paths, k, path)
			json_array_append_new(ret_clashes,
			    json_pack("{s:s,s:o,s:O}", "reason", "FieldManagerConflict", "message",
				json_string(arena_printf(a, "conflict with \"%s\" using %s",
				    json_str(entry, "manager") ?: "", json_str(entry, "apiVersion") ?: "")),
				"field", path));
	}
}

/* Returns the error of a conflict, with the text of the API server. */
static struct err *
managed_fields_conflict(struct arena *a, const json_t *clashes)
{
	const char *last = NULL, *text = "";
	json_t *c;
	size_t i, n = json_array_size(clashes);

	if (n == 1)
		return err_new(a, ERR_CONFLICT, "Apply failed with 1 conflict: %s: %s",
		    json_str(json_array_get(clashes, 0), "message"), json_str(json_array_get(clashes, 0), "field"));
	json_array_foreach (clashes, i, c) {
		const char *message = json_str(c, "message") + strlen("conflict");

		if (last == NULL || strcmp(last, message) != 0)
			text = arena_printf(a, "%s%sconflicts%s:", text, last != NULL ? "\n" : "", message);
		text = arena_printf(a, "%s\n- %s", text, json_str(c, "field"));
		last = message;
	}
	return err_new(a, ERR_CONFLICT, "Apply failed with %zu conflicts: %s", n, text);
}

/* Before the first apply, all fields existed already. */
static json_t *
managed_fields_entries_before(const json_t *live, const struct field_manager *m)
{
	json_t *managers =
		   managed_fields_entries(live) != NULL ? json_deep_copy(managed_fields_entries(live)) : json_array(),
	       *first;

	if (live != NULL && json_array_size(managers) == 0) {
		first =
		    managed_fields_entry_new(FIRST, "Update", live, &(struct field_manager){ FIRST, NULL, m->time });
		json_object_set_new(first, "fieldsV1", managed_fields_of(live, NULL));
		json_array_append_new(managers, first);
	}
	return managers;
}

struct err *
managed_fields_apply(struct arena *a, const json_t *live, const json_t *config, const struct field_manager *m,
    bool force, json_t **ret, json_t **ret_conflicts)
{
	_cleanup_(json_decrefp) json_t *managers = managed_fields_entries_before(live, m),
				       *set = managed_fields_of(config, m->subresource), *clashes = json_array(),
				       *gone = NULL, *object = NULL;
	json_t *own = managed_fields_entry_of(managers, "Apply", m), *entry, *meta;
	bool same;
	size_t i;

	if (managed_fields_entries(config) != NULL)
		return err_new(a, ERR_INVALID, "metadata.managedFields must be nil");
	managed_fields_take(a, managers, own, set, live, config, m, force, clashes);
	if (json_array_size(clashes) > 0) {
		if (ret_conflicts != NULL)
			*ret_conflicts = json_incref(clashes);
		return managed_fields_conflict(a, clashes);
	}
	object = managed_fields_merge(
	    "", live != NULL ? json_deep_copy(live) : json_object(), config, object_is_builtin(config));
	gone = own != NULL ? json_deep_copy(managed_fields_in(own)) : json_object();
	same = own != NULL && json_equal(gone, set);
	field_set_subtract(gone, set);
	json_array_foreach (managers, i, entry)
		if (entry != own)
			field_set_subtract(gone, managed_fields_in(entry));
	field_set_remove(gone, object);
	meta = json_object_get(object, "metadata");
	if (same && json_equal(object, live) && json_equal(managers, managed_fields_entries(live))) {
		*ret = TAKE_PTR(object);
		return NULL;
	}
	if (own == NULL) {
		own = managed_fields_entry_new(m->name, "Apply", config, m);
		json_array_append_new(managers, own);
	}
	json_object_set(own, "fieldsV1", set);
	json_object_set_new(own, "time", json_string(m->time));
	managed_fields_drop_empty(managers);
	managed_fields_set_entries(meta, managers);
	*ret = TAKE_PTR(object);
	return NULL;
}

/* Entries of updates beyond UPDATERS_MAX are merged into one: only their fields are kept. */
static void
managed_fields_bound(json_t *managers)
{
	json_t *ancient = NULL, *e;
	size_t i, updaters = 0;

	json_array_foreach (managers, i, e)
		updaters += str_eq(json_str(e, "operation"), "Update");
	for (i = 0; updaters > UPDATERS_MAX && i < json_array_size(managers);) {
		e = json_array_get(managers, i);
		if (!str_eq(json_str(e, "operation"), "Update") || json_object_get(e, "subresource") != NULL) {
			i++;
		} else if (ancient == NULL) {
			ancient = e;
			json_object_set_new(e, "manager", json_string(ANCIENT));
			i++;
		} else {
			field_set_add(managed_fields_in(ancient), managed_fields_in(e));
			json_array_remove(managers, i);
			updaters--;
		}
	}
}

void
managed_fields_track(const json_t *before, json_t *after, const struct field_manager *m)
{
	_cleanup_(json_decrefp) json_t *managers = NULL, *all = NULL, *set = NULL, *changed = NULL;
	struct field_manager who = *m;
	json_t *meta = json_object_get(after, "metadata"), *entry, *own;
	size_t i;

	if (json_array_size(managed_fields_entries(before)) == 0 && (m->name == NULL || before != NULL)) {
		json_object_del(meta, "managedFields");
		return;
	}
	if (who.name == NULL)
		who.name = "unknown";
	managers =
	    managed_fields_entries(before) != NULL ? json_deep_copy(managed_fields_entries(before)) : json_array();
	all = field_set_of(after, object_is_builtin(after));
	set = managed_fields_of(after, m->subresource);
	changed = field_set_changed(set, before, after);
	own = managed_fields_entry_of(managers, "Update", &who);
	json_array_foreach (managers, i, entry) {
		field_set_keep(managed_fields_in(entry), all);
		if (entry != own)
			field_set_subtract(managed_fields_in(entry), changed);
	}
	if (json_object_size(changed) > 0) {
		if (own == NULL) {
			own = managed_fields_entry_new(who.name, "Update", after, &who);
			json_array_append_new(managers, own);
		}
		field_set_add(managed_fields_in(own), changed);
		json_object_set_new(own, "time", json_string(who.time));
	}
	managed_fields_drop_empty(managers);
	managed_fields_bound(managers);
	managed_fields_set_entries(meta, managers);
}
