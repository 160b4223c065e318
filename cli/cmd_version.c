/* cli/cmd_version.c: version. */
#include <stdio.h>
#include "cli/cli.h"

static int version_run(struct cli *);

const struct command cmd_version = {
	.name = "version",
	.args = "",
	.summary = "Print the version of Sluice",
	.flags = "short",
	.run = version_run,
};

static int
version_run(struct cli *c)
{
	printf(cli_on(c, "short") ? "sluice: v%s\n" : "sluice: v%s\n  Platform: linux\n", VERSION);
	return 0;
}
