/* tests/simulation/gitops_seeds.c: random commits, people who change and delete what Git has, requests that fail or lose their answers, and processes
 * that die. Then there is quiet, and a last commit: what it has is there as it has it, nothing else of what was applied is, and what others
 * made was never touched.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/rand.h"
#include "base/str.h"
#include "tests/simulation/gitops_world.h"

#define TROUBLE_MS 240000
#define PAUSE_MS 15000 /* between two things that happen, at most */
#define MEET_MS 100
#define PATIENCE_MS 700000 /* self-heal waits longer each time, up to five minutes */
#define OBJECTS 12

static const struct {
	const char *kind, *api_version, *root, *plural;
} kinds[] = {
	{ "ConfigMap", "v1", "/api/v1", "configmaps" },
	{ "ServiceAccount", "v1", "/api/v1", "serviceaccounts" },
	{ "Role", "rbac.authorization.k8s.io/v1", "/apis/rbac.authorization.k8s.io/v1", "roles" },
};

struct life {
	const struct syncer *syncer;
	struct arena *arena;
	struct process process;
	struct memory memory;
	struct rand_stream rand;
	bool wanted[OBJECTS]; /* by the last commit; the first is by all */
	unsigned value[OBJECTS]; /* that the last commit that had it gave it */
	unsigned last_value;
	bool by_person; /* what is written now, a person writes */
	bool verbose;
	char why[512];
};

#define note(l, ...)                                                                                                   \
	do {                                                                                                           \
		if ((l)->verbose) {                                                                                    \
			printf("%9.3f ", (double)cluster_now((l)->process.cluster) / 1000);                            \
			printf(__VA_ARGS__);                                                                           \
			putchar('\n');                                                                                 \
		}                                                                                                      \
	} while (0)

static size_t
kind_of(size_t object)
{
	return object % ARRAY_SIZE(kinds);
}

static const char *
name_of(const struct life *l, size_t object)
{
	return arena_printf(l->arena, "object-%zu", object);
}

static const char *
path_of(const struct life *l, size_t kind, const char *name)
{
	return arena_printf(l->arena, "%s/namespaces/shop/%s%s%s", kinds[kind].root, kinds[kind].plural,
	    name != NULL ? "/" : "", name != NULL ? name : "");
}

static const json_t *
object_of(const struct life *l, size_t object)
{
	return store_get(l->process.cluster->store, kinds[kind_of(object)].plural, "shop", name_of(l, object));
}

static const char *
value_of(const json_t *object)
{
	return json_string_value(json_at(object, "/metadata/annotations/value"));
}

/* What nobody applied stays as it is, and what all commits have is deleted by nobody but a person. */
static void
on_write(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct life *l = arg;
	const char *name = json_str(json_object_get(object, "metadata"), "name");

	(void)old;
	if (l->by_person || strcmp(type, "ADDED") == 0)
		return;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		if (strcmp(r->plural, kinds[k].plural) == 0 && str_eq(name, "stranger"))
			snprintf(l->why, sizeof(l->why), "the stranger among the %s is %s", r->plural, type);
	if (strcmp(type, "DELETED") == 0 && strcmp(r->plural, kinds[0].plural) == 0 && str_eq(name, "object-0"))
		snprintf(l->why, sizeof(l->why), "what every commit has is deleted");
}

/* --- what happens ---------------------------------------------------------------------------------------------------- */

static void
commit(struct life *l)
{
	struct str text;

	if (l->memory.n == COMMITS_MAX)
		return;
	str_init(&text, 1u << 16);
	for (size_t i = 0; i < OBJECTS; i++) {
		l->wanted[i] = i == 0 || rand_chance(&l->rand, 50);
		if (!l->wanted[i])
			continue;
		if (l->value[i] == 0 || rand_chance(&l->rand, 50))
			l->value[i] = ++l->last_value;
		str_addf(&text,
		    "---\n{apiVersion: %s, kind: %s, metadata: {name: object-%zu, annotations: {value: '%u', "
		    "argocd.argoproj.io/sync-wave: '%u'}}}\n",
		    kinds[kind_of(i)].api_version, kinds[kind_of(i)].kind, i, l->value[i],
		    (unsigned)rand_below(&l->rand, 3));
	}
	memory_commit(&l->memory, arena_strdup(l->arena, str_text(&text)));
	str_done(&text);
	note(l, "commit %zu", l->memory.n);
	if (rand_chance(&l->rand, 60))
		syncer_move(l->syncer, &l->process, l->memory.n - 1);
	else
		l->memory.head = l->memory.n - 1;
}

