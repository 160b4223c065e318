/* tests/simulation/gitops_seeds.c: random lives of an Application and of a Kustomization: what users want of it,
 * commits of every kind, changes by hand, syncs that users request, deletions, requests that fail or lose their
 * responses, and processes that die. A judge checks every write (gitops_judge.h). Then there is quiet and a last
 * commit: the cluster becomes what it says, as far as the wish allows, and after that nothing is written any more.
 * In the end half of them are deleted, and take their objects with them or not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "kube/api/application.h"
#include "kube/api/flux.h"
#include "tests/simulation/gitops_judge.h"

#define PAUSE_MS 20000 /* between two acts, at most */
#define MEET_MS 100
#define PATIENCE_MS 900000 /* self-heal waits longer each time, up to five minutes */
#define QUIET_MS 1300000 /* two comparisons of a Kustomization, and more of an Application */
#define SYNC_MS 30000 /* between two syncs that a user requests */
#define STUCK_MS 240000 /* then a user ends a sync */
#define APPLICATION "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"
#define KUSTOMIZATIONS "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/shop/kustomizations"

struct life {
	const struct syncer *syncer;
	struct arena *arena;
	struct process process;
	struct memory memory;
	struct model model;
	struct gitops_judge judge;
	struct rand_stream rand;
	struct revision now; /* the next commit starts from it */
	unsigned last_value;
	int64_t requested_at, began_at; /* wall ms: a user requested a sync; one that runs was first seen */
	bool held[KEYS]; /* a user's finalizer holds it */
	bool verbose;
};

#define note(l, ...)                                                                                                   \
	do {                                                                                                           \
		if ((l)->verbose) {                                                                                    \
			printf("%9.3f ", (double)cluster_now((l)->process.cluster) / 1000);                            \
			printf(__VA_ARGS__);                                                                           \
			putchar('\n');                                                                                 \
		}                                                                                                      \
	} while (0)

static int
user_does(struct life *l, const char *method, const char *type, const char *path, json_t *body)
{
	int status;

	l->judge.by_user = true;
	status = store_do(l->process.cluster->store, method, type, path, body);
	l->judge.by_user = false;
	return status;
}

static int
user_patches(struct life *l, const char *path, json_t *patch)
{
	return user_does(l, "PATCH", "application/merge-patch+json", path, patch);
}

static const json_t *
web(const struct life *l)
{
	return syncer_object(l->syncer, l->process.cluster->store);
}

static bool
is_failed(const struct life *l)
{
	return l->judge.why[0] != '\0';
}

static void
run(struct life *l, int64_t ms)
{
	if (!is_failed(l))
		process_run(&l->process, ms);
}

static struct wish
draw_wish(struct life *l)
{
	struct rand_stream *r = &l->rand;
	bool automated = rand_chance(r, 75);
	struct wish w = { .prune = rand_chance(r, 75),
		.finalizer = rand_chance(r, 60),
		.automated = automated,
		.self_heal = rand_chance(r, 60),
		.allow_empty = rand_chance(r, 30),
		.recurse = rand_chance(r, 30),
		.ignore =
		    l->model.flux || !rand_chance(r, 35) ? IGNORE_NOTHING : (enum ignore_by)(1 + rand_below(r, 3)),
		.retries = rand_chance(r, 50) ? -1 : (int)rand_below(r, 4),
		.wait = rand_chance(r, 40),
		.checks = rand_chance(r, 20),
		.force = l->model.flux && rand_chance(r, 20),
		.depends = l->model.flux && rand_chance(r, 40),
		.substitute = rand_chance(r, 50),
		.orphan = rand_chance(r, 10),
		.v = 1 };

	for (unsigned bit = WISH_PRUNE_LAST; bit <= WISH_BACKGROUND && !l->model.flux; bit *= 2)
		if (rand_chance(r, bit == WISH_KEEP || bit == WISH_CONFIRM || bit == WISH_APPROVE ? 5 : 15))
			w.options |= bit;
	return w;
}

