/* cli/manual.h: manual pages, from the rows of commands and flags. */
#pragma once
#include "cli/command.h"

/* Returns the manual page of a command, or the main page (NULL), in the language of man. In the arena. */
const char *manual_page(struct arena *, const struct command *);
