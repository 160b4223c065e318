/* tests/unit/machinery/log.c: a line of the log is whole, however long its values are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>
#include "io/log.h"

#define LONG (200u << 10)

/* Returns the line of log_line for one message with five long values, as JSON; a new reference. */
static json_t *
logged(char c)
{
	int file = memfd_create("log", 0), before = dup(STDERR_FILENO);
	static char value[LONG + 1];
	json_t *line;

	memset(value, c, LONG);
	dup2(file, STDERR_FILENO);
	log_setup(LOG_LEVEL_INFO, true);
	log_info(value, "a", value, "b", value, "c", value, "d", value, "last", "x");
	dup2(before, STDERR_FILENO);
	close(before);
	lseek(file, 0, SEEK_SET);
	line = json_loadfd(file, 0, NULL);
	close(file);
	return line;
}

static void
a_line_of_json_is_whole_however_long_its_values_are(void **state)
{
	static const char characters[] = { 'x', '"', '\x01', '\xff' };

	(void)state;
	for (size_t i = 0; i < sizeof(characters); i++) {
		json_t *line = logged(characters[i]);

		assert_non_null(line);
		assert_string_equal(json_string_value(json_object_get(line, "last")), "x");
		assert_in_range(json_string_length(json_object_get(line, "a")), 1000, 8192);
		json_decref(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_line_of_json_is_whole_however_long_its_values_are) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
