/* cli/cmd_promote_image.c: promote-image: commits an image to the repository of each Application in turn, and waits
 * until it is healthy. Git runs with the settings and credentials of the user. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/application.h"
#include "cli/demo/dev.h"
#include "cli/user_git.h"
#include "gitops/kustomize/edit.h"
#include "gitops/kustomize/kustomization.h"
#include "gitops/source/arguments.h"
#include "gitops/worker/local.h"
#include "gitops/worker/scratch.h"
#include "io/program_run.h"

#define GIT_MS 120000
#define GIT_OUTPUT_MAX (1u << 20)
#define FILE_MAX (1u << 20) /* bytes of a kustomization */
#define TRIES 3 /* of a push, if another push came first */

static int promote_image_run(struct cli *);

const struct command cmd_promote_image = {
	.name = "promote-image",
	.args = "IMAGE APP...",
	.group = GROUP_GITOPS,
	.summary = "Commit an image to the Git of each Application",
	.example = "promote-image shop/web:v2 test prod --review prod",
	.flags =
	    (const struct flag[]){
		{ .name = "review",
		    .value = "APPS",
		    .text = "Applications whose change is pushed to a branch for review" },
		{ .name = "message", .letter = 'm', .value = "TEXT", .text = "Commit message" },
		{ .name = "repo", .value = "URL", .text = "URL to push to (default: that of the Application)" },
		FLAG_TIMEOUT,
		{ 0 },
	    },
	.run = promote_image_run,
};

struct promotion {
	struct cli *cli;
	const char *image, *app;
	const char *url, *branch; /* NULL: the default one */
	const char *path; /* of the kustomization's directory */
	bool review;
	const char *dir; /* the clone */
	const char *commit; /* the pushed commit; NULL: the branch had the image already */
};

/* Runs git in the clone. */
static struct err *
promote_image_git(const struct promotion *p, struct bytes *ret, const char *const *args)
{
	const char *argv[16] = { "git", "-C", p->dir };
	size_t n = 3;
	struct err *e;

	while (*args != NULL)
		argv[n++] = *args++;
	argv[n] = NULL;
	e = program_run(p->cli->arena,
	    &(struct program){ .argv = argv,
		.env_names = USER_GIT_ENV,
		.reach = SPAWN_USER, /* as if the user had run it */
		.timeout_ms = GIT_MS,
		.output_max = GIT_OUTPUT_MAX },
	    ret);
	return e != NULL ? err_wrap(p->cli->arena, e, "git %s", argv[3]) : NULL;
}

#define GIT(p, ret, ...) promote_image_git(p, ret, (const char *const[]){ __VA_ARGS__, NULL })

/* Reads the repository of the Application. Returns 0, or 1 after printing the error. */
static int
promote_image_read_application(struct promotion *p)
{
	struct cli *c = p->cli;
	json_t *app = application_get(c, p->app);
	const json_t *source = json_at(app, "/spec/source");
	const char *revision = json_str(source, "targetRevision"), *url = json_str(source, "repoURL");
	struct err *e;

	if (app == NULL)
		return 1;
	p->url = arena_strdup(c->arena, cli_flag(c, "repo") != NULL ? cli_flag(c, "repo") : url);
	p->path = arena_strdup(c->arena, json_str(source, "path") ?: ".");
	p->branch = str_empty(revision) || strcmp(revision, "HEAD") == 0 ? NULL : arena_strdup(c->arena, revision);
	json_decref(app);
	if (p->url == NULL)
		return cli_fail(c, "application \"%s\" has no spec.source.repoURL", p->app);
	/* --repo is the user's own; what the Application says is not, and Git would run what some URLs name
	 * ("ext::"). */
	if (cli_flag(c, "repo") == NULL &&
	    (e = grammar_check(c->arena, GRAMMAR_GIT_URL, "spec.source.repoURL", p->url)) != NULL)
		return cli_fail(c, "application \"%s\": %s", p->app, err_text(c->arena, e));
	if (p->branch != NULL &&
	    (e = grammar_check(c->arena, GRAMMAR_REFERENCE, "spec.source.targetRevision: the branch",
		 arena_printf(c->arena, "refs/heads/%s", p->branch))) != NULL)
		return cli_fail(c, "application \"%s\": %s", p->app, err_text(c->arena, e));
	return 0;
}

static struct err *
promote_image_clone(struct promotion *p)
{
	struct bytes out;
	struct err *e;

	e = p->branch != NULL ? GIT(p, &out, "clone", "-q", "--depth", "1",
				    arena_printf(p->cli->arena, "--branch=%s", p->branch), "--", p->url, "clone")
			      : GIT(p, &out, "clone", "-q", "--depth", "1", "--", p->url, "clone");
	p->dir = arena_printf(p->cli->arena, "%s/clone", p->dir);
	if (e == NULL && p->branch == NULL && (e = GIT(p, &out, "rev-parse", "--abbrev-ref", "HEAD")) == NULL)
		p->branch = arena_strndup(p->cli->arena, out.at, strcspn(out.at, "\n"));
	return e;
}

/* Where the kustomization stands in the clone: links are followed as far as they stay in it. */
static struct err *
promote_image_find_file(const struct promotion *p, struct bytes *ret_text, const char **ret_path)
{
	struct arena *a = p->cli->arena;
	const char *directory, *file;
	struct tree tree;
	struct err *e = local_tree(a, p->dir, &tree);

	if (e == NULL)
		e = tree_path(a, "", p->path, &directory);
	if (e != NULL)
		return e;
	file = kustomization_in(&tree, a, directory);
	if (file == NULL)
		return err_new(a, ERR_INVALID, "%s: has no kustomization, in which the image could be set", p->path);
	e = tree_read(&tree, a, file, ret_text, ret_path);
	return e == NULL && ret_text->len > FILE_MAX
		   ? err_new(a, ERR_INVALID, "%s: is longer than %u bytes", file, FILE_MAX)
		   : e;
}