static json_t *
options_json(const struct life *l, const struct wish *w)
{
	static const struct {
		unsigned bit;
		const char *text;
	} rows[] = { { WISH_CREATE_NAMESPACE, "CreateNamespace=true" }, { WISH_PRUNE_LAST, "PruneLast=true" },
		{ WISH_REPLACE, "Replace=true" }, { WISH_FORCE, "Force=true" },
		{ WISH_OUT_OF_SYNC_ONLY, "ApplyOutOfSyncOnly=true" }, { WISH_RESPECT, "RespectIgnoreDifferences=true" },
		{ WISH_SERVER_SIDE, "ServerSideApply=true" }, { WISH_FAIL_ON_SHARED, "FailOnSharedResource=true" },
		{ WISH_KEEP, "Prune=false" }, { WISH_CONFIRM, "Prune=confirm" }, { WISH_APPROVE, "Delete=confirm" },
		{ WISH_BACKGROUND, "PrunePropagationPolicy=background" } };
	json_t *list = json_array();

	(void)l;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		/* Of two that exclude each other the first is meant. */
		if ((w->options & rows[i].bit) != 0 && !(rows[i].bit == WISH_CONFIRM && (w->options & WISH_KEEP) != 0))
			json_array_append_new(list, json_string(rows[i].text));
	return list;
}

/* How a difference is ignored. */
static const struct {
	const char *member, *value;
} ignored[] = {
	[IGNORE_POINTER] = { "jsonPointers", "/data/ignored" },
	[IGNORE_JQ] = { "jqPathExpressions", ".data.ignored" },
	[IGNORE_MANAGER] = { "managedFieldsManagers", STRANGER },
};

static json_t *
application_spec(const struct life *l, const struct wish *w)
{
	json_t *policy = json_pack("{s:o}", "syncOptions", options_json(l, w)),
	       *source = json_pack("{s:s, s:s}", "repoURL", "https://git.example/web", "path", "web"),
	       *spec = json_pack("{s:s, s:o, s:{s:s, s:s}, s:o}", "project", "default", "source", source, "destination",
		   "name", "in-cluster", "namespace", l->model.places[0], "syncPolicy", policy);

	if (w->recurse && !l->model.kustomized)
		json_object_set_new(source, "directory", json_pack("{s:b}", "recurse", 1));
	if (w->automated)
		json_object_set_new(policy, "automated",
		    json_pack(
			"{s:b, s:b, s:b}", "prune", w->prune, "selfHeal", w->self_heal, "allowEmpty", w->allow_empty));
	if (w->retries >= 0)
		json_object_set_new(policy, "retry",
		    json_pack("{s:i, s:{s:s, s:i, s:s}}", "limit", w->retries, "backoff", "duration", "3s", "factor", 2,
			"maxDuration", "1m"));
	if (w->ignore != IGNORE_NOTHING)
		json_object_set_new(spec, "ignoreDifferences",
		    json_pack(
			"[{s:s, s:[s]}]", "kind", "ConfigMap", ignored[w->ignore].member, ignored[w->ignore].value));
	return spec;
}

static json_t *
kustomization_spec(const struct life *l, const struct wish *w)
{
	json_t *spec = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:{s:s, s:s}}", "interval", "10m",
	    "retryInterval", "1m", "timeout", "1m", "path", "./web", "prune", w->prune, "wait", w->wait, "force",
	    w->force, "suspend", w->suspend, "sourceRef", "kind", "GitRepository", "name", "web");

	if (l->model.one_place)
		json_object_set_new(spec, "targetNamespace", json_string(l->model.places[0]));
	if (w->substitute)
		json_object_set_new(
		    spec, "postBuild", json_pack("{s:{s:s}}", "substitute", "v", arena_printf(l->arena, "v%u", w->v)));
	if (w->depends)
		json_object_set_new(spec, "dependsOn", json_pack("[{s:s}]", "name", "base"));
	if (w->orphan)
		json_object_set_new(spec, "deletionPolicy", json_string("Orphan"));
	if (w->checks)
		json_object_set_new(spec, "healthChecks",
		    json_pack("[{s:s, s:s, s:s, s:s}]", "apiVersion", "v1", "kind", "ConfigMap", "name", "a",
			"namespace", l->model.places[0]));
	return spec;
}

