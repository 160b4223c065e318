/* cli/cmd_kustomize_edit.c: kustomize edit set image: sets images in the kustomization of a directory, as kustomize's
 * command does. Comments and order stay. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/cli.h"
#include "gitops/kustomize/edit.h"
#include "io/file.h"

#define FILE_MAX (1u << 20) /* bytes of a kustomization */

static int kustomize_edit_run(struct cli *);

const struct command cmd_kustomize_edit = {
	.name = "kustomize edit",
	.args = "set image IMAGE...",
	.group = GROUP_GITOPS,
	.summary = "Set images in a kustomization",
	.example = "kustomize edit set image registry/shop=registry/shop:v2|kustomize edit set image shop:v2 -f "
		   "prod/kustomization.yaml",
	.flags =
	    (const struct flag[]){
		{ .name = "file",
		    .letter = 'f',
		    .value = "FILE",
		    .text = "The kustomization (default: that of the current directory)" },
		{ 0 },
	    },
	.run = kustomize_edit_run,
};

/* Returns the file of the kustomization; NULL after printing that it does not exist. */
static const char *
kustomize_edit_file(struct cli *c)
{
	static const char *const names[] = { "kustomization.yaml", "kustomization.yml", "Kustomization" };

	if (cli_flag(c, "file") != NULL)
		return cli_flag(c, "file");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (access(names[i], F_OK) == 0)
			return names[i];
	cli_fail(c, "the current directory has no kustomization.yaml; name one with --file");
	return NULL;
}

/* Replaces the file as a whole: a reader finds the old text or the new one. */
static struct err *
kustomize_edit_write(struct arena *a, const char *file, const char *text)
{
	const char *next = arena_printf(a, "%s.new", file);
	FILE *f = fopen(next, "we");
	bool well = f != NULL && fputs(text, f) >= 0;

	if (f != NULL)
		well &= fclose(f) == 0;
	if (well && rename(next, file) == 0)
		return NULL;
	unlink(next);
	return err_new(a, ERR_INVALID, "%s: cannot be written: %m", file);
}

static int
kustomize_edit_run(struct cli *c)
{
	const char *file, *text;
	struct bytes was;
	struct err *e;

	if (c->n_args < 3 || strcmp(c->args[0], "set") != 0 || strcmp(c->args[1], "image") != 0)
		return cli_fail(
		    c, "usage: sluice kustomize edit set image NAME=IMAGE:TAG...; other edits are not supported");
	if ((file = kustomize_edit_file(c)) == NULL)
		return 1;
	if ((e = file_read(c->arena, file, FILE_MAX, &was)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	text = was.at;
	for (size_t i = 2; i < c->n_args && e == NULL; i++)
		e = k_edit_image(c->arena, text, file, c->args[i], &text);
	if (e == NULL && text != was.at)
		e = kustomize_edit_write(c->arena, file, text);
	return e != NULL ? cli_fail(c, "%s", err_text(c->arena, e)) : 0;
}
