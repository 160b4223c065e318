/* cli/lines.h: commands that answer a line for each line of standard input. */
#pragma once
#include "base/json.h"

struct cli;

/* Calls `each` with every line, parsed; what is no JSON object is answered with an error. The exit code. */
int each_line(struct cli *, void (*each)(struct cli *, const json_t *));
