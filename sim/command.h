/* sim/command.h: the result of a container's command, where nothing is run.
 *
 * "sleep N" anywhere in it makes it last N seconds, "exit N" ends it with that code. Otherwise it succeeds at once.
 */
#pragma once
#include <stdint.h>
#include "base/json.h"

/* The words of command and args (JSON lists, NULL: none), with spaces between. In the arena. */
const char *command_text(struct arena *, const json_t *command, const json_t *args);

int64_t command_lasts_ms(const char *text);
int command_exit_code(const char *text);

/* containerStatuses of containers that have ended: {"state": {"terminated": …}}, for a status. A new reference. */
json_t *command_terminated(int code, const char *started_at, const char *finished_at);
