/* tests/fleet/process.c: reads /proc/PID/smaps_rollup, status and stat. */
#include "tests/fleet/process.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "io/file.h"

#define FILE_MAX (1u << 16)

/* Returns a file of /proc/PID; "" when the process has ended. */
static const char *
process_file(struct arena *a, pid_t pid, const char *name)
{
	struct bytes text = { "", 0 };

	file_read(a, arena_printf(a, "/proc/%d/%s", (int)pid, name), FILE_MAX, &text);
	return text.at;
}

static long
process_number(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtol(at + strlen(name), NULL, 10) : 0;
}

struct process_memory
process_memory(pid_t pid)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = process_file(a, pid, "smaps_rollup");

	return (struct process_memory){ .resident = process_number(text, "\nRss:"),
		.private = process_number(text, "\nPrivate_Clean:") + process_number(text, "\nPrivate_Dirty:") };
}

long
process_peak(pid_t pid)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	return process_number(process_file(a, pid, "status"), "\nVmHWM:");
}

int64_t
process_cpu(pid_t pid)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *text = process_file(a, pid, "stat"), *at = strrchr(text, ')');
	int64_t ticks = 0;

	/* proc(5): the 12th and 13th field after the name are utime and stime. */
	for (int field = 0; at != NULL && field < 13; field++) {
		at = strchr(at + 1, ' ');
		if (field >= 11 && at != NULL)
			ticks += strtoll(at + 1, NULL, 10);
	}
	return ticks * 1000 / sysconf(_SC_CLK_TCK);
}