static void
make(struct life *l)
{
	const struct wish *w = &l->judge.wish;
	json_t *meta = json_pack("{s:s}", "name", "web"),
	       *object = json_pack("{s:s, s:s, s:o, s:o}", "apiVersion",
		   l->model.flux ? "kustomize.toolkit.fluxcd.io/v1" : "argoproj.io/v1alpha1", "kind", l->syncer->name,
		   "metadata", meta, "spec", l->model.flux ? kustomization_spec(l, w) : application_spec(l, w));

	if (!l->model.flux && w->finalizer)
		json_object_set_new(meta, "finalizers", json_pack("[s]", APPLICATION_FINALIZER));
	user_does(l, "POST", "application/json",
	    l->model.flux ? KUSTOMIZATIONS : "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications", object);
}

static void
make_sources(struct life *l)
{
	user_does(l, "POST", "application/json", "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/gitrepositories",
	    json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:{s:s}}}", "apiVersion", "source.toolkit.fluxcd.io/v1", "kind",
		"GitRepository", "metadata", "name", "web", "spec", "url", "https://git.example/web", "interval", "10m",
		"ref", "branch", "main"));
	user_does(l, "POST", "application/json", KUSTOMIZATIONS,
	    json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:s, s:b, s:{s:s, s:s}}}", "apiVersion",
		"kustomize.toolkit.fluxcd.io/v1", "kind", "Kustomization", "metadata", "name", "base", "spec",
		"interval", "10m", "retryInterval", "1m", "path", "./base", "prune", 1, "sourceRef", "kind",
		"GitRepository", "name", "web"));
}

static void
push(struct life *l, bool soon)
{
	struct revision *r = &l->judge.revisions[l->memory.n];
	struct tree_entry *files;
	size_t n;

	*r = l->now;
	files = model_files(l->arena, &l->model, r, &n);
	memory_commit_files(&l->memory, files, n);
	note(l, "commit %zu%s%s%s", l->memory.n, r->broken ? ", which is broken" : "",
	    r->no_path ? ", without the directory" : "", r->empty ? ", without objects" : "");
	l->memory.head = l->memory.n - 1;
	if (soon)
		syncer_move(l->syncer, &l->process, l->memory.head);
}

static void
commit(struct life *l)
{
	if (l->memory.n >= COMMITS_MAX - 2)
		return;
	if (rand_chance(&l->rand, 8)) {
		/* A push by force, back to an older commit. */
		l->memory.head = (size_t)rand_below(&l->rand, l->memory.n);
		l->now = l->judge.revisions[l->memory.head];
		note(l, "back to commit %zu", l->memory.head + 1);
		syncer_move(l->syncer, &l->process, l->memory.head);
		return;
	}
	if (rand_chance(&l->rand, 10))
		l->now = l->judge.revisions[rand_below(&l->rand, l->memory.n)];
	else
		model_change(&l->model, &l->rand, &l->last_value, &l->now);
	push(l, rand_chance(&l->rand, 60));
}

