/* tests/unit/base/xml.c: XML as a tree of JSON, and what is refused. */
#include "base/xml.h"
#include "tests/unit/unit.h"

static const char *
tree(struct arena *a, const char *text)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	struct err *e = xml_decode(a, (struct bytes){ text, strlen(text) }, NULL, &j);

	return e != NULL ? err_text(a, e) : json_text_go(a, j);
}

static void
elements_are_objects_texts_and_lists(void **state)
{
	static const char *const cases[][2] = {
		{ "<a>b</a>", "\"b\"" },
		{ "<a/>", "\"\"" },
		{ "<?xml version=\"1.0\"?>\n<a><!-- <c> --><b x='>' y=\"/>\">1</b> text <c><d/></c></a>\n",
		    "{\"b\":\"1\",\"c\":{\"d\":\"\"}}" },
		{ "<a><member>1</member><member><b>2</b></member></a>", "[\"1\",{\"b\":\"2\"}]" },
		{ "<a><b>1</b><b>2</b></a>", "{\"b\":\"1\"}" },
		{ "<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x20ac;&#x1F600;<![CDATA[<&]]></a>",
		    "\"\\u003c\\u003e\\u0026'\\\"A\xe2\x82\xac\xf0\x9f\x98\x80\\u003c\\u0026\"" },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(tree(a, cases[i][0]), cases[i][1]);
}

static void
what_is_no_document_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "XML: byte 0: the element does not end" },
		{ "<a>", "XML: byte 3: the element does not end" },
		{ "<a></b>", "XML: byte 6: an end of another element" },
		{ "<a/><b/>", "XML: byte 5: a second element" },
		{ "</a>", "XML: byte 3: an end of another element" },
		{ "<a/>b", "XML: byte 4: text outside of the element" },
		{ "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;</a>",
		    "XML: byte 0: a document type, which is not supported" },
		{ "<a>&b;</a>", "XML: byte 3: an unknown reference" },
		{ "<a>&#0;</a>", "XML: byte 3: a reference to no letter" },
		{ "<a>&#xd800;</a>", "XML: byte 3: a reference to no letter" },
		{ "<a>&aaaaaaaaaaaaaaaaaaaaaa;</a>", "XML: byte 3: a reference without an end" },
		{ "<a b='c></a>", "XML: byte 12: a tag without an end" },
		{ "<a>\xff</a>", "XML: byte 8: a text that is not UTF-8" },
	};
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(freep) char *deep = mem_alloc(3 * (XML_DEPTH_MAX + 1) + 1);
	json_t *j;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(tree(a, cases[i][0]), cases[i][1]);
	deep[0] = '\0';
	for (size_t i = 0; i <= XML_DEPTH_MAX; i++)
		memcpy(deep + 3 * i, "<a>", 4);
	assert_string_equal(tree(a, deep), "XML: byte 97: too many elements");
	assert_non_null(xml_decode(a, (struct bytes){ "<a>\0</a>", 8 }, NULL, &j));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_objects_texts_and_lists),
		cmocka_unit_test(what_is_no_document_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
