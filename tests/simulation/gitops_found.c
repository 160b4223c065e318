/* tests/simulation/gitops_found.c: bugs that random lives (gitops_seeds.c) found, each as a short life of its own. */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/application.h"
#include "tests/simulation/gitops_world.h"

#define PATIENCE_MS 120000
#define APPLICATION "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"
#define CONFIG_MAPS "/api/v1/namespaces/shop/configmaps"

enum { OF_APPLICATION, OF_KUSTOMIZATION };

struct found {
	const struct syncer *syncer;
	struct process process;
	struct memory memory;
	unsigned made; /* how often Job "hook" was made */
	bool role_first; /* Role "b" was made when ServiceAccount "a" was not there */
	const char *why; /* NULL: all is well */
};

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct found *f = arg;
	const char *name = json_str(json_object_get(object, "metadata"), "name");

	(void)old;
	if (strcmp(r->plural, "jobs") == 0 && str_eq(name, "hook"))
		f->made += strcmp(type, "ADDED") == 0;
	if (strcmp(r->plural, "roles") == 0 && strcmp(type, "ADDED") == 0)
		f->role_first |= store_get(f->process.cluster->store, "serviceaccounts", "shop", "a") == NULL;
}

static int
user_does(struct found *f, const char *method, const char *path, const char *body)
{
	return store_do(f->process.cluster->store, method, body != NULL ? "application/merge-patch+json" : NULL, path,
	    body != NULL ? json_loads(body, 0, NULL) : NULL);
}

static const json_t *
live(const struct found *f, const char *plural, const char *name)
{
	return store_get(f->process.cluster->store, plural, "shop", name);
}

static const char *
annotation(const struct found *f, const char *plural, const char *name, const char *key)
{
	return json_str(json_at(live(f, plural, name), "/metadata/annotations"), key);
}

static void
expect(struct found *f, bool is, const char *why)
{
	if (!is && f->why == NULL)
		f->why = why;
}

static void
wait_for_head(struct found *f)
{
	for (int64_t ms = 0; ms < PATIENCE_MS; ms += 100) {
		if (f->syncer->has(syncer_object(f->syncer, f->process.cluster->store), memory_id(f->memory.head)))
			return;
		process_run(&f->process, 100);
	}
	expect(f, false, "the commit is not reached");
}

/* A life to its first commit. `spec`: JSON that is merged into the object; NULL: as gitops_world.c makes it. */
static void
begin(struct found *f, int of, const char *spec, const char *commit)
{
	*f = (struct found){ .syncer = &syncers[of] };
	f->process =
	    (struct process){ .cluster = cluster_new(1), .memory = &f->memory, .controllers = syncers[of].controllers };
	store_on_write(f->process.cluster->store, on_write, f);
	make_namespaces(f->process.cluster->store);
	make_definition(f->process.cluster->store);
	memory_commit(&f->memory, commit);
	f->syncer->make(f->process.cluster->store);
	if (spec != NULL)
		user_does(f, "PATCH", f->syncer->path, spec);
	process_start(&f->process);
	wait_for_head(f);
}

static void
push(struct found *f, const char *commit)
{
	memory_commit(&f->memory, commit);
	syncer_move(f->syncer, &f->process, f->memory.n - 1);
}

static void
end(struct found *f)
{
	process_stop(&f->process);
	cluster_free(f->process.cluster);
}

#define A "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {v: '1'}}\n"
#define A2 "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {v: '2'}}\n"
#define SERVICE "---\n{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]}}\n"

static void
a_kustomization_without_prune_is_applied(struct found *f)
{
	begin(f, OF_KUSTOMIZATION, "{\"spec\": {\"prune\": false}}", A SERVICE);
	push(f, A);
	wait_for_head(f);
	expect(f, live(f, "services", "s") != NULL, "the object that Git dropped is pruned");
}

/* It stays in the inventory, by which alone its kind is known once Git has no other of it. */
static void
what_git_excludes_from_reconciling_is_pruned_later(struct found *f)
{
	begin(f, OF_KUSTOMIZATION, NULL, A SERVICE);
	push(f, A "---\n{apiVersion: v1, kind: Service, metadata: {name: s, annotations: "
		  "{kustomize.toolkit.fluxcd.io/reconcile: disabled}}, spec: {ports: [{port: 80}]}}\n");
	wait_for_head(f);
	push(f, A);
	wait_for_head(f);
	expect(f, live(f, "services", "s") == NULL, "the object that Git dropped stays");
}

static void
a_live_object_may_say_that_it_is_not_reconciled(struct found *f)
{
	begin(f, OF_KUSTOMIZATION, NULL, A SERVICE);
	user_does(f, "PATCH", CONFIG_MAPS "/a",
	    "{\"metadata\": {\"annotations\": {\"kustomize.toolkit.fluxcd.io/reconcile\": \"disabled\"}}}");
	push(f, A2 SERVICE);
	wait_for_head(f);
	expect(f, str_eq(json_string_value(json_at(live(f, "configmaps", "a"), "/data/v")), "1"), "it is changed");
	push(f, "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n" SERVICE);
	wait_for_head(f);
	expect(f, live(f, "configmaps", "a") != NULL, "it is pruned");
}

