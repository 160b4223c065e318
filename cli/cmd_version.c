/* cli/cmd_version.c: version. */
#include <stdio.h>
#include "cli/cli.h"

static int version_run(struct cli *);

const struct command cmd_version = {
	.name = "version",
	.args = "",
	.group = GROUP_SHELL,
	.summary = "Print the version of Sluice",
	.example = "version",
	.flags =
	    (const struct flag[]){
		{ .name = "short", .text = "Print only the version number" },
		{ 0 },
	    },
	.run = version_run,
};

static int
version_run(struct cli *c)
{
	printf(cli_on(c, "short") ? "sluice: v%s\n" : "sluice: v%s\n  Platform: linux\n", VERSION);
	return 0;
}
