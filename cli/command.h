/* cli/command.h: a command's row, and the rows of its flags.
 *
 * Parsing, --help, completion and the manual read these rows and nothing else. A command is one file that opens with
 * its row; commands.c lists the rows. The flags that every command has (kubectl's) are rows in flags.c.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cli;

struct flag {
	const char *name; /* without "--" */
	char letter; /* 0: none */
	const char *value; /* name of its value in the help: "FILE"; NULL: it is on or off */
	const char *value_default; /* cli_flag returns it if the flag is not given; NULL: none */
	const char *choices; /* all values that it can have, "|" between; NULL: any */
	const char *text; /* one phrase, without the choices and the default */
	bool repeats; /* given several times it keeps all values, one a line; otherwise the last */
	bool ignored; /* accepted because Argo Rollouts or kubectl has it, without effect */
};

/* A flag of Argo Rollouts or kubectl that takes a value and has no effect here. */
#define FLAG_IGNORED(flag_name)                                                                                        \
	{                                                                                                              \
		.name = (flag_name), .value = "X", .ignored = true                                                     \
	}

/* Flags that several commands have, with one meaning. */
#define FLAG_OUTPUT                                                                                                    \
	{                                                                                                              \
		.name = "output", .letter = 'o', .value = "FORMAT", .choices = "wide|name|json|yaml",                  \
		.text = "Output format"                                                                                \
	}
#define FLAG_ALL_NAMESPACES                                                                                            \
	{                                                                                                              \
		.name = "all-namespaces", .letter = 'A', .text = "All namespaces"                                      \
	}
#define FLAG_NO_COLOR                                                                                                  \
	{                                                                                                              \
		.name = "no-color", .text = "Do not use colors"                                                        \
	}
#define FLAG_TIMEOUT                                                                                                   \
	{                                                                                                              \
		.name = "timeout", .letter = 't', .value = "DURATION",                                                 \
		.text = "Maximum time to wait (default: no limit)"                                                     \
	}

/* The heading under which `sluice help` lists a command. A row without a group is internal, as 0 is the first. */
enum command_group {
	/* Not for users: another process starts the command, by its name, and reads its output as it is (cli/main.c).
	 * Help, completion, the manual and suggestions leave it out. */
	GROUP_INTERNAL,
	GROUP_DELIVER,
	GROUP_SEE,
	GROUP_GITOPS,
	GROUP_CHECK,
	GROUP_RUN,
	GROUP_SHELL,
	GROUP_MAX
};

/* A value that the first argument of a command can have, for its help. */
struct command_choice {
	const char *name; /* NULL: after the last one */
	const char *text;
};

struct command {
	const char *name; /* one word or two: "get rollout" */
	const char *aliases; /* other names, "|" between; NULL: none */
	const char *args; /* usage of its arguments: "NAME" */
	enum command_group group;
	const char *summary; /* one line */
	const char *example; /* lines of the help, "|" between; NULL: none */
	/* Completion offers these for its first argument: objects ("rollouts") or "files"; NULL: nothing */
	const char *completes;
	const char *choices_title; /* "Sections"; NULL: the help does not list values of the first argument */
	struct command_choice (*choice)(struct arena *, size_t i); /* with choices_title: the i-th, from 0 */
	const struct flag *flags; /* its own, ended by a row without a name; NULL: none */
	int (*run)(struct cli *); /* returns the exit code */
};

/* commands.c: all, ended by NULL. */
extern const struct command *const commands[];

/* Returns the command that the words name, by name or alias, and in *ret_used how many words the name takes; or
 * NULL. */
const struct command *command_find(const char *const *words, size_t n, size_t *ret_used);

/* Returns the name or alias that is most like the words, or NULL if none is. */
const char *command_suggest(struct arena *, const char *const *words, size_t n);

/* Returns whether the command's name is two words, and this is the first: "get" for "get rollout". "" is in every
 * command. */
bool command_begins_with(const struct command *, const char *word);
