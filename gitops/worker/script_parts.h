/* gitops/worker/script_parts.h: the languages of the child process of script.c. Only the script files include it. */
#pragma once
#include "gitops/worker/script.h"

/* Both return the response to a query, a new reference: {"paths": […]}, {"status", "message"}, or {"error"}. */
json_t *script_jq_paths(const char *expression, const json_t *object);
json_t *script_lua_health(const char *text, const json_t *object);
