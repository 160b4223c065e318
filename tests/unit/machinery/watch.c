/* tests/unit/machinery/watch.c: list, follow, resume, list again. */
#include <sys/mman.h>
#include <unistd.h>
#include "io/log.h"
#include "kube/api/core.h"
#include "kube/api/istio.h"
#include "kube/watch.h"
#include "tests/unit/machinery/script.h"

#define SERVICE(name, version)                                                                                         \
	"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"" name                                   \
	"\",\"namespace\":\"default\",\"uid\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define SERVICES(version, next, items)                                                                                 \
	"{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" version                 \
	"\",\"continue\":\"" next "\"},\"items\":[" items "]}"
#define CHANGE(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"

struct fixture {
	struct loop *loop;
	struct script *script;
	struct cache *cache;
	struct watch *watch;
	unsigned synced, failed, garbled;
};

static void
fixture_changed(const struct object *o, bool deleted, void *arg)
{
	(void)o;
	(void)deleted;
	(void)arg;
}

static void
fixture_synced(void *arg)
{
	((struct fixture *)arg)->synced++;
}

static void
fixture_garbled(const struct type *t, void *arg)
{
	assert_ptr_equal(t, &service_type);
	((struct fixture *)arg)->garbled++;
}

static void
fixture_setup_of(struct fixture *w, const struct type *type)
{
	*w = (struct fixture){ .loop = loop_virtual_new(1000000) };
	w->script = script_new(w->loop);
	w->cache = cache_new(fixture_changed, w);
	w->watch = watch_start(&w->script->transport, w->cache, type, &(struct watch_scope){ 0 }, 1,
	    (struct watch_observer){ .synced = fixture_synced, .garbled = fixture_garbled, .arg = w });
	loop_virtual_run_until(w->loop, 0);
}

static void
fixture_setup(struct fixture *w)
{
	fixture_setup_of(w, &service_type);
}

static void
fixture_teardown(struct fixture *w)
{
	watch_stop(w->watch);
	cache_free(w->cache);
	transport_free(&w->script->transport);
	loop_free(w->loop);
}

static void
fixture_run(struct fixture *w, int64_t ms)
{
	loop_virtual_run_until(w->loop, loop_mono(w->loop) + ms);
}

/* The version that the cache has of a Service, "" when it has none. */
static const char *
fixture_version(const struct fixture *w, const char *name)
{
	const struct view *v = cache_view(w->cache);
	const struct object *o = v->get(v, &service_type, "default", name);

	return o != NULL ? o->meta.resource_version : "";
}

static void
a_list_in_pages_is_followed_from_its_version(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit=500", 200, SERVICES("7", "next", SERVICE("a", "1")));
	assert_int_equal(w.synced, 0);
	script_respond(w.script, "GET", "continue=next", 200, SERVICES("7", "", SERVICE("b", "2")));
	assert_int_equal(w.synced, 1);
	fixture_run(&w, 1);
	script_data(
	    script_open(w.script, "GET", "watch=1&allowWatchBookmarks=true"), CHANGE("MODIFIED", SERVICE("b", "9")));
	assert_non_null(strstr(script_open(w.script, "GET", "watch=1")->url, "resourceVersion=7"));
	assert_string_equal(fixture_version(&w, "a"), "1");
	assert_string_equal(fixture_version(&w, "b"), "9");
	fixture_teardown(&w);
}

static void
a_change_may_arrive_in_pieces(void **state)
{
	static const char change[] = CHANGE("ADDED", SERVICE("b", "9"));
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	for (size_t i = 0; change[i] != '\0'; i++)
		script_data(script_open(w.script, "GET", "watch=1"), (char[]){ change[i], '\0' });
	assert_string_equal(fixture_version(&w, "b"), "9");
	fixture_teardown(&w);
}

static void
a_watch_that_breaks_off_resumes_where_it_was(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	script_data(script_open(w.script, "GET", "watch=1"), CHANGE("BOOKMARK", SERVICE("", "42")));
	fixture_run(&w, 60000);
	script_respond(w.script, "GET", "watch=1", 200, "");
	fixture_run(&w, 1);
	assert_non_null(strstr(script_open(w.script, "GET", "watch=1")->url, "resourceVersion=42"));
	fixture_teardown(&w);
}

/* A server that accepts a watch and hangs up at once must not get requests in a loop. */
static void
watches_that_end_at_once_back_off(void **state)
{
	struct fixture w;
	size_t before;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", ""));
	fixture_run(&w, 1);
	for (int i = 0; i < 12; i++) {
		script_respond(w.script, "GET", "watch=1", 200, "");
		while (script_n_open(w.script) == 0)
			assert_true(loop_virtual_step(w.loop));
	}
	script_respond(w.script, "GET", "watch=1", 200, "");
	before = w.script->n;
	fixture_run(&w, 4000);
	assert_int_equal(w.script->n, before);
	fixture_teardown(&w);
}

/* Objects that were deleted while there was no watch, in versions that the server has forgotten, are found by the
 * next list. */
static void
after_410_what_is_gone_leaves_the_cache(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(
	    w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1") "," SERVICE("b", "2")));
	fixture_run(&w, 1);
	script_respond(w.script, "GET", "watch=1", 410, "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}");
	fixture_run(&w, 10000);
	assert_string_equal(fixture_version(&w, "a"), "1");
	assert_string_equal(fixture_version(&w, "b"), "2");
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("20", "", SERVICE("a", "1")));
	assert_string_equal(fixture_version(&w, "a"), "1");
	assert_string_equal(fixture_version(&w, "b"), "");
	fixture_run(&w, 1);
	assert_non_null(strstr(script_open(w.script, "GET", "watch=1")->url, "resourceVersion=20"));
	fixture_teardown(&w);
}

static void
an_error_event_is_a_reason_to_list_again(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	script_data(script_open(w.script, "GET", "watch=1"),
	    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n");
	fixture_run(&w, 10000);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("9", "", ""));
	assert_string_equal(fixture_version(&w, "a"), "");
	fixture_teardown(&w);
}

static void
a_list_that_breaks_off_removes_nothing(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(
	    w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1") "," SERVICE("b", "2")));
	fixture_run(&w, 1);
	script_respond(w.script, "GET", "watch=1", 410, "");
	fixture_run(&w, 10000);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("20", "next", SERVICE("a", "1")));
	script_respond(w.script, "GET", "continue=next", 500, "");
	assert_string_equal(fixture_version(&w, "b"), "2");
	fixture_run(&w, 10000);
	/* The pages are read from the first one again. */
	assert_null(strstr(script_open(w.script, "GET", "services?limit")->url, "continue"));
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("21", "", SERVICE("a", "1")));
	assert_string_equal(fixture_version(&w, "b"), "");
	fixture_teardown(&w);
}

