/* cli/lines.h: commands that read requests from standard input (`--lines`): one response for each line. */
#pragma once
#include "base/json.h"

struct cli;

/* Calls `each` with every line, parsed. A line that is not a JSON object is an error in the output. Returns the exit
 * code. */
int each_line(struct cli *, void (*each)(struct cli *, const json_t *));
