/* cli/help.h: help, from the rows of commands and flags. Lines are at most 80 columns wide. */
#pragma once
#include "cli/command.h"

/* Each prints to standard output and returns 0. */
int help_all(const char *word); /* the commands of which this is the first word; "": all */
int help_command(const struct command *);
int help_flags(void); /* the global flags */

/* Prints what an unknown command may mean, or, if its first word is one of commands and --help follows, these commands.
 * Returns the exit code. */
int help_unknown(struct arena *, const char *const *words, size_t n);
