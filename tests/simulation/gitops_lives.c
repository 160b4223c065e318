/* tests/simulation/gitops_lives.c: commits that supersede each other under every fault, with Applications and
 * Kustomizations. The second of three has hardly begun when the third replaces it, and nothing of the second may
 * stay. Or users name the first commit again, and the second may not be started any more. */
#include <stdio.h>
#include <string.h>
#include "tests/simulation/gitops_world.h"

#define PATIENCE_MS 60000
#define SOON_MS 10000 /* time for a request of a user without a fault */

static const char first[] =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: stays}, data: {commit: '1'}}\n"
    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: goes}, data: {a: b}}\n"
    "---\n{apiVersion: v1, kind: Service, metadata: {name: goes}, spec: {ports: [{port: 80}]}}\n";
/* A kind that no other commit has: only the inventory shows that an object of it exists. */
static const char second[] =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: stays}, data: {commit: '2'}}\n"
    "---\n{apiVersion: v1, kind: Service, metadata: {name: goes}, spec: {ports: [{port: 80}]}}\n"
    "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: comes-and-goes}}\n";
static const char third[] = "{apiVersion: v1, kind: ConfigMap, metadata: {name: stays}, data: {commit: '3'}}\n";

static const struct {
	const char *plural, *kind;
} strangers[] = { { "configmaps", "ConfigMap" }, { "services", "Service" }, { "serviceaccounts", "ServiceAccount" } };

struct life {
	const struct syncer *syncer;
	struct process process;
	struct memory memory;
	char why[512];
};

static struct store *
store_of(const struct life *l)
{
	return l->process.cluster->store;
}

static const json_t *
object_of(const struct life *l)
{
	return syncer_object(l->syncer, store_of(l));
}

/* Until the commit is there, or `or_fault` and the fault has come. */
static void
run_to(struct life *l, size_t commit, bool or_fault)
{
	int64_t patience = l->process.how == REQUEST_FAULT_NONE ? SOON_MS : PATIENCE_MS;

	for (int64_t ms = 0; ms < patience; ms++) {
		if (l->syncer->has(object_of(l), memory_id(commit)) ||
		    (or_fault && l->process.at != 0 && l->process.requests >= l->process.at))
			return;
		process_run(&l->process, 1);
	}
	if (l->why[0] == '\0')
		snprintf(l->why, sizeof(l->why), "commit %zu is not reached", commit + 1);
}

static bool
is_there(const struct life *l, const char *plural, const char *name)
{
	return store_get(store_of(l), plural, "shop", name) != NULL;
}

static void
check(struct life *l, bool stays)
{
	const char *data =
	    json_string_value(json_at(store_get(store_of(l), "configmaps", "shop", "stays"), "/data/commit"));

	if (l->why[0] != '\0')
		return;
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		if (!is_there(l, strangers[i].plural, "stranger"))
			snprintf(l->why, sizeof(l->why), "the stranger among the %s is gone", strangers[i].plural);
		if (is_there(l, strangers[i].plural, "goes") || is_there(l, strangers[i].plural, "comes-and-goes"))
			snprintf(l->why, sizeof(l->why), "of %s stays what Git dropped%s", strangers[i].plural,
			    stays ? "" : ", and nothing will remove it any more");
	}
	if (stays ? !str_eq(data, "3") : data != NULL)
		snprintf(l->why, sizeof(l->why), "the object that all commits have is as in commit %s",
		    data != NULL ? data : "none");
}

static void
begin(struct life *l)
{
	struct store *s = store_of(l);

	memory_commit(&l->memory, first);
	memory_commit(&l->memory, second);
	memory_commit(&l->memory, third);
	make_namespaces(s);
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		_cleanup_(freep) char *path = mem_printf("/api/v1/namespaces/shop/%s", strangers[i].plural);

		store_do(s, "POST", "application/json", path,
		    json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", strangers[i].kind, "metadata", "name",
			"stranger"));
	}
	process_start(&l->process);
	l->syncer->make(s);
	run_to(l, 0, false);
}

static void
end(struct life *l)
{
	store_do(store_of(l), "DELETE", NULL, l->syncer->path, NULL);
	for (int64_t ms = 0; ms < PATIENCE_MS && object_of(l) != NULL; ms += 100)
		process_run(&l->process, 100);
	if (object_of(l) != NULL && l->why[0] == '\0')
		snprintf(l->why, sizeof(l->why), "it is not deleted");
}

static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct life *l = arg;

	(void)type;
	if (strcmp(r->plural, l->syncer->pinned) == 0 && l->syncer->errs(old, object))
		snprintf(l->why, sizeof(l->why), "the superseded commit is started");
}

/* A life to the second commit, with that fault on the way. */
static void
start(struct life *l, const struct syncer *syncer, unsigned at, enum request_fault how)
{
	*l = (struct life){ .syncer = syncer };
	l->process = (struct process){
		.cluster = cluster_new(1), .memory = &l->memory, .controllers = syncer->controllers, .how = how
	};
	store_on_write(store_of(l), on_write, l);
	begin(l);
	l->process.at = at;
	syncer_move(syncer, &l->process, 1);
	run_to(l, 1, true);
}

/* Returns false after a failure, whose reason was printed. */
static bool
finish(struct life *l, const char *what)
{
	process_stop(&l->process);
	cluster_free(l->process.cluster);
	if (l->why[0] != '\0')
		printf("not ok %s with one %s, when request %u %s: %s\n", what, l->syncer->name, l->process.at,
		    request_fault_names[l->process.how], l->why);
	return l->why[0] == '\0';
}

static bool
overtaken(const struct syncer *syncer, unsigned at, enum request_fault how, unsigned *ret_requests)
{
	struct life l;

	start(&l, syncer, at, how);
	syncer_move(syncer, &l.process, 2);
	run_to(&l, 2, false);
	process_run(&l.process, 5000);
	check(&l, true);
	end(&l);
	check(&l, false);
	*ret_requests = l.process.requests;
	return finish(&l, "commits that come and go");
}

static bool
taken_back(const struct syncer *syncer, unsigned at)
{
	struct life l;

	start(&l, syncer, at, REQUEST_FAULT_NONE);
	syncer->pin(store_of(&l));
	/* The first is there already, unless the second has begun. */
	process_run(&l.process, 2000);
	run_to(&l, 0, false);
	return finish(&l, "a commit that is taken back");
}

bool
gitops_lives(unsigned stride)
{
	for (size_t i = 0; i < ARRAY_SIZE(syncers); i++) {
		unsigned n, ignored, played = 1;

		/* None is that late: without a fault. */
		if (!overtaken(&syncers[i], UINT32_MAX, REQUEST_FAULT_FAILS, &n))
			return false;
		for (int how = 0; how < REQUEST_FAULTS; how++)
			for (unsigned at = 1 + (unsigned)how % stride; at <= n; at += stride, played++)
				if (!overtaken(&syncers[i], at, (enum request_fault)how, &ignored))
					return false;
		for (unsigned at = 1; at <= n; at += stride, played++)
			if (!taken_back(&syncers[i], at))
				return false;
		printf(
		    "ok of commits that come and go nothing stays behind one %s, when one of %u requests fails, "
		    "loses its response, or is its process' last; and one that is taken back is not begun (%u lives)\n",
		    syncers[i].name, n, played);
	}
	return true;
}
