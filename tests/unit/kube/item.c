/* tests/unit/kube/item.c: the known part of an object that cannot be decoded. */
#include <stdio.h>
#include "tests/unit/unit.h"
#include "base/str.h"
#include "kube/api/core.h"
#include "kube/api/item.h"
#include "kube/api/list_reader.h"
#include "kube/api/meta.h"

#define META                                                                                                           \
	"\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\",\"uid\":\"u\",\"resourceVersion\":\"7\",\"labels\":{\"k\":" \
	"\"v\"}}"
#define ITEM(more) "{\"apiVersion\":\"v1\",\"kind\":\"Service\"," META "," more "}"

/* Returns the result of item_read for a text that it must refuse, as JSON text. */
static const char *
left_of(struct arena *a, const char *text, bool *ret_partial)
{
	struct unreadable why;
	json_t *item = NULL;
	const char *left;

	if (item_read(a, text, strlen(text), false, &item, &why))
		fail_msg("it is read: %s", text);
	assert_non_null(why.why);
	*ret_partial = why.partial;
	left = json_text(a, item);
	json_decref(item);
	return left;
}

static const char *
nested(struct arena *a, int depth)
{
	struct str s;
	const char *text;

	str_init(&s, 1u << 20);
	for (int i = 0; i < depth; i++)
		str_addc(&s, '[');
	for (int i = 0; i < depth; i++)
		str_addc(&s, ']');
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}

static void
its_metadata_is_read_whatever_else_cannot_be(void **state)
{
	static const char left[] = "{\"apiVersion\":\"v1\",\"kind\":\"Service\"," META "}";
	struct arena *a = arena_new();
	const char *const spoilt[] = { ITEM("\"spec\":{\"a\":99999999999999999999}"),
		ITEM("\"spec\":{\"a\\u0000b\":1}"), ITEM("\"spec\":{\"a\":1,\"a\":2}"), ITEM("\"spec\":{\"a\":1e999}"),
		ITEM("\"spec\":\"\xff\xfe\""), ITEM("\"spec\":tru"),
		arena_printf(a, ITEM("\"spec\":%s"), nested(a, 220)),
		arena_printf(a, ITEM("\"spec\":%s"), nested(a, 9000)) };
	bool partial;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoilt); i++) {
		assert_string_equal(left_of(a, spoilt[i], &partial), left);
		assert_false(partial);
	}
	arena_free(a);
}

static void
metadata_that_cannot_be_read_is_known_in_part(void **state)
{
	struct arena *a = arena_new();
	bool partial;

	(void)state;
	assert_string_equal(
	    left_of(a,
		"{\"metadata\":{\"name\":\"a\",\"generation\":99999999999999999999,\"labels\":{\"x\\u0000\":"
		"\"1\",\"k\":\"v\"},\"uid\":\"u\"}}",
		&partial),
	    "{\"metadata\":{\"name\":\"a\",\"labels\":{\"k\":\"v\"},\"uid\":\"u\"}}");
	assert_true(partial);
	assert_string_equal(left_of(a, "{\"metadata\":[1],\"a\":\"\\u0000\xff\"}", &partial), "{\"metadata\":{}}");
	assert_true(partial);
	assert_string_equal(left_of(a, "7", &partial), "{\"metadata\":{}}");
	assert_string_equal(left_of(a, "{\"metadata\":{\"name\":\"a", &partial), "{\"metadata\":{}}");
	assert_true(partial);
	arena_free(a);
}

static void
of_a_text_that_is_cut_the_beginning_is_known(void **state)
{
	static const char text[] = "{" META ",\"data\":\"xxxxxxxxxxx";
	struct arena *a = arena_new();
	struct unreadable why;
	json_t *item;

	(void)state;
	assert_false(item_read(a, text, strlen(text), true, &item, &why));
	assert_string_equal(json_text(a, item), "{" META "}");
	assert_string_equal(why.why, "it is longer than 8 MiB");
	assert_false(why.partial);
	json_decref(item);
	arena_free(a);
}

struct seen_items {
	char text[200];
};

static void
on_item(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	struct seen_items *s = arg;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%s%s ", item_name(item) != NULL ? item_name(item) : "-",
	    unreadable != NULL ? "!" : "");
}

static void
one_object_does_not_end_a_list(void **state)
{
	struct arena *a = arena_new();
	struct seen_items seen = { "" };
	struct list_reader r;
	json_t *list = NULL;
	const char *text = arena_printf(a,
	    "{\"kind\":\"List\",\"items\":[{\"metadata\":{\"name\":\"a\"}},{\"metadata\":{\"name\":\"deep\"},\"s\":%s},"
	    "{\"metadata\":{\"name\":\"big\"},\"n\":123456789012345678901},[1],{\"metadata\":{\"name\":\"b\"}}],"
	    "\"metadata\":{\"resourceVersion\":\"9\"}}",
	    nested(a, 3000));

	(void)state;
	list_reader_init(&r, on_item, &seen);
	for (size_t i = 0; text[i] != '\0'; i++)
		assert_null(list_reader_add(&r, a, text + i, 1));
	assert_null(list_reader_end(&r, a, &list));
	assert_string_equal(seen.text, "a deep! big! -! b ");
	assert_string_equal(json_str(json_object_get(list, "metadata"), "resourceVersion"), "9");
	json_decref(list);
	list_reader_done(&r);
	arena_free(a);
}

