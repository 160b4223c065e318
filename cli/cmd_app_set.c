/* cli/cmd_app_set.c: app set, delete, confirm-deletion: changes of an Application itself. */
#include <stdio.h>
#include <string.h>
#include "base/time.h"
#include "cli/application.h"
#include "kube/client.h"

static int app_set_run(struct cli *);
static int app_delete_run(struct cli *);
static int app_confirm_run(struct cli *);

const struct command cmd_app_set = {
	.name = "app set",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Change source, destination or sync policy",
	.example = "app set shop --revision v2|app set shop --sync-policy automated --self-heal",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		{ .name = "revision", .value = "REVISION", .text = "Branch, tag, semver range or commit to follow" },
		{ .name = "path", .value = "PATH", .text = "Directory in the repository" },
		{ .name = "repo", .value = "URL", .text = "URL of the repository" },
		{ .name = "dest-namespace", .value = "NS", .text = "Namespace of the objects" },
		{ .name = "sync-policy", .value = "POLICY", .text = "automated or none" },
		{ .name = "auto-prune", .text = "Delete objects automatically when they are no longer in Git" },
		{ .name = "self-heal", .text = "Undo changes in the cluster automatically" },
		{ .name = "sync-option",
		    .value = "NAME=VALUE",
		    .repeats = true,
		    .text = "Sync option; can be repeated" },
		{ .name = "kustomize-image", .value = "IMAGE", .text = "Image to replace: NAME=NEWNAME:TAG" },
		{ 0 },
	    },
	.run = app_set_run,
};

const struct command cmd_app_delete = {
	.name = "app delete",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Delete an Application and its objects",
	.example = "app delete shop|app delete shop --cascade=false",
	.completes = "applications",
	.flags =
	    (const struct flag[]){
		{ .name = "cascade", .value_default = "true", .text = "Delete its objects too" },
		{ 0 },
	    },
	.run = app_delete_run,
};

const struct command cmd_app_confirm_deletion = {
	.name = "app confirm-deletion",
	.args = "NAME",
	.group = GROUP_GITOPS,
	.summary = "Confirm deletions that wait for it",
	.example = "app confirm-deletion shop",
	.completes = "applications",
	.run = app_confirm_run,
};

/* Returns the list of images with this one ("web=shop/web:2"), which replaces another one of its name; a new
 * reference. */
static json_t *
app_set_image(const json_t *app, const char *image)
{
	const json_t *old = json_at(app, "/spec/source/kustomize/images"), *other;
	size_t n = strcspn(image, "=:@"), i;
	json_t *list = json_array();

	json_array_foreach (old, i, other) {
		const char *text = json_string_value(other) ?: "";

		if (strcspn(text, "=:@") != n || strncmp(text, image, n) != 0)
			json_array_append(list, (json_t *)other);
	}
	json_array_append_new(list, json_string(image));
	return list;
}

/* Returns the options with those of --sync-option, one a line; each replaces the one of its name. */
static json_t *
app_set_options(struct cli *c, const json_t *app, const char *lines)
{
	json_t *list = json_copy(json_at(app, "/spec/syncPolicy/syncOptions")) ?: json_array(), *other;
	char *rest = arena_strdup(c->arena, lines), *option;

	while ((option = strsep(&rest, "\n")) != NULL) {
		size_t n = strcspn(option, "=") + 1, i = 0;

		while ((other = json_array_get(list, i)) != NULL)
			if (strncmp(json_string_value(other) ?: "", option, n) == 0)
				json_array_remove(list, i);
			else
				i++;
		json_array_append_new(list, json_string(option));
	}
	return list;
}

