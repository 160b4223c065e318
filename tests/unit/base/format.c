/* tests/unit/base/format.c: format_text and vsnprintf write the same. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/unit.h"
#include "base/format.h"

#define TEXT_MAX 64

static printf_like(2, 3) int format_few(size_t size, const char *format, ...)
{
	char text[TEXT_MAX], want[TEXT_MAX];
	va_list ap, again;
	int n, wanted;

	memset(text, 'x', sizeof(text));
	va_start(ap, format);
	va_copy(again, ap);
	n = format_text(text, size, format, ap);
	wanted = vsnprintf(want, size, format, again);
	va_end(again);
	va_end(ap);
	assert_int_equal(n, wanted);
	assert_string_equal(text, want);
	assert_true(size == TEXT_MAX || text[size] == 'x');
	return n;
}

static void
a_formatted_text_is_that_of_vsnprintf(void **state)
{
	const char *volatile none = NULL;

	(void)state;
	assert_int_equal(format_few(TEXT_MAX, "%s", ""), 0);
	assert_int_equal(format_few(TEXT_MAX, "plain"), 5);
	assert_int_equal(format_few(TEXT_MAX, "%s/%s:%s", "a", "", "bc"), 5);
	assert_int_equal(format_few(TEXT_MAX, "%d %d %d", 0, INT_MIN, INT_MAX), 24);
	assert_int_equal(format_few(TEXT_MAX, "%u %zu %zu", UINT_MAX, (size_t)7, SIZE_MAX), 33);
	assert_int_equal(format_few(TEXT_MAX, "%ld %ld %s", LONG_MIN, LONG_MAX, "end"), 44);
	assert_int_equal(format_few(TEXT_MAX, "%s of %d is 100%%", "a", -3), 15);
	assert_int_equal(format_few(TEXT_MAX, "%s %5d %.*s %c", "a", 42, 2, "bcd", 'e'), 12);
	assert_int_equal(format_few(TEXT_MAX, "%s and %s", "a", none), 12);
}

static void
a_text_that_is_too_long_is_cut_and_its_length_returned(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 12; size++)
		assert_int_equal(format_few(size, "ab%scd%s", "efg", "hijk"), 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_formatted_text_is_that_of_vsnprintf),
		cmocka_unit_test(a_text_that_is_too_long_is_cut_and_its_length_returned) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