static void
a_type_that_the_server_does_not_have_counts_as_empty(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(
	    w.script, "GET", "services?limit", 404, "{\"kind\":\"Status\",\"code\":404,\"reason\":\"NotFound\"}");
	assert_int_equal(w.synced, 1);
	fixture_run(&w, 10000);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	assert_string_equal(fixture_version(&w, "a"), "1");
	assert_int_equal(w.synced, 1);
	fixture_teardown(&w);
}

/* Lists Services once more, which the server does not have. Returns the warnings; the caller frees them. */
static char *
fixture_missing_again(struct fixture *w)
{
	int file = memfd_create("log", 0), before = dup(STDERR_FILENO);
	char *text = mem_alloc(4096);

	dup2(file, STDERR_FILENO);
	log_setup(LOG_LEVEL_WARN, false);
	fixture_run(w, 10000);
	script_respond(
	    w->script, "GET", "services?limit", 404, "{\"kind\":\"Status\",\"code\":404,\"reason\":\"NotFound\"}");
	log_setup(LOG_LEVEL_ERROR, false);
	dup2(before, STDERR_FILENO);
	close(before);
	text[pread(file, text, 4095, 0)] = '\0';
	close(file);
	return text;
}

static void
a_kind_of_kubernetes_that_the_server_does_not_have_is_reported_once(void **state)
{
	struct fixture w;
	char *first, *second;

	(void)state;
	fixture_setup(&w);
	first = fixture_missing_again(&w);
	second = fixture_missing_again(&w);
	assert_non_null(strstr(first, "does not have this kind"));
	assert_string_equal(second, "");
	free(first);
	free(second);
	fixture_teardown(&w);
}

