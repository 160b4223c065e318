/* cli/cmd_help.c: help [COMMAND], help flags. */
#include <string.h>
#include "cli/cli.h"
#include "cli/help.h"

static int help_run(struct cli *);

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND|flags]",
	.group = GROUP_SHELL,
	.summary = "Show all commands, one, or the global flags",
	.example = "help promote|help flags",
	.run = help_run,
};

static int
help_run(struct cli *c)
{
	const struct command *command;
	size_t used;

	if (c->n_args == 0)
		return help_all("");
	if (strcmp(c->args[0], "flags") == 0)
		return help_flags();
	command = command_find(c->args, c->n_args, &used);
	if (command != NULL)
		return help_command(command);
	return help_unknown(c->arena, c->args, c->n_args);
}
