/* cli/cli.h: the running command: its flags and arguments, its connection, and calls to the API server. */
#pragma once
#include "cli/command.h"
#include "kube/api/rollout.h"
#include "kube/cache.h"
#include "kube/kubeconfig.h"
#include "kube/transport.h"
#include "rollout/actions.h"

#define VERSION "0.1.0"

struct cli {
	struct arena *arena;
	struct loop *loop;
	const struct command *command;
	const char **args; /* in the arena */
	size_t n_args, args_capacity;
	struct map flags; /* name → text; "" when it takes no value */
	struct loop_io signals;
	bool interrupted; /* after cli_signals: one came */

	/* After cli_connect. */
	struct config config;
	struct transport *transport;
	const char *namespace;
};

/* Returns the flag's text: as given, or else its row's default, or NULL. */
const char *cli_flag(const struct cli *, const char *name);

/* Returns whether the user gave the flag. */
bool cli_given(const struct cli *, const char *name);

/* Returns whether a flag that takes no value was given, and not as --name=false. */
bool cli_on(const struct cli *, const char *name);

/* Prints "error: …" with the hint behind it, if any, and returns 1. */
int cli_fail(const struct cli *, const char *format, ...) printf_like(2, 3);

/* The same of an error that the API server or the way to it gave, with what to do next. */
int cli_error(const struct cli *, const struct err *);

/* Reads the configuration and makes the transport. Returns 0, or 1 after printing the error. */
int cli_connect(struct cli *);

/* The same, with a kubeconfig and namespace that the flags do not say. */
int cli_connect_to(struct cli *, const char *kubeconfig, const char *namespace);

/* SIGINT, SIGTERM and SIGHUP no longer end the process: they set c->interrupted and stop the loop. */
void cli_signals(struct cli *);

/* The path of the running program, to start others of it. */
const char *cli_self(struct cli *);

/* Returns this program and those of the flags given to it that the other command takes too, except the namespace. In
 * the arena, ended by NULL. */
const char *const *cli_program(struct cli *, const struct command *);

/* Waits, while the loop goes on. */
void cli_sleep(struct cli *, int64_t ms);

/* Makes one call and waits for its response. */
struct err *cli_call(
    struct cli *, const char *method, const char *url, const char *content_type, json_t *body, json_t **ret);

/* The same over another transport than that of cli_connect. */
struct err *cli_call_over(struct cli *, struct transport *, const char *method, const char *url,
    const char *content_type, json_t *body, json_t **ret);

/* Says on standard error that an object cannot be read (kube/api/item.h). */
void cli_unreadable(const struct type *, const char *ns, const char *name, const char *why);

/* Sends the patches of an action one after the other, until one fails. */
struct err *cli_act(struct cli *, const struct action *);

/* The same for an action that needs nothing but the name, for each argument; prints "rollout 'NAME' DONE". Returns the
 * exit code. */
int cli_act_each(struct cli *, void (*build)(const char *name, struct action *), const char *done);

/* The rollout as it is now; prints the error and returns NULL when it cannot be had. */
json_t *cli_get_rollout(struct cli *, const char *name);

/* The formats of --output. */
enum output { OUTPUT_TEXT, OUTPUT_WIDE, OUTPUT_NAME, OUTPUT_JSON, OUTPUT_YAML };

/* Reads --output. Returns 0, or 1 after printing the known formats. */
int cli_output(const struct cli *, enum output *ret);

/* Prints an object or a list of objects of a type as name, JSON or YAML. */
void cli_print(const struct cli *, enum output, const struct type *, const json_t *);

/* GETs a whole list, but for what cannot be read: that is named, or left out where `t` is NULL. *ret is a new
 * reference. */
struct err *cli_call_list(struct cli *, const struct type *t, const char *url, json_t **ret);

/* Lists the objects of a type: of the namespace, with --all-namespaces of all, with --name the one of that name.
 * *ret is a new reference, or NULL after they, or that there are none, were printed in the format of --output.
 * Returns 0, or 1 after printing the error. */
int cli_list(struct cli *, const struct type *, enum output, json_t **ret);

/* Returns 0 if there is an argument, which names a Rollout or `what`; or 1 after printing that it is missing. */
int cli_names(const struct cli *, const char *what);

/* Returns the only argument, the name of a Rollout or `what`; or NULL after printing that it is missing. */
const char *cli_name(const struct cli *, const char *what);

/* Returns whether output has color: standard output is a terminal, and neither --no-color nor NO_COLOR is given. */
bool cli_color(const struct cli *);