#define MISSING "{\"kind\":\"Status\",\"code\":404,\"reason\":\"NotFound\"}"

static void
a_type_that_the_server_no_longer_has_loses_its_objects_when_a_second_list_confirms_it(void **state)
{
	const struct view *v;
	struct fixture w;

	(void)state;
	fixture_setup_of(&w, &virtual_service_type);
	v = cache_view(w.cache);
	script_respond(w.script, "GET", "virtualservices?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	script_respond(w.script, "GET", "watch=1", 404, MISSING);
	fixture_run(&w, 200);
	script_respond(w.script, "GET", "virtualservices?limit", 404, MISSING);
	assert_non_null(v->get(v, &virtual_service_type, "default", "a"));
	assert_false(view_absent(v, &virtual_service_type));
	fixture_run(&w, 400);
	script_respond(w.script, "GET", "virtualservices?limit", 404, MISSING);
	assert_null(v->get(v, &virtual_service_type, "default", "a"));
	assert_true(view_absent(v, &virtual_service_type));
	/* Without the permission to watch its definition, it is listed again. */
	fixture_run(&w, 1);
	script_respond(w.script, "GET", "customresourcedefinitions?watch=1", 403, "");
	fixture_run(&w, 30000);
	script_respond(w.script, "GET", "virtualservices?limit", 200, SERVICES("9", "", SERVICE("a", "8")));
	assert_non_null(v->get(v, &virtual_service_type, "default", "a"));
	assert_false(view_absent(v, &virtual_service_type));
	fixture_teardown(&w);
}

/* A proxy, or a server that starts, may respond so. 410 is about a version, not about the kind. */
static void
a_kind_of_kubernetes_keeps_its_objects_whatever_its_lists_respond(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	script_respond(w.script, "GET", "watch=1", 404, MISSING);
	for (int i = 0; i < 3; i++) {
		fixture_run(&w, 10000);
		script_respond(w.script, "GET", "services?limit", i == 1 ? 410 : 404, MISSING);
		assert_string_equal(fixture_version(&w, "a"), "1");
		assert_false(view_absent(cache_view(w.cache), &service_type));
	}
	fixture_teardown(&w);
}

static void
a_list_that_is_refused_as_too_old_does_not_mean_that_its_kind_is_missing(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup_of(&w, &virtual_service_type);
	script_respond(w.script, "GET", "virtualservices?limit", 410, MISSING);
	assert_int_equal(w.synced, 0);
	fixture_run(&w, 1000);
	script_respond(w.script, "GET", "virtualservices?limit", 200, SERVICES("9", "", SERVICE("a", "8")));
	assert_int_equal(w.synced, 1);
	fixture_teardown(&w);
}

/* The number of Services that the cache knows and cannot read. */
static void
count_unreadable(const struct object *o, void *arg)
{
	assert_non_null(o->unreadable);
	++*(size_t *)arg;
}

static size_t
fixture_unreadable(const struct fixture *w)
{
	size_t n = 0;

	view_each_unreadable(cache_view(w->cache), &service_type, "default", count_unreadable, &n);
	return n;
}

#define UNREADABLE(name, version)                                                                                      \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"default\",\"uid\":\"" name                               \
	"\",\"resourceVersion\":\"" version "\"},\"spec\":{\"a\":99999999999999999999}}"

static void
an_object_that_cannot_be_read_is_known_until_it_is_gone(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(
	    w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1") "," UNREADABLE("bad", "2")));
	assert_int_equal(w.synced, 1);
	assert_string_equal(fixture_version(&w, "a"), "1");
	assert_string_equal(fixture_version(&w, "bad"), "");
	assert_int_equal(fixture_unreadable(&w), 1);
	fixture_run(&w, 1);
	/* One that could be read becomes one that cannot, and the other way round: no list is needed. */
	script_data(script_open(w.script, "GET", "watch=1"),
	    CHANGE("MODIFIED", UNREADABLE("a", "9")) CHANGE("MODIFIED", SERVICE("bad", "10")));
	assert_string_equal(fixture_version(&w, "a"), "");
	assert_string_equal(fixture_version(&w, "bad"), "10");
	assert_int_equal(fixture_unreadable(&w), 1);
	script_data(script_open(w.script, "GET", "watch=1"), CHANGE("DELETED", UNREADABLE("a", "11")));
	assert_int_equal(fixture_unreadable(&w), 0);
	fixture_teardown(&w);
}

/* The fault may have been on the way: then no event says that the object is as it was. */
static void
an_object_that_cannot_be_read_is_fetched_again(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", UNREADABLE("bad", "2")));
	fixture_run(&w, 1);
	script_data(script_open(w.script, "GET", "watch=1"), "");
	script_open(w.script, "GET", "watch=1")->open = false;
	fixture_run(&w, 29000);
	assert_int_equal(script_n_open(w.script), 0);
	fixture_run(&w, 2000);
	script_respond(w.script, "GET", "services/bad", 200, UNREADABLE("bad", "2"));
	assert_int_equal(fixture_unreadable(&w), 1);
	fixture_run(&w, 31000);
	script_respond(w.script, "GET", "services/bad", 200, SERVICE("bad", "2"));
	assert_string_equal(fixture_version(&w, "bad"), "2");
	fixture_run(&w, 31000);
	assert_int_equal(script_n_open(w.script), 0);
	fixture_teardown(&w);
}

static void
an_event_that_cannot_be_read_is_a_reason_to_list_again(void **state)
{
	static const char *const events[] = { "{\"type\":\"MODIFIED\",\"object\":{\"metadata\"\n", "<html>\n",
		"{\"object\":{}}\n", CHANGE("ADDED", "{\"metadata\":{}}"), CHANGE("RENAMED", SERVICE("a", "8")),
		CHANGE("ADDED", "[]") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		struct fixture w;

		fixture_setup(&w);
		script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
		fixture_run(&w, 1);
		script_data(script_open(w.script, "GET", "watch=1"), events[i]);
		assert_int_equal(w.garbled, 1);
		assert_string_equal(fixture_version(&w, "a"), "1");
		fixture_run(&w, 1000);
		script_respond(w.script, "GET", "services?limit", 200, SERVICES("9", "", SERVICE("b", "8")));
		assert_string_equal(fixture_version(&w, "a"), "");
		assert_string_equal(fixture_version(&w, "b"), "8");
		fixture_teardown(&w);
	}
}

static void
events_that_cannot_be_read_do_not_make_a_storm_of_lists(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	for (int i = 0; i < 8; i++) {
		script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
		fixture_run(&w, 1);
		script_data(script_open(w.script, "GET", "watch=1"), "no event\n");
		fixture_run(&w, i < 7 ? 10000 : 3000);
	}
	assert_int_equal(script_n_open(w.script), 0);
	assert_int_equal(w.script->n, 16);
	fixture_teardown(&w);
}

static void
an_event_that_does_not_end_ends_its_watch(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	for (int i = 0; i < 29; i++) {
		script_data(script_open(w.script, "GET", "watch=1"), "{");
		fixture_run(&w, 1000);
	}
	assert_int_equal(w.garbled, 0);
	fixture_run(&w, 2000);
	assert_int_equal(w.garbled, 1);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("9", "", ""));
	fixture_teardown(&w);
}

/* Which object it is cannot be known: none of those that are there is taken for deleted. */
static void
a_list_with_an_object_that_has_no_name_removes_nothing(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	script_respond(w.script, "GET", "watch=1", 410, "");
	fixture_run(&w, 1000);
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("9", "", "{\"metadata\":{\"name\":7}}"));
	assert_string_equal(fixture_version(&w, "a"), "1");
	fixture_teardown(&w);
}

