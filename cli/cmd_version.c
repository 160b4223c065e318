/* cli/cmd_version.c: version. */
#include <stdio.h>
#include "cli/cli.h"

static int version_run(struct cli *);

const struct command cmd_version = {
	.name = "version",
	.args = "",
	.summary = "which Sluice this is",
	.flags = "short",
	.run = version_run,
};

static int
version_run(struct cli *c)
{
	printf(cli_on(c, "short") ? "%s\n" : "sluice %s\n", VERSION);
	return 0;
}
