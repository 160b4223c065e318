/* cli/cmd_undo.c: undo NAME: back to an earlier revision's template. */
#include <stdio.h>
#include "base/str.h"
#include "cli/cli.h"
#include "kube/api/patch.h"
#include "kube/api/replicaset.h"
#include "kube/client.h"
#include "rollout/affinity.h"

static int undo_run(struct cli *);

const struct command cmd_undo = {
	.name = "undo",
	.args = "NAME",
	.group = GROUP_DELIVER,
	.summary = "Roll back to the previous revision, or to another",
	.example = "undo web|undo web --to-revision 3",
	.completes = "rollouts",
	.flags =
	    (const struct flag[]){
		{ .name = "to-revision", .value = "N", .text = "Revision to roll back to (0: the previous one)" },
		{ 0 },
	    },
	.run = undo_run,
};

static long long
revision_number(const json_t *rs)
{
	long long n = 0;

	str_int(json_str(json_object_get(json_object_get(rs, "metadata"), "annotations"), ANNOTATION_REVISION), 0,
	    INT32_MAX, &n);
	return n;
}

static bool
owned_by(const json_t *rs, const char *uid)
{
	json_t *owner;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(rs, "metadata"), "ownerReferences"), i, owner)
		if (str_eq(json_str(owner, "uid"), uid))
			return true;
	return false;
}

/* The ReplicaSet of the revision; 0: the second newest. */
static json_t *
pick(const json_t *list, const char *uid, long long revision)
{
	json_t *rs, *best = NULL, *second = NULL;
	size_t i;

	json_array_foreach (json_object_get(list, "items"), i, rs) {
		if (!owned_by(rs, uid))
			continue;
		if (revision > 0 && revision_number(rs) == revision)
			return rs;
		if (best == NULL || revision_number(rs) > revision_number(best)) {
			second = best;
			best = rs;
		} else if (second == NULL || revision_number(rs) > revision_number(second)) {
			second = rs;
		}
	}
	return revision > 0 ? NULL : second;
}

/* What the controller put into the ReplicaSet's template is none of the Rollout's. */
static void
take_out(const json_t *rs, json_t *template)
{
	static const char *const kinds[] = { "labels", "annotations" };
	const char *text =
	    json_str(json_object_get(json_object_get(rs, "metadata"), "annotations"), ANNOTATION_EPHEMERAL_METADATA);
	_cleanup_(json_decrefp) json_t *put_in = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const char *key;
	json_t *value;

	affinity_remove(template);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		json_object_foreach (json_object_get(put_in, kinds[i]), key, value)
			json_object_del(json_object_get(json_object_get(template, "metadata"), kinds[i]), key);
}

static int
undo_run(struct cli *c)
{
	_cleanup_(json_decrefp) json_t *ro = NULL, *list = NULL;
	json_t *rs, *template, *ops;
	const char *where, *at;
	long long revision = 0;
	struct err *e;

	if (cli_name(c, "rollout") == NULL)
		return 1;
	if (cli_flag(c, "to-revision") != NULL && !str_int(cli_flag(c, "to-revision"), 0, INT32_MAX, &revision))
		return cli_fail(c, "--to-revision: \"%s\" is not a revision's number", cli_flag(c, "to-revision"));
	if (cli_connect(c) != 0 || (ro = cli_get_rollout(c, c->args[0])) == NULL)
		return 1;
	e = cli_call_list(
	    c, &replicaset_type, client_path(c->arena, &replicaset_type, c->namespace, NULL, NULL), &list);
	if (e != NULL)
		return cli_error(c, e);
	rs = pick(list, json_str(json_object_get(ro, "metadata"), "uid"), revision);
	if (rs == NULL)
		return cli_fail(c, "rollout '%s' has no %s; `sluice get rollout %s` shows its revisions", c->args[0],
		    revision > 0 ? arena_printf(c->arena, "revision %lld", revision) : "earlier revision", c->args[0]);
	template = json_deep_copy(json_at(rs, "/spec/template"));
	json_object_del(json_at(template, "/metadata/labels"), LABEL_POD_TEMPLATE_HASH);
	take_out(rs, template);
	ops = json_array();
	where = cli_template_of(c, ro, &at);
	if (where == NULL) {
		json_decref(template);
		json_decref(ops);
		return 1;
	}
	json_patch_add(ops, "replace", at, template);
	e = cli_call(c, "PATCH", where, PATCH_JSON, ops, NULL);
	if (e != NULL)
		return cli_error(c, e);
	printf("rollout '%s' undo\n", c->args[0]);
	return 0;
}