/* Definitions, and what only Argo CD or Helm keep, too. */
static void
a_kustomization_is_deleted_with_all_its_objects(struct found *f)
{
	begin(f, OF_KUSTOMIZATION, NULL,
	    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {helm.sh/resource-policy: keep, "
	    "argocd.argoproj.io/sync-options: Delete=false}}}\n"
	    "---\n{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: "
	    "widgets.example.com}, spec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: "
	    "widgets, "
	    "singular: widget, listKind: WidgetList}, versions: [{name: v1, served: true, storage: true, schema: "
	    "{openAPIV3Schema: {type: object}}}]}}\n");
	user_does(f, "DELETE", f->syncer->path, NULL);
	process_run(&f->process, 60000);
	expect(f, syncer_object(f->syncer, f->process.cluster->store) == NULL, "the Kustomization is not deleted");
	expect(f, live(f, "configmaps", "a") == NULL, "the ConfigMap stays");
	expect(f,
	    store_get(f->process.cluster->store, "customresourcedefinitions", NULL, "widgets.example.com") == NULL,
	    "the definition stays");
}

static void
a_kind_waits_for_one_before_it_whose_request_failed(struct found *f)
{
	for (unsigned at = 1; at <= 40; at++) {
		if (at > 1)
			end(f);
		begin(f, OF_APPLICATION, NULL, A);
		f->process.how = REQUEST_FAULT_FAILS;
		f->process.at = at;
		push(f,
		    A "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}\n"
		      "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: b}, rules: []}\n");
		wait_for_head(f);
		expect(f, live(f, "roles", "b") != NULL, "the Role is not made");
		expect(f, !f->role_first, "the Role is made before the ServiceAccount");
		if (f->why != NULL)
			return;
	}
}

static void
what_is_not_to_be_pruned_is_not_synced_again_and_again(struct found *f)
{
	unsigned long writes;

	begin(f, OF_APPLICATION, NULL,
	    A "---\n{apiVersion: v1, kind: Service, metadata: {name: s, annotations: "
	      "{argocd.argoproj.io/sync-options: Prune=false}}, spec: {ports: [{port: 80}]}}\n");
	push(f, A2);
	process_run(&f->process, 60000);
	writes = f->process.writes;
	process_run(&f->process, 3000000);
	expect(f, live(f, "services", "s") != NULL, "it is pruned");
	expect(f, f->process.writes == writes, "syncs begin though there is nothing to do");
}

#define HOOK(phases, policy)                                                                                           \
	"---\n{apiVersion: batch/v1, kind: Job, metadata: {name: hook, annotations: {argocd.argoproj.io/hook: "        \
	"'" phases "', argocd.argoproj.io/hook-delete-policy: " policy "}}, spec: {template: {spec: {restartPolicy: "  \
	"Never, containers: [{name: c, image: c, command: [\"true\"]}]}}}}\n"

static void
a_hook_of_two_phases_runs_in_both(struct found *f)
{
	begin(f, OF_APPLICATION, NULL, A HOOK("PreSync,PostSync", "BeforeHookCreation"));
	expect(f, f->made == 2, "it does not run twice");
}

static void
a_hook_of_two_phases_that_is_deleted_after_each_runs_in_both(struct found *f)
{
	begin(f, OF_APPLICATION, NULL, A HOOK("PreSync,PostSync", "HookSucceeded"));
	expect(f, f->made == 2, "it does not run twice");
}

static void
hooks_are_deleted_with_their_application(struct found *f)
{
	begin(f, OF_APPLICATION, NULL, A HOOK("PostSync", "BeforeHookCreation"));
	expect(f, live(f, "jobs", "hook") != NULL, "the hook is not there");
	user_does(f, "DELETE", APPLICATION, NULL);
	process_run(&f->process, 60000);
	expect(f, syncer_object(f->syncer, f->process.cluster->store) == NULL, "the Application is not deleted");
	expect(f, live(f, "jobs", "hook") == NULL, "the hook stays");
}

/* Automated, without self-heal; a user is faster with a sync that is not the whole one. */
static void
after_a_users_partial_sync(struct found *f, const char *sync)
{
	begin(f, OF_APPLICATION, "{\"spec\": {\"syncPolicy\": {\"automated\": {\"selfHeal\": false}}}}", A SERVICE);
	memory_commit(&f->memory, A2 SERVICE);
	f->memory.head = 1;
	user_does(f, "PATCH", APPLICATION, sync);
	wait_for_head(f);
	expect(f, str_eq(json_string_value(json_at(live(f, "configmaps", "a"), "/data/v")), "2"),
	    "the commit is not synced");
}

static void
a_users_dry_run_does_not_keep_a_commit_from_being_synced(struct found *f)
{
	after_a_users_partial_sync(f, "{\"operation\": {\"sync\": {\"dryRun\": true}}}");
}

static void
a_users_partial_sync_does_not_keep_a_commit_from_being_synced(struct found *f)
{
	after_a_users_partial_sync(
	    f, "{\"operation\": {\"sync\": {\"resources\": [{\"kind\": \"Service\", \"name\": \"s\"}]}}}");
}

static void
what_git_drops_with_replace_goes(struct found *f)
{
	begin(f, OF_APPLICATION, NULL,
	    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {argocd.argoproj.io/sync-options: "
	    "Replace=true}}, data: {v: '1', more: '1'}}\n");
	expect(f, annotation(f, "configmaps", "a", "argocd.argoproj.io/sync-options") != NULL, "it is not applied");
	push(f, A);
	process_run(&f->process, 30000);
	expect(f, annotation(f, "configmaps", "a", "argocd.argoproj.io/sync-options") == NULL,
	    "the annotation that Git dropped stays");
	expect(f, json_at(live(f, "configmaps", "a"), "/data/more") == NULL, "the key that Git dropped stays");
}

static void
a_job_that_is_no_hook_any_more_is_an_object_as_others(struct found *f)
{
	begin(f, OF_APPLICATION, "{\"spec\": {\"syncPolicy\": {\"syncOptions\": [\"ApplyOutOfSyncOnly=true\"]}}}",
	    A HOOK("PostSync", "BeforeHookCreation"));
	push(f,
	    A "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: hook}, spec: {template: {spec: {restartPolicy: "
	      "Never, containers: [{name: c, image: c, command: [\"true\"]}]}}}}\n");
	process_run(&f->process, 30000);
	expect(f, annotation(f, "jobs", "hook", "argocd.argoproj.io/hook") == NULL, "it is a hook still");
	push(f, A);
	process_run(&f->process, 30000);
	expect(f, live(f, "jobs", "hook") == NULL, "it is not pruned");
}

#define REFRESH(how) "{\"metadata\": {\"annotations\": {\"argocd.argoproj.io/refresh\": " how "}}}"

static const char *
refresh_of(const struct found *f)
{
	return json_str(
	    json_at(store_get(f->process.cluster->store, "applications", "argocd", "web"), "/metadata/annotations"),
	    "argocd.argoproj.io/refresh");
}

/* The worker of the first one is at work when the second one comes, and finds nothing that would have to be written. */
static void
a_refresh_that_is_requested_during_another_is_not_forgotten(struct found *f)
{
	begin(f, OF_APPLICATION, NULL, A);
	process_run(&f->process, 20000);
	user_does(f, "PATCH", APPLICATION, REFRESH("\"normal\""));
	process_run(&f->process, 4);
	user_does(f, "PATCH", APPLICATION, REFRESH("\"hard\""));
	process_run(&f->process, 20000);
	expect(f, refresh_of(f) == NULL, "it waits for the interval");
}

/* The worker compares because a live object changed, and finds nothing that would have to be written. */
static void
a_sync_that_is_requested_during_a_comparison_is_not_forgotten(struct found *f)
{
	begin(f, OF_APPLICATION, NULL, A);
	process_run(&f->process, 20000);
	user_does(f, "PATCH", CONFIG_MAPS "/a", "{\"metadata\": {\"annotations\": {\"of\": \"a user\"}}}");
	process_run(&f->process, 2);
	user_does(f, "PATCH", APPLICATION, "{\"operation\": {\"sync\": {\"dryRun\": true}}}");
	process_run(&f->process, 20000);
	expect(f, json_at(store_get(f->process.cluster->store, "applications", "argocd", "web"), "/operation") == NULL,
	    "it waits for the interval");
}

bool
gitops_found(void)
{
	static const struct {
		const char *name;
		void (*play)(struct found *);
	} rows[] = {
#define ROW(name) { #name, name }
		ROW(a_kustomization_without_prune_is_applied),
		ROW(what_git_excludes_from_reconciling_is_pruned_later),
		ROW(a_live_object_may_say_that_it_is_not_reconciled),
		ROW(a_kustomization_is_deleted_with_all_its_objects),
		ROW(a_kind_waits_for_one_before_it_whose_request_failed),
		ROW(what_is_not_to_be_pruned_is_not_synced_again_and_again),
		ROW(a_hook_of_two_phases_runs_in_both),
		ROW(a_hook_of_two_phases_that_is_deleted_after_each_runs_in_both),
		ROW(hooks_are_deleted_with_their_application),
		ROW(a_users_dry_run_does_not_keep_a_commit_from_being_synced),
		ROW(a_users_partial_sync_does_not_keep_a_commit_from_being_synced),
		ROW(what_git_drops_with_replace_goes),
		ROW(a_job_that_is_no_hook_any_more_is_an_object_as_others),
		ROW(a_refresh_that_is_requested_during_another_is_not_forgotten),
		ROW(a_sync_that_is_requested_during_a_comparison_is_not_forgotten),
	};
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct found f;

		rows[i].play(&f);
		end(&f);
		if (f.why != NULL)
			printf("not ok %s: %s\n", rows[i].name, f.why);
		ok &= f.why == NULL;
	}
	if (ok)
		printf("ok %zu short lives of Applications and Kustomizations that random ones have found\n",
		    ARRAY_SIZE(rows));
	return ok;
}
