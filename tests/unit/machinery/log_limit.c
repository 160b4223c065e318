/* tests/unit/machinery/log_limit.c: lines of the log that any client can cause have a limit. */
#include "web/log_limit.h"
#include <sys/mman.h>
#include <unistd.h>
#include "tests/unit/unit.h"

static int
count_allowed(struct log_limit *l, int lines)
{
	int n = 0;

	for (int i = 0; i < lines; i++)
		n += log_limit_take(l);
	return n;
}

/* Runs the loop until a time, and returns what is logged meanwhile; the caller frees it. */
static char *
logged_until(struct loop *loop, int64_t at)
{
	int file = memfd_create("log", 0), before = dup(STDERR_FILENO);
	char *text = mem_alloc(4096);

	dup2(file, STDERR_FILENO);
	loop_virtual_run_until(loop, at);
	dup2(before, STDERR_FILENO);
	close(before);
	text[pread(file, text, 4095, 0)] = '\0';
	close(file);
	return text;
}

static void
twenty_lines_at_once_then_one_each_three_seconds(void **state)
{
	struct loop *loop = loop_virtual_new(0);
	struct log_limit l;

	(void)state;
	log_limit_init(&l, loop, "logins");
	assert_int_equal(count_allowed(&l, 1000), 20);
	free(logged_until(loop, 2999));
	assert_int_equal(count_allowed(&l, 1000), 0);
	free(logged_until(loop, 3000));
	assert_int_equal(count_allowed(&l, 1000), 1);
	free(logged_until(loop, 3600000));
	assert_int_equal(count_allowed(&l, 1000), 20);
	log_limit_done(&l);
	loop_free(loop);
}

static void
the_number_of_those_left_out_is_logged_after_a_minute(void **state)
{
	struct loop *loop = loop_virtual_new(0);
	struct log_limit l;
	char *text;

	(void)state;
	log_limit_init(&l, loop, "logins");
	count_allowed(&l, 120);
	text = logged_until(loop, 59999);
	assert_string_equal(text, "");
	free(text);
	text = logged_until(loop, 60000);
	assert_non_null(strstr(text, "of=logins lines=100"));
	free(text);
	text = logged_until(loop, 200000);
	assert_string_equal(text, "");
	free(text);
	log_limit_done(&l);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twenty_lines_at_once_then_one_each_three_seconds),
		cmocka_unit_test(the_number_of_those_left_out_is_logged_after_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
