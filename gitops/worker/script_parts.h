/* gitops/worker/script_parts.h: what runs in the child of script.c; nobody else includes it. */
#pragma once
#include "gitops/worker/script.h"

/* script_jq.c, script_lua.c: the answer to a question, a new reference: {"places": […]}, {"status", "message"}, or
 * {"error"}. */
json_t *script_ask_jq(const char *expression, const json_t *object);
json_t *script_ask_lua(const char *text, const json_t *object);
