/* gitops/worker/script.h: what people write into settings and is to be run: jq expressions, and health in Lua.
 *
 * It runs in a child of its own, that has no files, no network, limited processor time a question and a bounded
 * memory. The child stays for the next question; one that does not answer is killed, and another one started.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

#define SCRIPT_TEXT_MAX (64u << 10) /* bytes of one */
#define SCRIPT_OBJECT_MAX (8u << 20) /* bytes of a question or an answer */
#define SCRIPT_MEMORY_MAX (64u << 20) /* bytes that a script may have */

struct scripts;

/* Of one question; both > 0. The caller gives them, since a simulation in virtual time must not depend on the speed
 * of its machine. */
struct script_limits {
	int cpu_ms; /* processor time */
	int response_ms; /* from the question to the last byte of its response */
};

/* Those of the controller. The second is long, since other programs use the machine too; processor time ends a
 * script before it. */
#define SCRIPT_LIMITS ((struct script_limits){ .cpu_ms = 500, .response_ms = 20000 })

/* Nothing runs until something is asked, or scripts_begin. */
struct scripts *scripts_new(struct script_limits);

/* Starts the child now: it has of this process' memory what was in it by then. */
void scripts_begin(struct scripts *);

/* Takes NULL; returns NULL. */
struct scripts *scripts_free(struct scripts *);

/* The places of the object that a jq expression names: [["spec", "replicas"], …], a new reference. What cannot be
 * a place in this object (an element of what is no list) is none. ERR_INVALID: the expression is wrong, or takes too
 * long. */
struct err *script_places(struct scripts *, struct arena *, const char *expression, const json_t *object, json_t **ret);

/* An object's health by a script of Argo CD's `resource.customizations.health`: it sees the global `obj` and answers
 * a table with status and message, in the arena; NULL: it says nothing. ERR_INVALID: it is wrong, fails, or takes
 * too long. */
struct err *script_health(struct scripts *, struct arena *, const char *text, const json_t *object,
    const char **ret_status, const char **ret_message);
