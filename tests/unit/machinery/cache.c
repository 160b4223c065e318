/* tests/unit/machinery/cache.c: the content of the cache after lists, watch events and responses, in every order. */
#include "kube/cache.h"
#include "kube/api/core.h"
#include "kube/api/replicaset.h"
#include "tests/unit/machinery/script.h"

struct fixture {
	struct cache *cache;
	unsigned changes, deletions;
	char last[64]; /* the name of the object that changed last */
};

static void
fixture_changed(const struct object *o, bool deleted, void *arg)
{
	struct fixture *w = arg;

	w->changes++;
	w->deletions += deleted;
	snprintf(w->last, sizeof(w->last), "%s", o->meta.name);
}

static void
fixture_setup(struct fixture *w)
{
	*w = (struct fixture){ 0 };
	w->cache = cache_new(fixture_changed, w);
}

static json_t *
service_json(const char *name, const char *uid, const char *version)
{
	return json_pack("{s:s,s:s,s:{s:s,s:s,s:s,s:s}}", "apiVersion", "v1", "kind", "Service", "metadata", "name",
	    name, "namespace", "default", "uid", uid, "resourceVersion", version);
}

static void
service_put(struct fixture *w, const char *name, const char *uid, const char *version)
{
	_cleanup_(json_decrefp) json_t *j = service_json(name, uid, version);

	cache_put(w->cache, &service_type, j, NULL);
}

static void
service_put_response(struct fixture *w, const char *name, const char *uid, const char *version)
{
	_cleanup_(json_decrefp) json_t *j = service_json(name, uid, version);

	cache_put_response(w->cache, &service_type, j);
}

/* The version that the cache has of a Service, "" when it has none. */
static const char *
service_version(const struct fixture *w, const char *name)
{
	const struct view *v = cache_view(w->cache);
	const struct object *o = v->get(v, &service_type, "default", name);

	return o != NULL ? o->meta.resource_version : "";
}

static void
an_older_version_never_replaces_a_newer_one(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	service_put(&w, "web", "u1", "9");
	service_put(&w, "web", "u1", "10");
	assert_string_equal(service_version(&w, "web"), "10");
	service_put(&w, "web", "u1", "9");
	assert_string_equal(service_version(&w, "web"), "10");
	assert_int_equal(w.changes, 2);
	service_put(&w, "web", "u1", "10");
	assert_int_equal(w.changes, 2);
	cache_free(w.cache);
}

/* An object of the same name that was made anew is another object, whatever its version. */
static void
an_object_made_anew_replaces_the_one_before(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	service_put(&w, "web", "u1", "9");
	service_put(&w, "web", "u2", "12");
	assert_string_equal(service_version(&w, "web"), "12");
	cache_remove(w.cache, &service_type, "default", "web", "11");
	assert_string_equal(service_version(&w, "web"), "12");
	cache_free(w.cache);
}

static void
the_response_to_a_write_is_seen_before_its_watch_event(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	cache_reached(w.cache, &service_type, "5");
	service_put(&w, "web", "u1", "5");
	service_put_response(&w, "web", "u1", "6");
	assert_string_equal(service_version(&w, "web"), "6");
	service_put_response(&w, "new", "u2", "7");
	assert_string_equal(service_version(&w, "new"), "7");
	cache_free(w.cache);
}

static void
a_late_response_does_not_bring_a_deleted_object_back(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	cache_reached(w.cache, &service_type, "5");
	service_put(&w, "web", "u1", "5");
	cache_remove(w.cache, &service_type, "default", "web", "7");
	cache_reached(w.cache, &service_type, "7");
	assert_int_equal(w.deletions, 1);
	service_put_response(&w, "web", "u1", "6");
	assert_string_equal(service_version(&w, "web"), "");
	service_put_response(&w, "web", "u1", "7");
	assert_string_equal(service_version(&w, "web"), "");
	cache_free(w.cache);
}

/* Its deletion would never be seen. */
static void
a_response_of_a_type_that_is_not_watched_is_not_kept(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	service_put_response(&w, "web", "u1", "6");
	assert_string_equal(service_version(&w, "web"), "");
	assert_false(view_knows(cache_view(w.cache), &service_type));
	cache_free(w.cache);
}

static void
a_relist_drops_what_is_gone_and_keeps_what_is_newer(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	service_put(&w, "stays", "u1", "1");
	service_put(&w, "gone", "u2", "2");
	service_put(&w, "newer", "u3", "3");
	cache_reached(w.cache, &service_type, "3");
	cache_mark(w.cache, &service_type);
	assert_string_equal(service_version(&w, "gone"), "2");
	service_put(&w, "stays", "u1", "1");
	service_put_response(&w, "newer", "u3", "8");
	cache_sweep(w.cache, &service_type, "7");
	assert_string_equal(service_version(&w, "stays"), "1");
	assert_string_equal(service_version(&w, "gone"), "");
	assert_string_equal(service_version(&w, "newer"), "8");
	assert_int_equal(w.deletions, 1);
	assert_string_equal(w.last, "gone");
	cache_free(w.cache);
}

static void
note_name(const struct object *o, void *arg)
{
	str_addf(arg, "%s ", o->meta.name);
}

