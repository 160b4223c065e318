/* tests/unit/machinery/store.c: the laptop cluster's store with more objects than it keeps as trees, and its sorted
 * table. */
#include "sim/store.h"
#include <stdio.h>
#include "base/rand.h"
#include "sim/sorted.h"
#include "tests/unit/machinery/script.h"

#define OBJECTS 5000
#define KEYS 2000
#define STEPS 30000

static json_t *
store_request(struct store *s, const char *method, const char *path, const char *body)
{
	json_t *response = NULL;

	store_handle(s,
	    &(struct store_request){ .method = method,
		.path = path,
		.content_type = "application/json",
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0 },
	    &response);
	return response;
}

static void
store_fill(struct store *s)
{
	for (int i = 0; i < OBJECTS; i++) {
		char body[200];

		snprintf(body, sizeof(body),
		    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c%d\"},\"data\":{\"a\":\"%"
		    "d\\u0000é\"}}",
		    i, i);
		json_decref(store_request(s, "POST", "/api/v1/namespaces/default/configmaps", body));
	}
}

static void
an_object_that_is_kept_as_text_reads_as_before(void **state)
{
	struct loop *l = loop_virtual_new(0);
	struct store *s = store_new(l);
	json_t *before, *after;

	(void)state;
	json_decref(store_request(s, "POST", "/api/v1/namespaces/default/configmaps",
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"first\"},"
	    "\"data\":{\"a\":\"\\u0000é\",\"b\":\"1.50\"}}"));
	before = store_request(s, "GET", "/api/v1/namespaces/default/configmaps/first", NULL);
	store_fill(s);
	loop_virtual_run_until(l, 1000);
	after = store_request(s, "GET", "/api/v1/namespaces/default/configmaps/first", NULL);
	assert_true(json_equal(before, after));
	assert_string_equal(json_string_value(json_at(after, "/data/b")), "1.50");
	json_decref(before);
	json_decref(after);
	store_free(s);
	loop_free(l);
}

static void
pages_of_a_list_have_every_object_once(void **state)
{
	struct loop *l = loop_virtual_new(0);
	struct store *s = store_new(l);
	const char *path = "/api/v1/configmaps?limit=700";
	char next[200];
	size_t n = 0;

	(void)state;
	store_fill(s);
	loop_virtual_run_until(l, 1000);
	while (path != NULL) {
		json_t *list = store_request(s, "GET", path, NULL);
		const char *token = json_string_value(json_at(list, "/metadata/continue"));

		n += json_array_size(json_object_get(list, "items"));
		snprintf(next, sizeof(next), "/api/v1/configmaps?limit=700&continue=%s", token != NULL ? token : "");
		path = token != NULL ? next : NULL;
		json_decref(list);
	}
	assert_int_equal(n, OBJECTS);
	store_free(s);
	loop_free(l);
}

static void
store_count_line(void *arg, const char *line, size_t len)
{
	(void)line;
	*(size_t *)arg += len > 0;
}

static void
store_on_ended(void *arg)
{
	(void)arg;
}

static void
a_watch_resumes_behind_the_version_that_it_names(void **state)
{
	struct loop *l = loop_virtual_new(0);
	struct store *s = store_new(l);
	struct store_watch *w;
	json_t *refusal = NULL;
	char path[100];
	size_t lines = 0;
	int status;

	(void)state;
	store_fill(s);
	loop_virtual_run_until(l, 1000);
	snprintf(path, sizeof(path), "/api/v1/configmaps?watch=1&resourceVersion=%lld", store_version(s) - 3000);
	w = store_watch_start(s, &(struct store_request){ .method = "GET", .path = path }, store_count_line,
	    store_on_ended, &lines, &status, &refusal);
	assert_int_equal(status, 200);
	assert_int_equal(lines, 3000);
	store_watch_stop(w);
	store_free(s);
	loop_free(l);
}

static void
owned_objects_are_found_by_the_uid_of_their_owner_until_they_lose_it(void **state)
{
	static const char owned[] =
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"owned\",\"ownerReferences\":"
	    "[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"owner\",\"uid\":\"%s\"}]}}";
	struct loop *l = loop_virtual_new(0);
	struct store *s = store_new(l);
	const char *path = "/api/v1/namespaces/default/configmaps";
	json_t *owner = store_request(
	    s, "POST", path, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"owner\"}}");
	const char *uid = json_string_value(json_at(owner, "/metadata/uid"));
	char body[400];

	(void)state;
	snprintf(body, sizeof(body), owned, uid);
	json_decref(store_request(s, "POST", path, body));
	json_decref(store_request(
	    s, "POST", path, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"free\"}}"));
	json_decref(store_request(s, "PUT", "/api/v1/namespaces/default/configmaps/free",
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"free\"}}"));
	json_decref(store_request(s, "DELETE", "/api/v1/namespaces/default/configmaps/owner", NULL));
	assert_null(store_get(s, "configmaps", "default", "owned"));
	assert_non_null(store_get(s, "configmaps", "default", "free"));
	json_decref(owner);
	store_free(s);
	loop_free(l);
}

/* Random changes, compared with a plain list of what is there. */
static void
a_sorted_table_has_what_was_added_in_order(void **state)
{
	static char keys[KEYS][8];
	static bool present[KEYS];
	struct rand_stream rand = rand_stream(1, "sorted");
	struct sorted table = { 0 };
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "%06zu", i);
	for (size_t step = 0; step < STEPS; step++) {
		size_t i = rand_below(&rand, step < STEPS / 2 ? KEYS : KEYS / 8);

		assert_ptr_equal(sorted_get(&table, keys[i]), present[i] ? keys[i] : NULL);
		if (present[i])
			assert_ptr_equal(sorted_remove(&table, keys[i]), keys[i]);
		else
			sorted_add(&table, keys[i], keys[i]);
		count += present[i] ? (size_t)-1 : 1;
		present[i] = !present[i];
		assert_int_equal(table.count, count);
	}
	for (size_t from = 0; from < KEYS; from += 97) {
		struct sorted_place p = sorted_from(&table, keys[from]);

		for (size_t i = from; i < KEYS; i++)
			if (present[i])
				assert_ptr_equal(sorted_next(&table, &p), keys[i]);
		assert_null(sorted_next(&table, &p));
	}
	for (size_t i = 0; i < KEYS; i++)
		assert_ptr_equal(sorted_remove(&table, keys[i]), present[i] ? keys[i] : NULL);
	assert_int_equal(table.n, 0);
	sorted_done(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_that_is_kept_as_text_reads_as_before),
		cmocka_unit_test(pages_of_a_list_have_every_object_once),
		cmocka_unit_test(a_watch_resumes_behind_the_version_that_it_names),
		cmocka_unit_test(owned_objects_are_found_by_the_uid_of_their_owner_until_they_lose_it),
		cmocka_unit_test(a_sorted_table_has_what_was_added_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
