/* cli/flux.c: Flux's kinds on the command line, and a requested reconciliation of one object. */
#include "cli/flux.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"
#include "kube/api/flux.h"
#include "kube/client.h"

#define NAMESPACE "flux-system"
#define POLL_MS 500
#define SOURCES "source.toolkit.fluxcd.io"
#define ARTIFACT "/status/artifact/revision"

const struct flux_kind flux_kinds[] = {
	{ "git", NULL, "GitRepository", SOURCES, "gitrepositories", true, ARTIFACT },
	{ "oci", NULL, "OCIRepository", SOURCES, "ocirepositories", true, ARTIFACT },
	{ "helm", NULL, "HelmRepository", SOURCES, "helmrepositories", true, ARTIFACT },
	{ "chart", NULL, "HelmChart", SOURCES, "helmcharts", true, ARTIFACT },
	{ "bucket", NULL, "Bucket", SOURCES, "buckets", true, ARTIFACT },
	{ "kustomization", "kustomizations|ks", "Kustomization", "kustomize.toolkit.fluxcd.io", "kustomizations", false,
	    "/status/lastAppliedRevision" },
	{ "helmrelease", "helmreleases|hr", "HelmRelease", "helm.toolkit.fluxcd.io", "helmreleases", false,
	    "/status/history/0/chartVersion" },
	{ 0 },
};

static bool
flux_is_named(const struct flux_kind *k, const char *word)
{
	size_t n = strlen(word);

	if (strcmp(k->name, word) == 0)
		return true;
	for (const char *s = k->aliases; s != NULL && *s != '\0'; s += strcspn(s, "|"), s += *s == '|')
		if (strcspn(s, "|") == n && strncmp(s, word, n) == 0)
			return true;
	return false;
}

const struct flux_kind *
flux_kind_named(const struct cli *c, const char *word, bool source)
{
	const char *known = "";

	for (const struct flux_kind *k = flux_kinds; k->name != NULL; k++) {
		if (k->source != source)
			continue;
		if (flux_is_named(k, word))
			return k;
		known = arena_printf(c->arena, "%s%s%s", known, known[0] != '\0' ? ", " : "", k->name);
	}
	cli_fail(c, "there is no kind \"%s%s\"; there are: %s%s", source ? "source " : "", word, known,
	    source ? "" : ", source KIND");
	return NULL;
}

int
flux_connect(struct cli *c)
{
	if (cli_connect(c) != 0)
		return 1;
	if (cli_flag(c, "namespace") == NULL)
		c->namespace = NAMESPACE;
	return 0;
}

const char *
flux_path(struct cli *c, const struct flux_kind *k, const char *ns, const char *name)
{
	_cleanup_(json_decrefp) json_t *groups = NULL;
	const char *version = NULL, *path;
	json_t *group;
	size_t i;

	if (cli_call(c, "GET", "/apis", NULL, NULL, &groups) != NULL)
		return NULL;
	json_array_foreach (json_object_get(groups, "groups"), i, group)
		if (str_eq(json_str(group, "name"), k->group))
			version = json_str(json_object_get(group, "preferredVersion"), "version");
	if (version == NULL)
		return NULL;
	path = arena_printf(c->arena, "/apis/%s/%s", k->group, str_url_escape(c->arena, version));
	if (ns != NULL)
		path = arena_printf(c->arena, "%s/namespaces/%s", path, str_url_escape(c->arena, ns));
	return arena_printf(c->arena, "%s/%s%s%s", path, k->plural, name != NULL ? "/" : "",
	    name != NULL ? str_url_escape(c->arena, name) : "");
}

int
flux_object_named(struct cli *c, const char *const *words, size_t n, const struct flux_kind **ret,
    const char **ret_name, const char **ret_path)
{
	bool source = n > 0 && strcmp(words[0], "source") == 0;

	if (n != (source ? 3 : 2))
		return cli_fail(c, "usage: sluice %s %s", c->command->name, c->command->args);
	if ((*ret = flux_kind_named(c, words[source], source)) == NULL || flux_connect(c) != 0)
		return 1;
	*ret_name = words[n - 1];
	*ret_path = flux_path(c, *ret, c->namespace, *ret_name);
	return *ret_path != NULL ? 0
				 : cli_fail(c, "the API server does not serve %s.%s; install Flux's definitions",
				       (*ret)->plural, (*ret)->group);
}

int
flux_error(struct cli *c, const struct flux_kind *k, const char *ns, const char *name, const struct err *e)
{
	if (e->class == ERR_GONE)
		return cli_fail(
		    c, "%s \"%s\" not found in namespace %s; choose another with --namespace", k->kind, name, ns);
	return cli_error(c, e);
}

/* Returns 0, or 1 after printing the error. */
static int
flux_timeout(const struct cli *c, int64_t *ret)
{
	const char *text = cli_flag(c, "timeout");

	if (!duration_parse(text, ret) || *ret <= 0)
		return cli_fail(c, "--timeout: \"%s\" is not a duration such as 5m", text);
	return 0;
}

/* Returns whether the request with this mark (the value of its annotation) was handled, or cannot be; then *ret_code is
 * the exit code, and the result was printed. */
static bool
flux_handled(const struct cli *c, const struct flux_kind *k, const char *what, const json_t *object, const char *mark,
    int *ret_code)
{
	const json_t *status = json_object_get(object, "status"), *ready = status_condition(status, "Ready");
	const char *message = json_str(ready, "message");

	*ret_code = 0;
	if (json_is_true(json_at(object, "/spec/suspend"))) {
		*ret_code = cli_fail(c, "%s %s is suspended (spec.suspend); `sluice resume` ends it", k->kind, what);
		return true;
	}
	if (!str_eq(json_str(status, "lastHandledReconcileAt"), mark) || ready == NULL ||
	    str_eq(json_str(ready, "status"), "Unknown"))
		return false;
	if (str_eq(json_str(ready, "status"), "True"))
		printf("%s %s: %s\n", k->kind, what, message ?: "ready");
	else
		*ret_code = cli_fail(c, "%s %s: %s", k->kind, what, message ?: "it is not ready");
	return true;
}

int
flux_reconcile(struct cli *c, const struct flux_kind *k, const char *ns, const char *name)
{
	const char *path = flux_path(c, k, ns, name), *mark = flux_request_mark(c->arena, loop_wall(c->loop)),
		   *what = arena_printf(c->arena, "%s/%s", ns, name);
	int64_t timeout, until;
	struct err *e;
	int code;

	if (flux_timeout(c, &timeout) != 0)
		return 1;
	if (path == NULL)
		return cli_fail(
		    c, "the API server does not serve %s.%s; install Flux's definitions", k->plural, k->group);
	until = loop_mono(c->loop) + timeout;
	e = cli_call(c, "PATCH", path, PATCH_MERGE,
	    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_REQUESTED_AT, mark), NULL);
	if (e != NULL)
		return flux_error(c, k, ns, name, e);
	printf("%s %s: reconciliation requested\n", k->kind, what);
	for (;; cli_sleep(c, POLL_MS)) {
		_cleanup_(json_decrefp) json_t *object = NULL;
		const json_t *ready;

		if ((e = cli_call(c, "GET", path, NULL, NULL, &object)) != NULL)
			return cli_error(c, e);
		if (flux_handled(c, k, what, object, mark, &code))
			return code;
		ready = status_condition(json_object_get(object, "status"), "Ready");
		if (loop_mono(c->loop) > until)
			return cli_fail(c, "timed out waiting for %s %s: %s", k->kind, what,
			    json_str(ready, "message")
				?: "not reconciled yet; check that the controller runs with --controllers flux");
	}
}