static void
change_by_hand(struct life *l)
{
	size_t key = (size_t)rand_below(&l->rand, KEYS);
	const char *path;

	for (int i = 0; i < 20 && gitops_judge_live(&l->judge, key) == NULL; i++)
		key = (size_t)rand_below(&l->rand, KEYS);
	if (gitops_judge_live(&l->judge, key) == NULL)
		return;
	path = model_path(l->arena, &l->model, key);
	switch (rand_below(&l->rand, 7)) {
	case 6:
		if (!l->model.flux)
			break;
		note(l, "%s is not to be reconciled", path);
		user_patches(l, path,
		    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", "kustomize.toolkit.fluxcd.io/reconcile",
			"disabled"));
		break;
	case 0:
		note(l, "%s is deleted by hand", path);
		user_does(l, "DELETE", NULL, path, NULL);
		break;
	case 1:
		note(l, "%s gets more by hand", path);
		user_patches(l, path, json_pack("{s:{s:{s:s}}}", "metadata", "annotations", "hand", "more"));
		break;
	case 2:
		note(l, "%s loses something by hand", path);
		user_patches(l, path, json_pack("{s:{s:{s:n}}}", "metadata", "annotations", "value"));
		break;
	case 3:
		if (strcmp(model_kind_of(key)->kind, "ConfigMap") != 0)
			break;
		note(l, "%s: data.ignored is changed by hand", path);
		user_patches(l, arena_printf(l->arena, "%s?fieldManager=" STRANGER, path),
		    json_pack("{s:{s:s}}", "data", "ignored", "by hand"));
		break;
	case 4:
		note(l, "%s is held by hand", path);
		l->held[key] = true;
		user_patches(l, path, json_pack("{s:{s:[s]}}", "metadata", "finalizers", "example.com/hold"));
		break;
	default:
		note(l, "%s is changed by hand", path);
		user_patches(l, path, json_pack("{s:{s:{s:s}}}", "metadata", "annotations", "value", "by hand"));
		break;
	}
}

static void
let_go(struct life *l)
{
	for (size_t key = 0; key < KEYS; key++)
		if (l->held[key]) {
			l->held[key] = false;
			if (gitops_judge_live(&l->judge, key) != NULL)
				user_patches(l, model_path(l->arena, &l->model, key),
				    json_pack("{s:{s:n}}", "metadata", "finalizers"));
		}
}

static void
request_sync(struct life *l, bool prune, bool dry_run, bool of_one, bool force, bool without_hooks)
{
	json_t *sync = json_pack("{s:b, s:b}", "prune", prune, "dryRun", dry_run);
	size_t key = (size_t)rand_below(&l->rand, KEYS);

	if (json_object_get(web(l), "operation") != NULL || web(l) == NULL) {
		json_decref(sync);
		return;
	}
	if (of_one)
		json_object_set_new(sync, "resources",
		    json_pack("[{s:s, s:s, s:s, s:s}]", "group", model_kind_of(key)->group, "kind",
			model_kind_of(key)->kind, "name", model_name_of(key), "namespace",
			model_place_of(&l->model, key)));
	if (force || without_hooks)
		json_object_set_new(
		    sync, "syncStrategy", json_pack("{s:{s:b}}", without_hooks ? "apply" : "hook", "force", force));
	note(l, "a user requests a sync: %s", json_text(l->arena, sync));
	l->requested_at = cluster_wall(l->process.cluster);
	user_patches(l, APPLICATION,
	    json_pack("{s:{s:{s:s}, s:o}}", "operation", "initiatedBy", "username", "user", "sync", sync));
}