/* A response of 200 without a list says nothing about the objects. */
static void
a_list_without_its_items_removes_nothing(void **state)
{
	static const char *const lists[] = { "{}", "{\"metadata\":{\"resourceVersion\":\"9\"}}", "7", "[]",
		"{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":{}}",
		"{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":7}",
		"{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[7,null]}",
		"{\"metadata\":{\"resourceVersion\":\"9\"},\"it\\u0065ms\":[" SERVICE("b", "8") "]}", "{\"items\":[]}",
		"{\"metadata\":{\"resourceVersion\":7},\"items\":[]}", "{\"metadata\":{\"continue\":7},\"items\":[]}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct fixture w;

		fixture_setup(&w);
		script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
		fixture_run(&w, 1);
		script_respond(w.script, "GET", "watch=1", 410, "");
		fixture_run(&w, 1000);
		script_respond(w.script, "GET", "services?limit", 200, lists[i]);
		if (strcmp(fixture_version(&w, "a"), "1") != 0)
			fail_msg("%s removes an object", lists[i]);
		fixture_run(&w, 1000);
		script_respond(w.script, "GET", "services?limit", 200, SERVICES("9", "", ""));
		assert_string_equal(fixture_version(&w, "a"), "");
		fixture_teardown(&w);
	}
}

