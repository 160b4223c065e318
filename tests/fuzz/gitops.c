/* tests/fuzz/gitops.c: texts of users and Git servers: schedules, policies, pushes, settings, kustomizations to
 * edit, ignored paths. The first byte selects one. */
#include <stdlib.h>
#include <string.h>
#include "gitops/argocd/cron.h"
#include "gitops/argocd/rbac.h"
#include "gitops/engine/adopt_fields.h"
#include "gitops/engine/customizations.h"
#include "gitops/engine/health.h"
#include "gitops/engine/ignore_differences.h"
#include "gitops/engine/kstatus.h"
#include "gitops/engine/sync_options.h"
#include "gitops/kustomize/edit.h"
#include "gitops/push_event.h"
#include "kube/api/yaml.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1764194400000 /* 2025-11-26T22:00:00Z */

static const char *
no_header(void *arg, const char *name)
{
	return strcmp(name, "X-GitHub-Event") == 0 ? "push" : (const char *)arg;
}

static void
schedule(const char *text)
{
	struct schedule s;
	int64_t next;

	if (!cron_parse(text, &s) || (next = cron_next(&s, NOW)) == 0)
		return;
	/* The next time has come, once it is there. */
	if (next <= NOW || cron_last(&s, next, 60000) != next)
		abort();
}

static void
policy(struct arena *a, const char *text)
{
	_cleanup_(json_decrefp) json_t *data = json_pack("{s:s}", "policy.csv", text);
	const struct rbac_rule *why;
	struct rbac r;

	if (data != NULL && rbac_read(a, data, &r) == NULL &&
	    rbac_may(&r, &(struct rbac_request){ "a", "get", "applications", "b/c" }, &why) && why == NULL)
		abort();
}

static void
push(struct arena *a, const char *text, size_t len)
{
	const struct push_headers headers = { no_header, NULL };
	const char *why = NULL;
	struct push p;
	int status = push_read(a, &headers, text, len, NULL, &p, &why);

	if (status == 0 ? p.urls[0] == NULL || p.ref == NULL : why == NULL)
		abort();
}

/* An edit that is made once is not made again. */
static void
edit(struct arena *a, const char *text)
{
	const char *once, *twice;

	if (k_edit_image(a, text, "file", "web:v2", &once) != NULL)
		return;
	if (k_edit_image(a, once, "file", "web:v2", &twice) != NULL || strcmp(once, twice) != 0)
		abort();
}

/* Two documents, a live object and a desired one. */
static void
paths(struct arena *a, const char *text, size_t len)
{
	static const char *managers[] = { "kubectl-client-side-apply", "m" };
	const struct strings all = { managers, 2 };
	_cleanup_(json_decrefp) json_t *docs = NULL, *live = json_array(), *of_live = json_array(),
				       *of_desired = json_array(), *gone = NULL;
	json_t *desired;

	if (yaml_parse(a, text, len, &docs) != NULL || json_array_size(docs) < 2)
		return;
	json_decref(live);
	live = json_deep_copy(json_array_get(docs, 0));
	desired = json_array_get(docs, 1);
	if (!json_is_object(live) || !json_is_object(desired))
		return;
	ignore_differences_add_owned(live, live, &all, of_live);
	ignore_differences_add_owned(desired, live, &all, of_desired);
	ignore_differences_add_pointer(live, "/spec/a/0/b", of_live);
	gone = adopt_fields_paths(live, desired);
	ignore_differences_keep(desired, of_desired, live, of_live);
	ignore_differences_drop(live, of_live);
	ignore_differences_drop(live, gone);
}

/* A live object. */
static void
health(struct arena *a, const char *text, size_t len)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *message;

	if (yaml_parse(a, text, len, &docs) != NULL || json_array_size(docs) == 0)
		return;
	health_of(a, json_array_get(docs, 0), &message);
	kstatus_of(a, json_array_get(docs, 0), 1700000000000, &message);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *map = NULL;
	struct customizations settings;
	const char *text;

	if (size < 1)
		return 0;
	text = arena_strndup(a, (const char *)data + 1, size - 1);
	switch (data[0]) {
	case 's': schedule(text); break;
	case 'p': policy(a, text); break;
	case 'g': push(a, text, size - 1); break;
	case 'k': edit(a, text); break;
	case 'o': paths(a, text, size - 1); break;
	case 'h': health(a, text, size - 1); break;
	case 'm':
		map = json_pack("{s:s, s:s}", "resource.customizations", text,
		    "resource.customizations.ignoreDifferences.apps_Deployment", text);
		if (map != NULL && customizations_read(a, map, &settings) == NULL)
			customizations_health(&settings, "apps", "Deployment");
		json_decref(map);
		map = json_pack("{s:s, s:s, s:s}", "resource.exclusions", text, "kustomize.buildOptions", text,
		    "application.resourceTrackingMethod", text);
		if (map != NULL && customizations_read(a, map, &settings) == NULL)
			customizations_exclude(&settings, "apps", "Deployment", "https://kubernetes.default.svc");
		sync_options_annotation_problem(a, text);
		break;
	default: break;
	}
	return 0;
}
