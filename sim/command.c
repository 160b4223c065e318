/* sim/command.c: result of a container's command, which is not run: finds "sleep N" and "exit N" in it. */
#include "sim/command.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

const char *
command_text(struct arena *a, const json_t *command, const json_t *args)
{
	const json_t *lists[] = { command, args };
	const char *text = "";

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		for (size_t i = 0; i < json_array_size(lists[k]); i++)
			text = arena_printf(a, "%s %s", text, json_string_value(json_array_get(lists[k], i)) ?: "");
	return text;
}

/* The number behind a word; `otherwise` when it is not there. */
static long
number_behind(const char *text, const char *word, long otherwise)
{
	const char *at = strstr(text, word);
	long n = at != NULL ? strtol(at + strlen(word), NULL, 10) : otherwise;

	return n < 0 ? 0 : n > 86400 ? 86400 : n;
}

int64_t
command_lasts_ms(const char *text)
{
	return 1000 * (int64_t)number_behind(text, "sleep ", 0);
}

int
command_exit_code(const char *text)
{
	return (int)(number_behind(text, "exit ", 0) % 256);
}

json_t *
command_terminated(int code, const char *started_at, const char *finished_at)
{
	return json_pack("{s:{s:i,s:s,s:s,s:s}}", "terminated", "exitCode", code, "reason",
	    code == 0 ? "Completed" : "Error", "startedAt", started_at, "finishedAt", finished_at);
}