static void
objects_are_visited_in_the_order_of_their_names(void **state)
{
	struct str names;
	const struct view *v;
	struct fixture w;

	(void)state;
	str_init(&names, 64);
	fixture_setup(&w);
	service_put(&w, "c", "u1", "1");
	service_put(&w, "a", "u2", "2");
	service_put(&w, "b", "u3", "3");
	v = cache_view(w.cache);
	v->each(v, &service_type, "default", note_name, &names);
	v->each(v, &service_type, "elsewhere", note_name, &names);
	assert_string_equal(names.at, "a b c ");
	str_done(&names);
	cache_free(w.cache);
}

/* Each label is a key. */
static void
label_keys(const struct object *o, void (*emit)(const char *, void *), void *arg)
{
	for (size_t i = 0; i < o->meta.labels.n; i++)
		emit(o->meta.labels.at[i].value, arg);
}

static const struct view_index by_label = { label_keys };

struct labeled {
	const char *key;
	bool found;
	struct str *names;
};

static void
labeled_compare(const char *key, void *arg)
{
	struct labeled *l = arg;

	l->found |= strcmp(key, l->key) == 0;
}

static void
labeled_note(const struct object *o, void *arg)
{
	struct labeled *l = arg;

	l->found = false;
	label_keys(o, labeled_compare, l);
	if (l->found)
		note_name(o, l->names);
}

/* The index finds the same objects as a walk over all of them. */
static void
labeled_check(const struct view *v, const char *key)
{
	struct str found, want;

	str_init(&found, 1u << 16);
	str_init(&want, 1u << 16);
	view_find(v, &service_type, &by_label, key, note_name, &found);
	v->each(v, &service_type, NULL, labeled_note, &(struct labeled){ key, false, &want });
	assert_string_equal(str_text(&found), str_text(&want));
	str_done(&found);
	str_done(&want);
}

static void
an_index_finds_what_a_walk_finds(void **state)
{
	static const char *const keys[] = { "a", "b", "c", "d" };
	uint64_t drawn = 1;
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	for (int i = 0; i < 2000; i++) {
		_cleanup_(json_decrefp) json_t *j = NULL;
		char name[20], version[20];

		drawn = drawn * 6364136223846793005u + 1442695040888963407u;
		snprintf(name, sizeof(name), "s%02d", (int)(drawn >> 40) % 70);
		snprintf(version, sizeof(version), "%d", i + 1);
		j = service_json(name, name, version);
		json_object_set_new(json_object_get(j, "metadata"), "labels",
		    json_pack("{s:s, s:s}", "x", keys[(drawn >> 50) % 4], "y", keys[(drawn >> 55) % 4]));
		if ((drawn >> 60) == 0)
			cache_remove(w.cache, &service_type, "default", name, version);
		else if ((drawn >> 60) == 1)
			cache_put(w.cache, &service_type, j, &(struct unreadable){ "damaged", false });
		else
			cache_put(w.cache, &service_type, j, NULL);
		for (size_t k = 0; k < ARRAY_SIZE(keys) && (i == 300 || i > 400); k++)
			labeled_check(cache_view(w.cache), keys[k]);
	}
	cache_free(w.cache);
}

static void
replicaset_put(struct fixture *w, const char *uid, const char *version, int generation, const char *container)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = arena_printf(a,
	    "{\"metadata\":{\"name\":\"rs\",\"namespace\":\"default\",\"uid\":\"%s\",\"resourceVersion\":\"%s\","
	    "\"generation\":%d},\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"%s\"}]}}}}",
	    uid, version, generation, container);
	struct item_text item;

	item_init(&item, a, text, strlen(text), false);
	assert_true(cache_put_item(w->cache, &replicaset_type, &item));
	item_done(&item);
}

static bool
replicaset_has(const struct fixture *w, const char *container)
{
	const struct view *v = cache_view(w->cache);
	const struct object *o = v->get(v, &replicaset_type, "default", "rs");

	return strstr(((const struct replicaset *)o)->spec.template, container) != NULL;
}

/* An API server never sends another spec with the same generation: the test sees by it what was copied. */
static void
what_is_computed_of_a_spec_is_copied_while_the_generation_is_the_same(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	replicaset_put(&w, "u1", "1", 1, "first");
	replicaset_put(&w, "u1", "2", 1, "second");
	assert_true(replicaset_has(&w, "first"));
	replicaset_put(&w, "u1", "3", 2, "third");
	assert_true(replicaset_has(&w, "third"));
	replicaset_put(&w, "u2", "4", 2, "fourth");
	assert_true(replicaset_has(&w, "fourth"));
	replicaset_put(&w, "u2", "5", 0, "fifth");
	replicaset_put(&w, "u2", "6", 0, "sixth");
	assert_true(replicaset_has(&w, "sixth"));
	cache_free(w.cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_version_never_replaces_a_newer_one),
		cmocka_unit_test(an_object_made_anew_replaces_the_one_before),
		cmocka_unit_test(the_response_to_a_write_is_seen_before_its_watch_event),
		cmocka_unit_test(a_late_response_does_not_bring_a_deleted_object_back),
		cmocka_unit_test(a_response_of_a_type_that_is_not_watched_is_not_kept),
		cmocka_unit_test(a_relist_drops_what_is_gone_and_keeps_what_is_newer),
		cmocka_unit_test(objects_are_visited_in_the_order_of_their_names),
		cmocka_unit_test(an_index_finds_what_a_walk_finds),
		cmocka_unit_test(what_is_computed_of_a_spec_is_copied_while_the_generation_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