/* Sets the policy of --sync-policy, --auto-prune and --self-heal. Returns 0, or 1 after printing the error. */
static int
app_set_policy(struct cli *c, json_t *policy)
{
	const char *policy_text = cli_flag(c, "sync-policy");
	json_t *automated = json_object();
	static const struct {
		const char *flag, *field;
	} flags[] = { { "auto-prune", "prune" }, { "self-heal", "selfHeal" } };

	if (str_eq(policy_text, "none") || str_eq(policy_text, "manual")) {
		json_decref(automated);
		json_object_set_new(policy, "automated", json_null());
		return 0;
	}
	if (policy_text != NULL && strcmp(policy_text, "automated") != 0 && strcmp(policy_text, "auto") != 0) {
		json_decref(automated);
		return cli_fail(c, "--sync-policy: \"%s\" is neither automated nor none", policy_text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (cli_flag(c, flags[i].flag) != NULL)
			json_object_set_new(automated, flags[i].field, json_boolean(cli_on(c, flags[i].flag)));
	if (policy_text != NULL || json_object_size(automated) > 0)
		json_object_set_new(policy, "automated", automated);
	else
		json_decref(automated);
	return 0;
}

/* Returns the fields of spec.source that flags set; a new reference. */
static json_t *
app_set_source(struct cli *c, const json_t *app)
{
	static const struct {
		const char *flag, *field;
	} fields[] = { { "revision", "targetRevision" }, { "path", "path" }, { "repo", "repoURL" } };
	json_t *source = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (cli_flag(c, fields[i].flag) != NULL)
			json_object_set_new(source, fields[i].field, json_string(cli_flag(c, fields[i].flag)));
	if (cli_flag(c, "kustomize-image") != NULL)
		json_object_set_new(source, "kustomize",
		    json_pack("{s:o}", "images", app_set_image(app, cli_flag(c, "kustomize-image"))));
	return source;
}

static int
app_set_run(struct cli *c)
{
	const char *name = application_name(c);
	_cleanup_(json_decrefp) json_t *app = NULL, *source = NULL, *policy = json_object(), *spec = json_object();

	if (name == NULL || applications_connect(c) != 0 || (app = application_get(c, name)) == NULL)
		return 1;
	source = app_set_source(c, app);
	if (json_object_size(source) > 0 && json_array_size(json_at(app, "/spec/sources")) > 0)
		return cli_fail(c,
		    "application \"%s\" has spec.sources, which takes precedence over spec.source: --repo, --path, "
		    "--revision and --kustomize-image would have no effect; change spec.sources with kubectl edit",
		    name);
	if (cli_flag(c, "sync-option") != NULL)
		json_object_set_new(policy, "syncOptions", app_set_options(c, app, cli_flag(c, "sync-option")));
	if (app_set_policy(c, policy) != 0)
		return 1;
	if (json_object_size(source) > 0)
		json_object_set(spec, "source", source);
	if (json_object_size(policy) > 0)
		json_object_set(spec, "syncPolicy", policy);
	if (cli_flag(c, "dest-namespace") != NULL)
		json_object_set_new(
		    spec, "destination", json_pack("{s:s}", "namespace", cli_flag(c, "dest-namespace")));
	if (json_object_size(spec) == 0)
		return cli_fail(c, "nothing to set; `sluice app set --help` lists the flags");
	if (application_patch(c, name, json_pack("{s:O}", "spec", spec)) != 0)
		return 1;
	printf("application \"%s\" set\n", name);
	return 0;
}

static int
app_delete_run(struct cli *c)
{
	const char *name = application_name(c);
	bool cascade = cli_on(c, "cascade");
	json_t *app, *finalizers, *f, *left = json_array();
	struct err *e;
	size_t i;

	if (name == NULL || applications_connect(c) != 0 || (app = application_get(c, name)) == NULL) {
		json_decref(left);
		return 1;
	}
	finalizers = json_at(app, "/metadata/finalizers");
	json_array_foreach (finalizers, i, f)
		if (!str_starts(json_string_value(f), APPLICATION_FINALIZER))
			json_array_append(left, f);
	if (cascade)
		json_array_append_new(left, json_string(APPLICATION_FINALIZER));
	json_decref(app);
	if (application_patch(c, name, json_pack("{s:{s:o}}", "metadata", "finalizers", left)) != 0)
		return 1;
	e = cli_call(c, "DELETE", client_path(c->arena, &application_type, c->namespace, name, NULL), NULL, NULL, NULL);
	if (e != NULL)
		return cli_error(c, e);
	printf(
	    "application \"%s\" deleted%s\n", name, cascade ? "; its objects are deleted too" : "; its objects stay");
	return 0;
}

static int
app_confirm_run(struct cli *c)
{
	const char *name = application_name(c);

	if (name == NULL || applications_connect(c) != 0)
		return 1;
	if (application_patch(c, name,
		json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_DELETION_APPROVED,
		    time_format(c->arena, loop_wall(c->loop)))) != 0)
		return 1;
	printf("application \"%s\": deletion confirmed\n", name);
	return 0;
}
