/* tests/unit/web/code.c: codes of the dashboard on a laptop. */
#include "tests/unit/unit.h"
#include "web/access/code.h"

static const unsigned char first[CODE_BYTES] = { 1, 0xab }, second[CODE_BYTES] = { 2 }, third[CODE_BYTES] = { 3 };

static void
a_code_opens_one_session(void **state)
{
	struct code_login l = { 0 };
	const char *session = NULL;
	char code[CODE_SIZE];

	(void)state;
	code_renew(&l, first, 1000);
	memcpy(code, l.code, sizeof(code));
	assert_int_equal(strlen(code), 64);
	assert_memory_equal(code, "01ab00", 6);
	assert_int_equal(code_exchange(&l, code, second, 1000, &session), CODE_ACCEPTED);
	assert_true(code_session_is_open(&l, session));
	assert_string_not_equal(session, code);
	session = NULL;
	assert_int_equal(code_exchange(&l, code, third, 1000, &session), CODE_WRONG);
	assert_null(session);
}

static void
a_code_expires_after_a_minute(void **state)
{
	struct code_login l = { 0 };
	const char *session = NULL;
	char code[CODE_SIZE];

	(void)state;
	code_renew(&l, first, 5000);
	memcpy(code, l.code, sizeof(code));
	assert_int_equal(code_exchange(&l, code, second, 5000 + 60000, &session), CODE_EXPIRED);
	assert_null(session);
	code_renew(&l, first, 5000);
	assert_int_equal(code_exchange(&l, code, second, 5000 + 59999, &session), CODE_ACCEPTED);
}

static void
a_wrong_guess_does_not_end_a_code(void **state)
{
	struct code_login l = { 0 };
	const char *session = NULL;
	char code[CODE_SIZE];

	(void)state;
	code_renew(&l, first, 0);
	memcpy(code, l.code, sizeof(code));
	assert_int_equal(code_exchange(&l, "", second, 0, &session), CODE_WRONG);
	assert_int_equal(code_exchange(&l, NULL, second, 0, &session), CODE_WRONG);
	code[63] = code[63] == '0' ? '1' : '0';
	assert_int_equal(code_exchange(&l, code, second, 0, &session), CODE_WRONG);
	code[63] = '\0';
	assert_int_equal(code_exchange(&l, code, second, 0, &session), CODE_WRONG);
	assert_int_equal(code_exchange(&l, l.code, second, 0, &session), CODE_ACCEPTED);
}

static void
a_new_code_replaces_the_old_one_and_keeps_sessions(void **state)
{
	struct code_login l = { 0 };
	const char *session = NULL, *other = NULL;
	char code[CODE_SIZE];

	(void)state;
	code_renew(&l, first, 0);
	assert_int_equal(code_exchange(&l, l.code, third, 0, &session), CODE_ACCEPTED);
	code_renew(&l, first, 0);
	memcpy(code, l.code, sizeof(code));
	code_renew(&l, second, 0);
	assert_int_equal(code_exchange(&l, code, third, 0, &other), CODE_WRONG);
	assert_true(code_session_is_open(&l, session));
}

static void
a_session_is_open_until_it_ends(void **state)
{
	struct code_login l = { 0 };
	const char *session = NULL;
	char kept[CODE_SIZE];

	(void)state;
	assert_false(code_session_is_open(&l, ""));
	assert_false(code_session_is_open(&l, NULL));
	code_renew(&l, first, 0);
	assert_int_equal(code_exchange(&l, l.code, second, 0, &session), CODE_ACCEPTED);
	memcpy(kept, session, sizeof(kept));
	assert_true(code_session_is_open(&l, kept));
	code_session_end(&l, "another");
	assert_true(code_session_is_open(&l, kept));
	code_session_end(&l, kept);
	assert_false(code_session_is_open(&l, kept));
}

static void
sessions_have_a_limit(void **state)
{
	struct code_login l = { 0 };
	const char *session = NULL;
	char oldest[CODE_SIZE];

	(void)state;
	for (unsigned char i = 0; i <= CODE_SESSIONS_MAX; i++) {
		const unsigned char bytes[CODE_BYTES] = { i, 1 };

		code_renew(&l, bytes, 0);
		assert_int_equal(code_exchange(&l, l.code, bytes, 0, &session), CODE_ACCEPTED);
		if (i == 0)
			memcpy(oldest, session, sizeof(oldest));
		assert_int_equal(code_session_is_open(&l, oldest), i < CODE_SESSIONS_MAX);
	}
}

/* A request may have a path without a slash in front, or with several. */
static void
the_api_is_found_in_every_form_of_a_path(void **state)
{
	static const char *const api[] = { "api", "/api", "api/v1/rollouts/info", "/api/v1", "//api//v1",
		"/board/api/v1", "board/api/v1", "/board//api", "http://127.0.0.1/api/v1" };
	static const char *const page[] = { "", "/", "//", "/board/", "/board/page.js", "/apis", "/xapi/",
		"/board/api.js" };

	(void)state;
	for (size_t i = 0; i < sizeof(api) / sizeof(api[0]); i++)
		if (!code_has_segment(api[i], "api"))
			fail_msg("%s needs a session", api[i]);
	for (size_t i = 0; i < sizeof(page) / sizeof(page[0]); i++)
		if (code_has_segment(page[i], "api"))
			fail_msg("%s is public", page[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_opens_one_session),
		cmocka_unit_test(a_code_expires_after_a_minute),
		cmocka_unit_test(a_wrong_guess_does_not_end_a_code),
		cmocka_unit_test(a_new_code_replaces_the_old_one_and_keeps_sessions),
		cmocka_unit_test(a_session_is_open_until_it_ends),
		cmocka_unit_test(sessions_have_a_limit),
		cmocka_unit_test(the_api_is_found_in_every_form_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
