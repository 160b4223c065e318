/* cli/cmd_gitops_post_render.c: gitops-post-render: changes the manifests of a chart as a HelmRelease says
 * (gitops/render/post_render.h). The worker names it to helm as --post-renderer. */
#include <stdio.h>
#include "cli/cli.h"
#include "gitops/render/post_render.h"
#include "gitops/source/manifests.h"
#include "io/file.h"

#define WANTED_MAX (4u << 20) /* bytes: a spec in etcd has less */

static int post_render_run(struct cli *);

const struct command cmd_gitops_post_render = {
	.name = "gitops-post-render",
	.args = "FILE",
	.summary = "Change the manifests of a Helm chart, as a child process of helm",
	.run = post_render_run,
};

static int
post_render_run(struct cli *c)
{
	struct str manifests;
	struct bytes wanted;
	char buffer[65536];
	const char *out = "";
	struct err *e;
	size_t n;

	if (c->n_args != 1)
		return cli_fail(c, "gitops-post-render needs a file with the changes");
	str_init(&manifests, MANIFESTS_BYTES_MAX);
	while ((n = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
		str_add(&manifests, buffer, n);
	e = file_read(c->arena, c->args[0], WANTED_MAX, &wanted);
	if (e == NULL && manifests.overflow)
		e = err_new(c->arena, ERR_INVALID, "the chart's objects have more than %u bytes", MANIFESTS_BYTES_MAX);
	if (e == NULL)
		e = post_render(c->arena, wanted.at, str_text(&manifests), manifests.len, &out);
	str_done(&manifests);
	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	return fputs(out, stdout) >= 0 && fflush(stdout) == 0 ? 0 : cli_fail(c, "standard output cannot be written");
}
