/* cli/flags.h: flags on the command line: a command's own, and the global ones. */
#pragma once
#include "cli/command.h"

/* The flags that every command has, ended by a row without a name. */
extern const struct flag global_flags[];

/* Returns a command's own flag, or else a global one, by its name or letter, without dashes; or NULL. With the command
 * NULL: a global flag only. */
const struct flag *flags_find(const struct command *, const char *name);

/* Returns a global flag, or else the first of any command, by its name or letter; or NULL. */
const struct flag *flags_find_any(const char *name);

/* Returns the name of the flag of the command that is most like this one, or NULL if none is. */
const char *flags_suggest(const struct command *, const char *name);

/* Reads words that may be flags, their values and arguments into the map of flags and the arguments. Returns 0, or the
 * exit code after printing the error. */
int flags_read(struct cli *, char **words, size_t n);

/* Returns a flag's text with its choices and default: "Output format: wide, name, json or yaml". In the arena. */
const char *flags_text(struct arena *, const struct flag *);