static void
an_event_is_known_by_its_type_and_object(void **state)
{
	static const char bad[] = "{\"object\":" ITEM("\"n\":1e999") ",\"type\":\"ADDED\"}";
	struct arena *a = arena_new();
	struct item_text o;
	const char *type;

	(void)state;
	assert_true(item_event(a, bad, strlen(bad), false, &type, &o));
	assert_string_equal(type, "ADDED");
	assert_string_equal(o.name, "a");
	assert_null(o.text);
	assert_non_null(o.why.why);
	item_done(&o);
	assert_false(item_event(a, "{\"type\":\"ADDED\"}", 16, false, &type, &o));
	assert_false(item_event(a, "{\"type\":7,\"object\":{}}", 22, false, &type, &o));
	assert_false(item_event(a, "{\"type\":\"ADDED\",\"object\":{\"a", 28, false, &type, &o));
	assert_false(item_event(a, "<html>", 6, false, &type, &o));
	assert_false(item_event(a, "{\"type\":\"ADDED\",\"object\":{}} {\"type\"}", 40, false, &type, &o));
	arena_free(a);
}

/* A duplicate key and an invalid escape are found everywhere else. */
#define FIELDS "[{\"f:spec\":{\"k:{\\\"a\\\":\\\"]}\\\"}\":{},\"f:a\":{},\"f:a\":{},\"\\x\":[[]]}},{\"\":\"\\\\\"}]"
#define OTHERS                                                                                                         \
	"\"managedFields\":[1],\"spec\":{\"managedFields\":[2],\"template\":{\"metadata\":{\"managedFields\":[3]}}}"

static void
an_item_has_no_managed_fields(void **state)
{
	static const char object[] =
	    "{\"metadata\":{\"name\":\"a\",\"managedFields\":" FIELDS ",\"uid\":\"u\"}," OTHERS "}",
			  without[] = "{\"metadata\":{\"name\":\"a\",\"managedFields\":null,\"uid\":\"u\"}," OTHERS "}";
	struct arena *a = arena_new();
	const char *event = arena_printf(a, "{\"type\":\"ADDED\",\"object\":%s}", object), *type;
	struct item_text i;

	(void)state;
	assert_string_equal(item_accept(a, object, strlen(object), false), without);
	assert_true(item_event(a, event, strlen(event), false, &type, &i));
	assert_string_equal(i.text, arena_printf(a, "%s}", without));
	assert_string_equal(i.uid, "u");
	item_done(&i);
	arena_free(a);
}

static void
a_text_that_ends_within_managed_fields_is_not_accepted(void **state)
{
	static const char object[] = "{\"metadata\":{\"managedFields\":" FIELDS "}}";
	struct arena *a = arena_new();

	(void)state;
	for (size_t n = 0; n < strlen(object); n++)
		assert_null(item_accept(a, arena_strndup(a, object, n), n, false));
	assert_non_null(item_accept(a, object, strlen(object), false));
	arena_free(a);
}

/* Why an object with this metadata is refused, "" when it is complete. */
static const char *
refusal(struct arena *a, const char *meta)
{
	json_t *j = yaml(a, arena_printf(a, "metadata: %s", meta));
	const char *why = object_refusal(object_decode(&service_type, j, a), a);

	json_decref(j);
	return why != NULL ? why : "";
}

static void
an_object_is_complete_or_refused(void **state)
{
	struct arena *a = arena_new();

	(void)state;
#define WHOLE "name: a, namespace: ns, uid: u, resourceVersion: '1'"
	assert_string_equal(
	    refusal(a, "{" WHOLE ", ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: v}]}"), "");
	assert_string_equal(
	    refusal(a, "{name: a, namespace: ns, resourceVersion: '1'}"), "metadata.uid: required, but missing");
	assert_string_equal(
	    refusal(a, "{name: a, uid: u, resourceVersion: '1'}"), "metadata.namespace: required, but missing");
	assert_string_equal(
	    refusal(a, "{namespace: ns, uid: u, resourceVersion: '1'}"), "metadata.name: required, but missing");
	assert_string_equal(
	    refusal(a, "{name: a, namespace: ns, uid: u}"), "metadata.resourceVersion: required, but missing");
	assert_string_equal(refusal(a, "{" WHOLE ", ownerReferences: [{name: p, uid: v, controller: true}]}"),
	    "metadata.ownerReferences[0]: has no kind, name or uid");
	assert_string_equal(refusal(a, "{" WHOLE ", ownerReferences: [{kind: Pod, uid: v}]}"),
	    "metadata.ownerReferences[0]: has no kind, name or uid");
	assert_string_equal(refusal(a, "{" WHOLE ", labels: 7}"), "metadata.labels: 7 is not a map of strings");
	assert_string_equal(refusal(a, "{" WHOLE ", labels: {a: 7}}"), "metadata.labels[a]: 7 is not a string");
	assert_string_equal(
	    refusal(a, "{" WHOLE ", annotations: {a: \"x\\0y\"}}"), "metadata.annotations[a]: contains U+0000");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_metadata_is_read_whatever_else_cannot_be),
		cmocka_unit_test(metadata_that_cannot_be_read_is_known_in_part),
		cmocka_unit_test(of_a_text_that_is_cut_the_beginning_is_known),
		cmocka_unit_test(one_object_does_not_end_a_list),
		cmocka_unit_test(an_event_is_known_by_its_type_and_object),
		cmocka_unit_test(an_item_has_no_managed_fields),
		cmocka_unit_test(a_text_that_ends_within_managed_fields_is_not_accepted),
		cmocka_unit_test(an_object_is_complete_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