/* Neither a list nor a watch comes back before its Retry-After. */
static void
the_server_determines_when_a_request_is_repeated(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	for (int i = 0; i < 2; i++) { /* twice within the time-out of one call, and then after it */
		script_respond_later(w.script, "GET", "services?limit", 429, "", 20000);
		fixture_run(&w, 19900);
		assert_int_equal(script_n_open(w.script), 0);
		fixture_run(&w, 200);
	}
	script_respond(w.script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "1")));
	fixture_run(&w, 1);
	script_respond_later(w.script, "GET", "watch=1", 503, "", 25000);
	fixture_run(&w, 24900);
	assert_int_equal(script_n_open(w.script), 0);
	fixture_run(&w, 200);
	script_open(w.script, "GET", "watch=1");
	fixture_teardown(&w);
}

/* Starts a watch that has listed version 7 of Service a, and puts the response to a write of it. */
static struct exchange *
fixture_write(struct fixture *w, const char *response)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct exchange *stream;
	struct item_text item;

	script_respond(w->script, "GET", "services?limit", 200, SERVICES("7", "", SERVICE("a", "7")));
	fixture_run(w, 1);
	stream = script_open(w->script, "GET", "watch=1");
	item_init(&item, a, response, strlen(response), false);
	item.response = (struct bytes){ response, strlen(response) };
	cache_put_response_item(w->cache, &service_type, &item);
	item_done(&item);
	return stream;
}

/* Returns whether an event would be taken for a repetition of a response; the response is forgotten then. */
static bool
fixture_is_echo(struct fixture *w, const char *event)
{
	_cleanup_(freep) char *version = cache_take_echo(w->cache, &service_type, event, strlen(event));

	return version != NULL;
}

static void
an_event_that_repeats_a_response_is_passed_over_once(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_write(&w, SERVICE("a", "8") "\n");
	assert_false(fixture_is_echo(&w, "{\"type\":\"DELETED\",\"object\":" SERVICE("a", "8") "}"));
	assert_false(fixture_is_echo(&w, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "9") "}"));
	assert_false(fixture_is_echo(&w, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "8") "]"));
	assert_false(fixture_is_echo(&w, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "8") "}}"));
	assert_true(fixture_is_echo(&w, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "8") "}"));
	assert_false(fixture_is_echo(&w, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "8") "}"));
	fixture_teardown(&w);
}

/* The watch resumes after the event, as after any other. */
static void
a_watch_resumes_after_an_event_that_repeats_a_response(void **state)
{
	struct exchange *stream;
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	stream = fixture_write(&w, SERVICE("a", "8"));
	script_data(stream, CHANGE("MODIFIED", SERVICE("a", "8")));
	fixture_run(&w, 2000);
	script_respond(w.script, "GET", "watch=1", 200, "");
	fixture_run(&w, 1);
	assert_non_null(strstr(script_open(w.script, "GET", "watch=1")->url, "resourceVersion=8"));
	fixture_teardown(&w);
}

