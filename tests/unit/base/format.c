/* tests/unit/base/format.c: format_text writes and returns what vsnprintf does. */
#include <limits.h>
#include "base/format.h"
#include "tests/unit/unit.h"

#define SPACE 64

/* Formats with both, into as many bytes. */
static void __attribute__((format(printf, 2, 3))) same(size_t size, const char *format, ...)
{
	char own[SPACE], want[SPACE];
	va_list ap, again;
	int n, n_want;

	memset(own, 'x', sizeof(own));
	memset(want, 'x', sizeof(want));
	va_start(ap, format);
	va_copy(again, ap);
	n = format_text(own, size, format, ap);
	n_want = vsnprintf(want, size, format, again);
	va_end(again);
	va_end(ap);
	assert_int_equal(n, n_want);
	assert_memory_equal(own, want, sizeof(own));
}

static void
conversions_are_those_of_vsnprintf(void **state)
{
	(void)state;
	same(SPACE, "%s", "");
	same(SPACE, "no conversion");
	same(SPACE, "/%s/%s", "namespaces", "default");
	same(SPACE, "[%.*s][%.*s][%.*s]", 3, "abcdef", 9, "abc", -1, "all");
	same(SPACE, "%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	same(SPACE, "%u %u", 0u, UINT_MAX);
	same(SPACE, "%ld %lu", LONG_MIN, ULONG_MAX);
	same(SPACE, "%lld %llu", LLONG_MIN, ULLONG_MAX);
	same(SPACE, "%zu%%%c", (size_t)SIZE_MAX, 'c');
	same(SPACE, "%s%c%s", "a", '\0', "b");
}

static void
precision_reads_no_byte_behind_it(void **state)
{
	const char two[2] = { 'a', 'b' };

	(void)state;
	same(SPACE, "%.*s", 2, two);
}

static void
other_conversions_are_left_to_vsnprintf(void **state)
{
	const char *volatile none = NULL;

	(void)state;
	same(SPACE, "%s %5d|%-5s|%05d|%.3s", "a", 7, "b", -7, "long");
	same(SPACE, "%d %.17g %x %p", 1, 0.1, 255u, (void *)state);
	same(SPACE, "%s %zd %hhu", "a", (ptrdiff_t)-1, (unsigned char)200);
	same(SPACE, "%s [%s] [%.*s]", "null", none, 6, none);
}

static void
text_is_cut_and_its_whole_length_returned(void **state)
{
	(void)state;
	for (size_t size = 0; size < 12; size++) {
		same(size, "%s-%d-%s", "abc", 1234, "d");
		same(size, "%5s", "abc");
		same(size, "plain text");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions_are_those_of_vsnprintf),
		cmocka_unit_test(precision_reads_no_byte_behind_it),
		cmocka_unit_test(other_conversions_are_left_to_vsnprintf),
		cmocka_unit_test(text_is_cut_and_its_whole_length_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
