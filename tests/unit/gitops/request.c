/* tests/unit/gitops/request.c: valid and invalid responses of the worker. */
#include "gitops/request.h"
#include "tests/unit/unit.h"

static void
a_response_has_the_required_part_or_an_error(void **state)
{
	static const struct {
		int status;
		const char *body, *want; /* "": it is a response */
		bool may_pass;
	} all[] = {
		{ 200, "{\"resources\": []}", "", false },
		{ 200, "{\"revision\": \"x\"}", "the worker's response has no resources", true },
		{ 200, "null", "response: null is not an object", true },
		{ 200, "[]", "response: [] is not an object", true },
		{ 200, "{\"error\": {\"type\": \"ComparisonError\", \"message\": \"no path\"}}", "no path", false },
		{ 200, "{\"error\": {\"message\": \"busy\", \"again\": true}, \"resources\": []}", "busy", true },
		{ 200, "{\"resources\": [", "line 1", true },
		{ 500, "{\"resources\": []}", "the worker failed; see the controller's log", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct arena *a = arena_new();
		struct seen_query s = { .done = true,
			.response = { .status = all[i].status, .body = { all[i].body, strlen(all[i].body) } } };
		struct request_failure failure = { 0 };
		const struct worker_response *got = request_response(a, &s, REQUEST_RESOURCES, &failure);

		if ((got != NULL) != (all[i].want[0] == '\0') ||
		    (got == NULL && (strstr(failure.text, all[i].want) == NULL || failure.may_pass != all[i].may_pass)))
			fail_msg("%s: got %s", all[i].body, got != NULL ? "a response" : failure.text);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_has_the_required_part_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