/* Changes the file and commits it. *ret_changed is false if the file has the image already. */
static struct err *
promote_image_change(struct promotion *p, bool *ret_changed)
{
	struct arena *a = p->cli->arena;
	const char *file, *text, *said = cli_flag(p->cli, "message");
	struct bytes was, out;
	struct err *e;

	if ((e = promote_image_find_file(p, &was, &file)) != NULL ||
	    (e = k_edit_image(a, was.at, arena_printf(a, "%s/kustomization", p->path), p->image, &text)) != NULL)
		return e;
	*ret_changed = text != was.at;
	if (!*ret_changed)
		return NULL;
	if ((e = scratch_write(a, p->dir, file, text, strlen(text))) != NULL)
		return e;
	if (said == NULL)
		said = arena_printf(a, "%s: %s", p->app, p->image);
	if ((e = GIT(p, &out, "commit", "-q", "-a", "-m", said)) != NULL ||
	    (e = GIT(p, &out, "rev-parse", "HEAD")) != NULL)
		return e;
	p->commit = arena_strndup(a, out.at, strcspn(out.at, "\n"));
	return NULL;
}

/* A name that a branch may have. */
static const char *
promote_image_review_branch(const struct promotion *p)
{
	char *name = arena_printf(p->cli->arena, "promote-%s-%s", p->app,
	    strrchr(p->image, '/') != NULL ? strrchr(p->image, '/') + 1 : p->image);

	for (char *at = name; *at != '\0'; at++)
		if (strchr(":@=~^?*[\\ ", *at) != NULL)
			*at = '-';
	return name;
}

/* Makes one attempt, in a new clone. *ret_again: another push came first. */
static struct err *
promote_image_try(struct promotion *p, bool *ret_again)
{
	const char *top = dev_directory(p->cli), *to = p->review ? promote_image_review_branch(p) : NULL;
	struct bytes out;
	bool changed = false;
	struct err *e;

	*ret_again = false;
	p->commit = NULL;
	p->dir = top;
	if (top == NULL)
		return err_new(p->cli->arena, ERR_AGAIN, "no directory for a clone");
	if ((e = promote_image_clone(p)) == NULL && (e = promote_image_change(p, &changed)) == NULL && changed) {
		e = GIT(p, &out, "push", "-q", "origin",
		    arena_printf(
			p->cli->arena, "%sHEAD:refs/heads/%s", to != NULL ? "+" : "", to != NULL ? to : p->branch));
		*ret_again = e != NULL;
	}
	dev_remove(top);
	return e;
}

/* Requests a sync if it is not automated, and waits. */
static int
promote_image_wait(struct promotion *p)
{
	struct application_until until = { .operation = true, .synced = true, .healthy = true, .revision = p->commit };
	json_t *app = application_get(p->cli, p->app);
	bool automated = json_at(app, "/spec/syncPolicy/automated") != NULL &&
			 !json_is_false(json_at(app, "/spec/syncPolicy/automated/enabled"));
	json_t *patch = json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_REFRESH, "normal");

	if (app == NULL)
		return 1;
	json_decref(app);
	if (!automated && p->commit != NULL)
		json_object_set_new(patch, "operation",
		    json_pack("{s:{s:s}, s:{s:s}}", "sync", "revision", p->commit, "initiatedBy", "username",
			getenv("USER") != NULL ? getenv("USER") : "sluice"));
	if (application_patch(p->cli, p->app, patch) != 0)
		return 1;
	return application_wait(p->cli, p->app, &until);
}

static int
promote_image_to(struct cli *c, const char *image, const char *app, bool review)
{
	struct promotion p = { .cli = c, .image = image, .app = app, .review = review };
	bool again = true;
	struct err *e = NULL;

	printf("%s: %s\n", app, image);
	if (promote_image_read_application(&p) != 0)
		return 1;
	for (int i = 0; i < TRIES && again; i++)
		e = promote_image_try(&p, &again);
	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	if (review && p.commit != NULL)
		printf("  branch %s of %s is there to be reviewed; nothing changes until it is merged into %s\n",
		    promote_image_review_branch(&p), p.url, p.branch);
	else if (p.commit != NULL)
		printf("  pushed %s to %s of %s\n", short_revision(c, p.commit), p.branch, p.url);
	else
		printf("  %s of %s has it already\n", p.branch, p.url);
	return review ? 0 : promote_image_wait(&p);
}

/* One of the names in a comma-separated list. */
static bool
promote_image_is_review(struct cli *c, const char *list, const char *name)
{
	char *save = NULL;

	for (char *one = strtok_r(arena_strdup(c->arena, list), ",\n ", &save); one != NULL;
	     one = strtok_r(NULL, ",\n ", &save))
		if (strcmp(one, name) == 0)
			return true;
	return false;
}

static int
promote_image_run(struct cli *c)
{
	const char *review = cli_flag(c, "review") != NULL ? cli_flag(c, "review") : "";
	int64_t unused;

	if (c->n_args < 2)
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	if (application_timeout(c, &unused) != 0 || applications_connect(c) != 0)
		return 1;
	for (size_t i = 1; i < c->n_args; i++)
		if (promote_image_to(c, c->args[0], c->args[i], promote_image_is_review(c, review, c->args[i])) != 0)
			return 1;
	return 0;
}
