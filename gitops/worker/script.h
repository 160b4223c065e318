/* gitops/worker/script.h: sandbox for scripts of users: jq expressions, and health scripts in Lua.
 *
 * They run in a child process that has no files and no network, limited processor time for each query, and limited
 * memory. The child stays for the next query; one that does not respond is killed, and another one is started.
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

#define SCRIPT_TEXT_MAX (64u << 10) /* bytes of one script */
#define SCRIPT_OBJECT_MAX (8u << 20) /* bytes of a query or a response */
#define SCRIPT_MEMORY_MAX (64u << 20) /* bytes that a script may have */

struct scripts;

/* Limits of one query; both > 0. The caller sets them, because a simulation in virtual time must not depend on the
 * speed of its machine. */
struct script_limits {
	int cpu_ms; /* processor time */
	int response_ms; /* from the query to the last byte of its response */
};

/* The limits of the controller. The second is long, because other programs use the machine too; the limit of
 * processor time ends a script earlier. */
#define SCRIPT_LIMITS ((struct script_limits){ .cpu_ms = 500, .response_ms = 20000 })

/* The child is started by the first query, or by scripts_begin. */
struct scripts *scripts_new(struct script_limits);

/* Starts the child now. It has a copy of this process' memory at that moment, without anything that is read later,
 * such as Secrets. */
void scripts_begin(struct scripts *);

/* Frees the scripts. Takes NULL, and returns NULL. */
struct scripts *scripts_free(struct scripts *);

/* Returns the paths of the object that a jq expression names: [["spec", "replicas"], …], a new reference. A path
 * that does not fit the object (an element of a value that is not a list) gives none. ERR_INVALID: the
 * expression is wrong, or takes too long. */
struct err *script_paths(struct scripts *, struct arena *, const char *expression, const json_t *object, json_t **ret);

/* An object's health by a script of Argo CD's `resource.customizations.health`: it has the global `obj` and returns
 * a table with status and message, in the arena; NULL: it returned no status. ERR_INVALID: it is wrong, fails, or
 * takes too long. */
struct err *script_health(struct scripts *, struct arena *, const char *text, const json_t *object,
    const char **ret_status, const char **ret_message);
