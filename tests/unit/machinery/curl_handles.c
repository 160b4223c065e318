/* tests/unit/machinery/curl_handles.c: which handles are kept, and what of their last call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kube/curl_handles.h"

#define REST_MS 5000 /* kube/curl_handles.h */

static void
handles_use(struct curl_handles *h, size_t n)
{
	CURL *taken[CURL_HANDLES_MAX + 1];

	for (size_t i = 0; i < n; i++)
		taken[i] = curl_handles_take(h);
	for (size_t i = 0; i < n; i++)
		curl_handles_give(h, taken[i]);
}

static void
a_kept_handle_has_no_option_of_its_last_call(void **state)
{
	struct loop *loop = loop_virtual_new(0);
	struct curl_handles h;
	const char *private = "unset";
	CURL *first, *again;

	(void)state;
	curl_handles_init(&h, loop);
	first = curl_handles_take(&h);
	curl_easy_setopt(first, CURLOPT_PRIVATE, "call");
	curl_handles_give(&h, first);
	again = curl_handles_take(&h);
	assert_ptr_equal(again, first);
	curl_easy_getinfo(again, CURLINFO_PRIVATE, &private);
	assert_null(private);
	curl_handles_give(&h, again);
	curl_handles_done(&h);
	loop_free(loop);
}

static void
handles_beyond_the_limit_are_not_kept(void **state)
{
	struct loop *loop = loop_virtual_new(0);
	struct curl_handles h;

	(void)state;
	curl_handles_init(&h, loop);
	handles_use(&h, CURL_HANDLES_MAX + 1);
	assert_int_equal(h.n, CURL_HANDLES_MAX);
	curl_handles_done(&h);
	assert_int_equal(h.n, 0);
	loop_free(loop);
}

static void
handles_that_no_call_needed_are_freed(void **state)
{
	struct loop *loop = loop_virtual_new(0);
	struct curl_handles h;

	(void)state;
	curl_handles_init(&h, loop);
	handles_use(&h, 10);
	loop_virtual_run_until(loop, REST_MS);
	assert_int_equal(h.n, 10);
	handles_use(&h, 3);
	loop_virtual_run_until(loop, 2 * REST_MS);
	assert_int_equal(h.n, 3);
	loop_virtual_run_until(loop, 3 * REST_MS);
	assert_int_equal(h.n, 0);
	assert_false(timer_armed(&h.timer));
	curl_handles_done(&h);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_handle_has_no_option_of_its_last_call),
		cmocka_unit_test(handles_beyond_the_limit_are_not_kept),
		cmocka_unit_test(handles_that_no_call_needed_are_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
