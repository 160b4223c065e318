/* cli/lines.c: commands that read requests from standard input: one response for each line. */
#include "cli/lines.h"
#include <stdio.h>
#include <stdlib.h>
#include "cli/cli.h"

int
each_line(struct cli *c, void (*each)(struct cli *, const json_t *))
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t n;

	while ((n = getline(&line, &capacity, stdin)) > 0) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		json_t *j = NULL;
		struct err *e = json_parse(a, line, (size_t)n, &j);

		if (e != NULL || !json_is_object(j))
			printf("error: %s\n", e != NULL ? err_text(a, e) : "not a JSON object");
		else
			each(c, j);
		json_decref(j);
	}
	free(line);
	return 0;
}