static void
change_by_hand(struct life *l)
{
	size_t object = rand_below(&l->rand, OBJECTS);
	const char *path = path_of(l, kind_of(object), name_of(l, object));

	if (object_of(l, object) == NULL)
		return;
	l->by_person = true;
	if (rand_chance(&l->rand, 30)) {
		note(l, "%s is deleted by hand", path);
		store_do(l->process.cluster->store, "DELETE", NULL, path, NULL);
	} else {
		note(l, "%s is changed by hand", path);
		store_do(l->process.cluster->store, "PATCH", "application/merge-patch+json", path,
		    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", "value", "by hand"));
	}
	l->by_person = false;
}

static void
make_trouble(struct life *l)
{
	struct process *p = &l->process;

	p->how = (enum trouble)rand_below(&l->rand, TROUBLE_NONE);
	p->at = p->requests + 1 + (unsigned)rand_below(&l->rand, 10);
	if (p->requests == 0)
		p->at = 1;
	note(l, "request %u, from %u on, %s", p->at, p->requests, trouble_names[p->how]);
}

static void
kill_process(struct life *l)
{
	note(l, "the process is killed");
	process_stop(&l->process);
	process_start(&l->process);
}

static void
happen(struct life *l)
{
	unsigned which = (unsigned)rand_below(&l->rand, 100);

	if (which < 35)
		commit(l);
	else if (which < 60)
		change_by_hand(l);
	else if (which < 90)
		make_trouble(l);
	else
		kill_process(l);
	/* Half of what happens meets what is still going on. */
	process_run(&l->process, (int64_t)rand_below(&l->rand, rand_chance(&l->rand, 50) ? MEET_MS : PAUSE_MS));
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

/* What is not as it should be, or NULL. */
static const char *
differs(const struct life *l)
{
	for (size_t i = 0; i < OBJECTS; i++) {
		const json_t *is = object_of(l, i);
		const char *want = arena_printf(l->arena, "%u", l->value[i]);

		if (!l->wanted[i] && is != NULL)
			return arena_printf(l->arena, "object-%zu is there, which Git does not have", i);
		if (l->wanted[i] && !str_eq(value_of(is), want))
			return arena_printf(l->arena, "object-%zu is %s, and %s in Git", i,
			    is == NULL		   ? "not there"
			    : value_of(is) != NULL ? value_of(is)
						   : "without a value",
			    want);
	}
	return l->syncer->has(syncer_object(l->syncer, l->process.cluster->store), memory_id(l->memory.head))
		   ? NULL
		   : "the last commit is not said to be there";
}

static void
settle(struct life *l)
{
	const char *why = NULL;

	l->process.at = 0;
	commit(l);
	syncer_move(l->syncer, &l->process, l->memory.n - 1);
	for (int64_t ms = 0; ms < PATIENCE_MS && l->why[0] == '\0'; ms += 1000) {
		if ((why = differs(l)) == NULL)
			return;
		process_run(&l->process, 1000);
	}
	if (l->why[0] == '\0')
		snprintf(l->why, sizeof(l->why), "%s", why);
}

static bool
live(uint64_t seed, const struct syncer *syncer, bool verbose)
{
	struct life l = {
		.syncer = syncer, .arena = arena_new(), .rand = rand_stream(seed, "gitops"), .verbose = verbose
	};
	struct store *s;

	l.process =
	    (struct process){ .cluster = cluster_new(seed), .memory = &l.memory, .controllers = syncer->controllers };
	s = l.process.cluster->store;
	make_namespaces(s);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		store_do(s, "POST", "application/json", path_of(&l, k, NULL),
		    json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", kinds[k].api_version, "kind", kinds[k].kind,
			"metadata", "name", "stranger"));
	store_on_write(s, on_write, &l);
	commit(&l);
	process_start(&l.process);
	syncer->make(s);
	while (cluster_now(l.process.cluster) < TROUBLE_MS && l.why[0] == '\0' && l.memory.n < COMMITS_MAX - 1)
		happen(&l);
	settle(&l);
	process_stop(&l.process);
	cluster_free(l.process.cluster);
	arena_free(l.arena);
	if (l.why[0] != '\0')
		printf("not ok seed %" PRIu64 " with one %s: %s\n  replay: build/simulation --gitops-seed %" PRIu64
		       "\n",
		    seed, syncer->name, l.why, seed);
	return l.why[0] == '\0';
}

bool
gitops_seeds(uint64_t first, uint64_t n, bool verbose)
{
	for (uint64_t seed = first; seed < first + n; seed++)
		for (size_t i = 0; i < SYNCERS; i++)
			if (!live(seed, &syncers[i], verbose))
				return false;
	printf("ok %" PRIu64 " random lives of an Application and of a Kustomization end with what Git has\n", n);
	return true;
}