static void
confirm(struct life *l)
{
	int64_t now = cluster_wall(l->process.cluster);

	note(l, "a user confirms deletions");
	l->judge.approved_at = now;
	user_patches(l, APPLICATION,
	    json_pack(
		"{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_DELETION_APPROVED, time_format(l->arena, now)));
}

static void
terminate(struct life *l)
{
	if (!str_eq(json_string_value(json_at(web(l), "/status/operationState/phase")), "Running") ||
	    json_object_get(web(l), "operation") == NULL)
		return;
	note(l, "a user ends the sync");
	user_patches(l, APPLICATION, json_pack("{s:{s:{s:s}}}", "status", "operationState", "phase", "Terminating"));
}

static void
put_spec(struct life *l)
{
	const struct wish *w = &l->judge.wish;

	user_does(l, "PATCH", "application/json-patch+json", l->syncer->path,
	    json_pack("[{s:s, s:s, s:o}]", "op", "replace", "path", "/spec", "value",
		l->model.flux ? kustomization_spec(l, w) : application_spec(l, w)));
}

static void
want_something_else(struct life *l)
{
	struct wish to = l->judge.wish;

	if (l->model.flux)
		switch (rand_below(&l->rand, 6)) {
		case 0:
		case 1: to.suspend = !to.suspend; break;
		case 2: to.prune = !to.prune; break;
		case 3: to.wait = !to.wait; break;
		case 4: to.force = !to.force; break;
		default: to.v++; break;
		}
	else
		switch (rand_below(&l->rand, 6)) {
		case 0: to.automated = !to.automated; break;
		case 1: to.self_heal = !to.self_heal; break;
		case 2: to.prune = !to.prune; break;
		case 3: to.recurse = !to.recurse; break;
		default: to.options ^= WISH_PRUNE_LAST << rand_below(&l->rand, 11); break;
		}
	gitops_judge_wish(&l->judge, &to);
	note(l,
	    "the spec is changed: prune %d, automated %d, selfHeal %d, recurse %d, options %x, suspend %d, wait %d, "
	    "force %d, v%u",
	    to.prune, to.automated, to.self_heal, to.recurse, to.options, to.suspend, to.wait, to.force, to.v);
	put_spec(l);
}

/* Removes the rest of an Application that is deleted without its objects. */
static void
forget_objects(struct life *l)
{
	for (size_t key = 0; key < KEYS; key++)
		l->judge.orphan[key] |= gitops_judge_live(&l->judge, key) != NULL;
}

static bool
takes_objects(const struct life *l)
{
	const struct wish *w = &l->judge.wish;

	return l->model.flux ? w->prune && !w->orphan && !w->suspend : w->finalizer;
}

static void
delete_web(struct life *l)
{
	note(l, "it is deleted");
	forget_objects(l);
	user_does(l, "DELETE", NULL, l->syncer->path, NULL);
}

static void
operate(struct life *l)
{
	struct rand_stream *r = &l->rand;

	switch (rand_below(r, 8)) {
	case 0: want_something_else(l); break;
	case 1: want_something_else(l); break;
	case 2: let_go(l); break;
	case 3:
		if (rand_chance(r, 30))
			delete_web(l);
		break;
	case 4:
		if (web(l) == NULL)
			make(l);
		break;
	default:
		if (l->model.flux) {
			syncer_move(l->syncer, &l->process, l->memory.head);
			user_patches(l, l->syncer->path,
			    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", ANNOTATION_REQUESTED_AT,
				arena_printf(l->arena, "%u", ++l->last_value)));
		} else if (rand_chance(r, 20)) {
			terminate(l);
		} else if (rand_chance(r, 20)) {
			confirm(l);
		} else {
			request_sync(l, rand_chance(r, 50), rand_chance(r, 10), rand_chance(r, 20), rand_chance(r, 20),
			    rand_chance(r, 15));
		}
		break;
	}
}

static void
make_fault(struct life *l)
{
	struct process *p = &l->process;

	p->how = (enum request_fault)rand_below(&l->rand, REQUEST_FAULT_NONE);
	p->at = p->requests + 1 + (unsigned)rand_below(&l->rand, 10);
	if (p->requests == 0)
		p->at = 1;
	note(l, "request %u, from %u on, %s", p->at, p->requests, request_fault_names[p->how]);
}

static void
happen(struct life *l)
{
	unsigned which = (unsigned)rand_below(&l->rand, 100);

	if (which < 35) {
		commit(l);
	} else if (which < 50) {
		change_by_hand(l);
	} else if (which < 75) {
		operate(l);
	} else if (which < 90) {
		make_fault(l);
	} else if (which < 95) {
		l->memory.unreachable = !l->memory.unreachable;
		note(l, "the repository %s", l->memory.unreachable ? "is not reached" : "is reached again");
	} else {
		note(l, "the process is killed");
		process_stop(&l->process);
		process_start(&l->process);
	}
	/* Half of what happens meets what is still going on. */
	run(l, (int64_t)rand_below(&l->rand, rand_chance(&l->rand, 50) ? MEET_MS : PAUSE_MS));
}

/* The last commit has nothing that cannot be applied: no Job whose command would change, or that fails. */
static void
make_good(struct life *l)
{
	struct revision *r = &l->now;

	r->broken = r->base_broken = r->no_path = r->empty = false;
	for (size_t key = 0; key < KEYS; key++) {
		struct item *item = &r->items[key];
		const json_t *live = gitops_judge_live(&l->judge, key);

		if (!item->there)
			continue;
		/* A Job cannot be changed: it is dropped, unless it is a hook, or is there for the first time. */
		if (strcmp(model_kind_of(key)->kind, "Job") == 0 && item->hooks == 0 &&
		    (live != NULL || item->fails || item->command > 0))
			item->there = false;
		item->fails = false;
		if (item->hooks != 0)
			item->hook_delete |= DELETE_BEFORE;
		if (l->judge.contested[key])
			item->there = false;
	}
	r->items[NAMES * PLACES].value = ++l->last_value;
}

static bool
has_condition(const struct life *l, const char *type)
{
	return status_condition(json_object_get(web(l), "status"), type) != NULL;
}

/* A user's last sync has left what is to be pruned: as with Argo CD, the next one is a user's too. */
static bool
is_without_prune(const struct life *l)
{
	const json_t *state = json_at(web(l), "/status/operationState");

	return l->judge.wish.automated && l->judge.wish.prune && !l->judge.wish.self_heal &&
	       json_at(state, "/operation/initiatedBy/username") != NULL &&
	       str_eq(json_str(state, "phase"), "Succeeded") && !json_is_true(json_at(state, "/operation/sync/prune"));
}

/* Users see to what waits for them. */
static void
attend(struct life *l)
{
	int64_t now = cluster_wall(l->process.cluster);

	if (web(l) == NULL) {
		make(l);
		return;
	}
	if (l->model.flux)
		return;
	if (has_condition(l, "ConfirmationRequired"))
		confirm(l);
	if (!str_eq(json_string_value(json_at(web(l), "/status/operationState/phase")), "Running"))
		l->began_at = now;
	else if (now - l->began_at > STUCK_MS)
		terminate(l);
	if (is_without_prune(l))
		request_sync(l, true, false, false, false, false);
	if (!l->judge.wish.automated && now - l->requested_at > SYNC_MS &&
	    !l->syncer->has(web(l), memory_id(l->memory.head)))
		request_sync(l, l->judge.wish.prune, false, false, false, false);
}

/* The status says that the last commit is there. */
static bool
is_reported(const struct life *l)
{
	const json_t *o = web(l);
	const char *id = memory_id(l->memory.head);

	if (json_at(o, "/metadata/deletionTimestamp") != NULL)
		return false;
	if (!l->model.flux && gitops_judge_leftover(&l->judge, l->memory.head))
		return !str_eq(json_string_value(json_at(o, "/status/operationState/phase")), "Running") &&
		       str_eq(json_string_value(json_at(o, "/status/sync/revision")), id) &&
		       json_object_get(o, "operation") == NULL;
	return l->syncer->has(o, id);
}

static void
settle(struct life *l)
{
	struct wish to = l->judge.wish;
	const char *why = "";

	l->requested_at = l->began_at = cluster_wall(l->process.cluster);
	l->process.at = 0;
	l->memory.unreachable = false;
	let_go(l);
	to.suspend = false;
	gitops_judge_wish(&l->judge, &to);
	if (web(l) != NULL)
		put_spec(l);
	make_good(l);
	push(l, true);
	note(l, "quiet: this is the last commit");
	for (int64_t ms = 0; ms < PATIENCE_MS && !is_failed(l); ms += 1000) {
		attend(l);
		why = gitops_judge_differs(&l->judge, l->memory.head);
		if (why[0] == '\0' && is_reported(l))
			return;
		run(l, 1000);
	}
	if (!is_failed(l))
		snprintf(l->judge.why, sizeof(l->judge.why), "at the end %s",
		    why[0] != '\0' ? why : "the status does not say that the last commit is there");
}

static void
stay_quiet(struct life *l)
{
	unsigned long writes;
	const char *why;

	/* One more comparison may find that what was deleted is gone by now. */
	run(l, QUIET_MS / 2);
	writes = l->process.writes;
	run(l, QUIET_MS);
	if (is_failed(l))
		return;
	if (l->process.writes != writes)
		snprintf(l->judge.why, sizeof(l->judge.why), "nothing changes, and there are %lu writes",
		    l->process.writes - writes);
	else if ((why = gitops_judge_differs(&l->judge, l->memory.head))[0] != '\0')
		snprintf(l->judge.why, sizeof(l->judge.why), "in the quiet %s", why);
}

/* Returns true for an object that stays when the Application or Kustomization is deleted. */
static bool
stays(const struct life *l, const json_t *live)
{
	unsigned says = model_says(live);

	return l->model.flux ? (says & (SAYS_KEEP | SAYS_PAUSED)) != 0 : (says & SAYS_LEAVE) != 0;
}

static void
end(struct life *l)
{
	const struct revision *r = &l->judge.revisions[l->memory.head];
	bool ours[KEYS];

	if (is_failed(l))
		return;
	for (size_t key = 0; key < KEYS; key++)
		ours[key] = gitops_judge_is_ours(&l->judge, key);
	delete_web(l);
	for (int64_t ms = 0; ms < PATIENCE_MS && web(l) != NULL && !is_failed(l); ms += 1000) {
		if (!l->model.flux && has_condition(l, "ConfirmationRequired"))
			confirm(l);
		run(l, 1000);
	}
	if (!is_failed(l) && web(l) != NULL)
		snprintf(l->judge.why, sizeof(l->judge.why), "it is not deleted");
	run(l, 5000);
	for (size_t key = 0; key < KEYS && !is_failed(l); key++) {
		const json_t *live = gitops_judge_live(&l->judge, key);

		if (!ours[key] || !model_wants(&l->model, r, key, l->judge.wish.recurse))
			continue;
		if (live != NULL && takes_objects(l) && !stays(l, live))
			snprintf(l->judge.why, sizeof(l->judge.why), "it is deleted, and %s is still there",
			    model_path(l->arena, &l->model, key));
		if (live == NULL && !takes_objects(l))
			snprintf(l->judge.why, sizeof(l->judge.why),
			    "it is deleted without its objects, and %s is gone", model_path(l->arena, &l->model, key));
	}
}

/* Objects that others have made. */
static void
make_strangers(struct life *l)
{
	for (size_t key = 0; key < KEYS; key++) {
		const struct model_kind *k = model_kind_of(key);
		const char *place = model_place_of(&l->model, key),
			   *path = arena_printf(l->arena, "%s/namespaces/%s/%s", k->root, place, k->plural);

		/* One of its own, one of another Application, and a copy of one of ours, of each kind but Jobs. */
		if (key / PLACES % NAMES != 0 || strcmp(k->kind, "Job") == 0)
			continue;
		user_does(l, "POST", "application/json", path,
		    json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", k->api_version, "kind", k->kind, "metadata", "name",
			"stranger"));
		user_does(l, "POST", "application/json", path,
		    json_pack("{s:s, s:s, s:{s:s, s:{s:s, s:s}, s:{s:s}}}", "apiVersion", k->api_version, "kind",
			k->kind, "metadata", "name", "owned", "labels", "kustomize.toolkit.fluxcd.io/name", "other",
			"kustomize.toolkit.fluxcd.io/namespace", "shop", "annotations",
			"argocd.argoproj.io/tracking-id",
			arena_printf(l->arena, "other:%s/%s:%s/owned", k->group, k->kind, place)));
		user_does(l, "POST", "application/json", path,
		    json_pack("{s:s, s:s, s:{s:s, s:{s:s}}}", "apiVersion", k->api_version, "kind", k->kind, "metadata",
			"name", "copy", "annotations", "argocd.argoproj.io/tracking-id",
			arena_printf(l->arena, "web:%s/%s:%s/a", k->group, k->kind, place)));
	}
}