static void
changes_of_others_around_a_repeated_response_are_read(void **state)
{
	struct exchange *stream;
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	stream = fixture_write(&w, SERVICE("a", "9"));
	script_data(stream, CHANGE("ADDED", SERVICE("b", "8")));
	script_data(stream, CHANGE("MODIFIED", SERVICE("a", "9")));
	script_data(stream, CHANGE("MODIFIED", SERVICE("a", "10")));
	assert_string_equal(fixture_version(&w, "b"), "8");
	assert_string_equal(fixture_version(&w, "a"), "10");
	script_data(stream, CHANGE("DELETED", SERVICE("a", "11")));
	assert_string_equal(fixture_version(&w, "a"), "");
	fixture_teardown(&w);
}

/* Two events whose line break was lost: the second one must not be lost too. */
static void
an_event_behind_a_repeated_response_in_the_same_line_is_not_passed_over(void **state)
{
	struct exchange *stream;
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	stream = fixture_write(&w, SERVICE("a", "8"));
	script_data(
	    stream, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "8") "}" CHANGE("ADDED", SERVICE("b", "9")));
	assert_int_equal(w.garbled, 1);
	fixture_teardown(&w);
}

/* An event that was before its response comes once only. */
static void
a_response_of_a_known_version_is_not_expected_again(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_write(&w, SERVICE("a", "7"));
	assert_false(fixture_is_echo(&w, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "7") "}"));
	fixture_teardown(&w);
}

static void
the_end_of_a_watch_forgets_its_responses(void **state)
{
	struct fixture w;

	(void)state;
	fixture_setup(&w);
	fixture_write(&w, SERVICE("a", "8"));
	script_respond(w.script, "GET", "watch=1", 200, "");
	assert_false(fixture_is_echo(&w, "{\"type\":\"MODIFIED\",\"object\":" SERVICE("a", "8") "}"));
	fixture_teardown(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_in_pages_is_followed_from_its_version),
		cmocka_unit_test(a_change_may_arrive_in_pieces),
		cmocka_unit_test(a_watch_that_breaks_off_resumes_where_it_was),
		cmocka_unit_test(watches_that_end_at_once_back_off),
		cmocka_unit_test(after_410_what_is_gone_leaves_the_cache),
		cmocka_unit_test(an_error_event_is_a_reason_to_list_again),
		cmocka_unit_test(a_list_that_breaks_off_removes_nothing),
		cmocka_unit_test(a_type_that_the_server_does_not_have_counts_as_empty),
		cmocka_unit_test(a_kind_of_kubernetes_that_the_server_does_not_have_is_reported_once),
		cmocka_unit_test(a_kind_of_kubernetes_keeps_its_objects_whatever_its_lists_respond),
		cmocka_unit_test(a_list_that_is_refused_as_too_old_does_not_mean_that_its_kind_is_missing),
		cmocka_unit_test(a_type_that_the_server_no_longer_has_loses_its_objects_when_a_second_list_confirms_it),
		cmocka_unit_test(an_object_that_cannot_be_read_is_known_until_it_is_gone),
		cmocka_unit_test(an_object_that_cannot_be_read_is_fetched_again),
		cmocka_unit_test(an_event_that_cannot_be_read_is_a_reason_to_list_again),
		cmocka_unit_test(events_that_cannot_be_read_do_not_make_a_storm_of_lists),
		cmocka_unit_test(an_event_that_does_not_end_ends_its_watch),
		cmocka_unit_test(a_list_with_an_object_that_has_no_name_removes_nothing),
		cmocka_unit_test(a_list_without_its_items_removes_nothing),
		cmocka_unit_test(the_server_determines_when_a_request_is_repeated),
		cmocka_unit_test(an_event_that_repeats_a_response_is_passed_over_once),
		cmocka_unit_test(a_watch_resumes_after_an_event_that_repeats_a_response),
		cmocka_unit_test(changes_of_others_around_a_repeated_response_are_read),
		cmocka_unit_test(an_event_behind_a_repeated_response_in_the_same_line_is_not_passed_over),
		cmocka_unit_test(a_response_of_a_known_version_is_not_expected_again),
		cmocka_unit_test(the_end_of_a_watch_forgets_its_responses),
	};

	log_setup(LOG_LEVEL_ERROR, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