/* An object that Git has may be there before, as another Application's. */
static void
make_contested(struct life *l)
{
	for (size_t key = 0; key < KEYS; key++) {
		const struct model_kind *k = model_kind_of(key);
		bool other;

		if (strcmp(k->kind, "ConfigMap") != 0 || !rand_chance(&l->rand, 10))
			continue;
		other = !l->model.flux && rand_chance(&l->rand, 50);
		user_does(l, "POST", "application/json",
		    arena_printf(l->arena, "%s/namespaces/%s/%s", k->root, model_place_of(&l->model, key), k->plural),
		    json_pack("{s:s, s:s, s:{s:s, s:{s:s*}}, s:{s:s}}", "apiVersion", k->api_version, "kind", k->kind,
			"metadata", "name", model_name_of(key), "annotations", "argocd.argoproj.io/tracking-id",
			other ? arena_printf(l->arena, "other:/ConfigMap:%s/%s", model_place_of(&l->model, key),
				    model_name_of(key))
			      : NULL,
			"data", "hand", "made"));
		l->judge.contested[key] = other;
	}
}

static void
make_place(struct life *l, const char *name)
{
	user_does(l, "POST", "application/json", "/api/v1/namespaces",
	    json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name", name));
}

static void
begin(struct life *l)
{
	struct rand_stream *r = &l->rand;
	bool new_namespace;

	l->model = (struct model){ .flux = l->syncer->type == &flux_kustomization_type,
		.kustomized = rand_chance(r, 30),
		.one_place = rand_chance(r, 40),
		.commands_change = rand_chance(r, 20),
		.places = { "shop", "side" } };
	new_namespace = !l->model.flux && rand_chance(r, 15);
	if (new_namespace)
		l->model.places[0] = "made";
	gitops_judge_begin(&l->judge);
	l->judge.wish = l->judge.before = draw_wish(l);
	if (new_namespace)
		l->judge.wish.options |= WISH_CREATE_NAMESPACE;
	make_namespaces(l->process.cluster->store);
	make_definition(l->process.cluster->store);
	make_place(l, "side");
	make_strangers(l);
	if (!new_namespace)
		make_contested(l);
	model_begin(&l->model, r, &l->last_value, &l->now);
	push(l, false);
	process_start(&l->process);
	if (l->model.flux)
		make_sources(l);
	make(l);
}

static bool
live(uint64_t seed, const struct syncer *syncer, bool verbose)
{
	struct life l = {
		.syncer = syncer, .arena = arena_new(), .rand = rand_stream(seed, syncer->name), .verbose = verbose
	};
	unsigned acts;

	l.process = (struct process){ .cluster = cluster_new(seed),
		.memory = &l.memory,
		.controllers = syncer->controllers,
		.begun = gitops_judge_begun,
		.arg = &l.judge };
	l.judge = (struct gitops_judge){ .cluster = l.process.cluster,
		.memory = &l.memory,
		.model = &l.model,
		.arena = l.arena,
		.verbose = verbose };
	begin(&l);
	acts = 5 + (unsigned)rand_below(&l.rand, 20);
	for (unsigned i = 0; i < acts && !is_failed(&l); i++)
		happen(&l);
	if (!is_failed(&l))
		settle(&l);
	stay_quiet(&l);
	if (rand_chance(&l.rand, 50))
		end(&l);
	if (is_failed(&l) && verbose)
		printf("%s\n", json_text(l.arena, web(&l)));
	l.judge.over = true;
	process_stop(&l.process);
	gitops_judge_end(&l.judge);
	cluster_free(l.process.cluster);
	arena_free(l.arena);
	if (is_failed(&l))
		printf("not ok seed %" PRIu64 " with one %s: %s\n  replay: build/simulation --gitops-seed %" PRIu64
		       " %s\n",
		    seed, syncer->name, l.judge.why, seed, syncer->name);
	return !is_failed(&l);
}

bool
gitops_seeds(uint64_t first, uint64_t n, const char *only, bool verbose)
{
	bool ok = true;

	for (uint64_t seed = first; seed < first + n; seed++)
		for (size_t i = 0; i < SYNCERS; i++)
			if (only == NULL || str_eq(only, syncers[i].name))
				ok &= live(seed, &syncers[i], verbose);
	if (ok)
		printf(
		    "ok %" PRIu64 " random lives of an Application and of a Kustomization end with what Git has\n", n);
	return ok;
}
