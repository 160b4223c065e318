/* tests/simulation/gitops_test.c: Applications against the store, in virtual time: the controller killed at every moment of a sync, every
 * request failing or losing its answer, and what a look costs when nothing has changed.
 *
 * The repository is in memory, and the work of `sluice gitops-worker` is done in this process, over the same transport as everything else.
 */
#include <stdio.h>
#include <string.h>
#include "gitops/application.h"
#include "gitops/work.h"
#include "tests/simulation/cluster.h"

#define COMMIT "1111111111111111111111111111111111111111"
#define STORED_MAX (1500u << 10) /* bytes of an object that etcd takes (--max-request-bytes) */

/* --- a repository in memory ------------------------------------------------------------------------------------------ */

struct memory {
	struct source source;
	struct tree_entry files[4];
	size_t n;
};

static struct err *
memory_read(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	(void)t;
	(void)a;
	(void)max;
	*ret = (struct bytes){ entry->id, strlen(entry->id) };
	return NULL;
}

static struct err *
memory_open(struct source *s, struct arena *a, const struct source_request *r, const char **ret_revision,
    const char **ret_reference, struct tree *ret)
{
	struct memory *m = (struct memory *)s;

	(void)a;
	(void)r;
	*ret_revision = COMMIT;
	*ret_reference = NULL;
	*ret = (struct tree){ .entries = m->files, .n = m->n, .read = memory_read };
	return NULL;
}

static void
memory_add(struct memory *m, const char *path, const char *text)
{
	m->source.open = memory_open;
	m->files[m->n++] = (struct tree_entry){ .path = path, .size = strlen(text), .id = text };
}

/* --- programs: the worker, here -------------------------------------------------------------------------------------- */

struct exchange {
	struct programs *owner;
	const struct receiver *to;
	void *arg;
	struct work *work;
	char *answer;
	struct timer timer;
	struct exchange *next;
};

struct programs {
	struct transport transport;
	struct transport *api;
	struct source *source;
	struct exchange *list;
};

static void
exchange_free(struct exchange *x)
{
	for (struct exchange **at = &x->owner->list; *at != NULL; at = &(*at)->next)
		if (*at == x) {
			*at = x->next;
			break;
		}
	loop_timer_stop(x->owner->transport.loop, &x->timer);
	work_cancel(x->work);
	free(x->answer);
	free(x);
}

static void
on_told(struct timer *t, void *arg)
{
	struct exchange *x = arg;
	struct reply r = { .status = 200, .body = { x->answer, strlen(x->answer) } };

	(void)t;
	x->to->done(x->arg, NULL, &r);
	exchange_free(x);
}

static void
on_worked(void *arg, const char *answer)
{
	struct exchange *x = arg;

	x->answer = mem_strdup(answer);
	loop_timer(x->owner->transport.loop, &x->timer, 0);
}

static struct exchange *
programs_start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	struct programs *p = (struct programs *)t;
	struct exchange *x = mem_alloc(sizeof(*x));

	*x = (struct exchange){ .owner = p, .to = to, .arg = arg, .next = p->list };
	x->timer = (struct timer){ .fire = on_told, .arg = x };
	p->list = x;
	x->work = work_start(
	    &(struct work_ways){ .api = p->api, .source = p->source }, r->body, strlen(r->body), on_worked, x);
	return x;
}

static struct transport *
programs_free(struct transport *t)
{
	struct programs *p = (struct programs *)t;

	while (p->list != NULL)
		exchange_free(p->list);
	return NULL;
}

/* --- a process ------------------------------------------------------------------------------------------------------- */

struct process {
	struct cluster *cluster;
	struct memory *memory;
	struct programs programs;
	struct transport *api;
	struct runner *runner;
	struct fault_policy policy;
	unsigned requests, at; /* so many it has made; what befalls the at-th */
	enum { FAILS, LOST, DIES, TROUBLES } how;
	bool dying;
};

static void
choose(void *arg, const struct request *r, struct fault *f)
{
	struct process *p = arg;

	f->before_ms = f->after_ms = 1;
	if (in_process_is_watch(r) || p->at == 0 || ++p->requests != p->at)
		return;
	f->refused = p->how == FAILS;
	f->lost = p->how != FAILS;
	p->dying = p->how == DIES;
}

static void
process_start(struct process *p)
{
	static const struct transport_ops ops = {
		.start = programs_start, .cancel = exchange_free, .free = programs_free
	};
	static const struct controller *const rows[] = { &application_controller, NULL };
	static struct string_pair pairs[] = { { GITOPS_WORKER, "[\"here\"]" }, { GITOPS_NAMESPACE, "argocd" } };
	static const struct string_map settings = { pairs, ARRAY_SIZE(pairs) };

	p->policy = (struct fault_policy){ .choose = choose, .arg = p };
	p->api = in_process_new(p->cluster->loop, p->cluster->store, &p->policy);
	p->programs = (struct programs){
		.transport = { .ops = &ops, .loop = p->cluster->loop }, .api = p->api, .source = &p->memory->source
	};
	p->runner = runner_start(p->api, p->api, rows,
	    &(struct runner_settings){
		.component = "argocd-controller", .settings = &settings, .programs = &p->programs.transport });
}

static void
process_stop(struct process *p)
{
	p->runner = runner_stop(p->runner);
	programs_free(&p->programs.transport);
	transport_free(p->api);
}

/* Runs on; a process that died is followed by another one. */
static void
run(struct process *p, int64_t ms)
{
	for (int64_t i = 0; i < ms; i += 10) {
		cluster_run(p->cluster, 10);
		if (!p->dying)
			continue;
		p->dying = false;
		p->at = 0;
		process_stop(p);
		process_start(p);
	}
}

static const char *
status(struct process *p, const char *pointer)
{
	return json_string_value(json_at(store_get(p->cluster->store, "applications", "argocd", "web"), pointer)) ?: "";
}

static void
make_application(struct process *p)
{
	static const char *const namespaces[] = { "argocd", "shop" };

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		store_do(p->cluster->store, "POST", "application/json", "/api/v1/namespaces",
		    json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name",
			namespaces[i]));
	store_do(p->cluster->store, "POST", "application/json",
	    "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications",
	    json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:{s:s, s:s}, s:{s:s, s:s}, s:{s:{s:b, s:b}}}}", "apiVersion",
		"argoproj.io/v1alpha1", "kind", "Application", "metadata", "name", "web", "spec", "project", "default",
		"source", "repoURL", "https://git.example/web", "path", ".", "destination", "name", "in-cluster",
		"namespace", "shop", "syncPolicy", "automated", "prune", 1, "selfHeal", 1));
}

/* --- a sync through trouble ------------------------------------------------------------------------------------------ */

static const char in_waves[] =
    "{apiVersion: batch/v1, kind: Job, metadata: {name: before, annotations: {argocd.argoproj.io/hook: PreSync}},"
    " spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: c, command: [\"true\"]}]}}}}\n"
    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: first}, data: {a: b}}\n"
    "---\n{apiVersion: v1, kind: Service, metadata: {name: second, annotations: {argocd.argoproj.io/sync-wave: '1'}}, "
    "spec: {ports: [{port: 80}]}}\n"
    "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: after, annotations: {argocd.argoproj.io/hook: PostSync}},"
    " spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: c, command: [\"true\"]}]}}}}\n";

struct made {
	unsigned before, after;
};

static void
count_jobs(const struct resource *r, const char *type, const json_t *old, const json_t *object, void *arg)
{
	struct made *m = arg;
	const char *name = json_str(json_object_get(object, "metadata"), "name");

	(void)old;
	if (strcmp(r->plural, "jobs") != 0 || strcmp(type, "ADDED") != 0)
		return;
	m->before += str_eq(name, "before");
	m->after += str_eq(name, "after");
}

/* One life of a sync with that trouble. NULL: it went well; else what did not. *ret_requests: how many requests it took. */
static const char *
live(unsigned at, int how, unsigned *ret_requests)
{
	static char why[512];
	struct cluster *c = cluster_new(1);
	struct memory m = { .n = 0 };
	struct process p = { .cluster = c, .memory = &m, .at = at == 0 ? ~0u : at, .how = how };
	struct made made = { 0 };
	bool well;

	memory_add(&m, "all.yaml", in_waves);
	store_on_write(c->store, count_jobs, &made);
	process_start(&p);
	make_application(&p);
	for (int i = 0; i < 300 && strcmp(status(&p, "/status/operationState/phase"), "Succeeded") != 0; i++)
		run(&p, 1000);
	run(&p, 5000);
	well = strcmp(status(&p, "/status/operationState/phase"), "Succeeded") == 0 &&
	       strcmp(status(&p, "/status/sync/status"), "Synced") == 0 &&
	       store_get(c->store, "configmaps", "shop", "first") != NULL &&
	       store_get(c->store, "services", "shop", "second") != NULL &&
	       json_object_get(store_get(c->store, "applications", "argocd", "web"), "operation") == NULL &&
	       made.before == 1 && made.after == 1;
	snprintf(why, sizeof(why), "%s, %s; hooks made: before %u, after %u: %s",
	    status(&p, "/status/operationState/phase"), status(&p, "/status/sync/status"), made.before, made.after,
	    status(&p, "/status/operationState/message"));
	*ret_requests = p.requests;
	process_stop(&p);
	cluster_free(c);
	return well ? NULL : why;
}

static bool
every_request(void)
{
	static const char *const troubles[TROUBLES] = { "fails", "loses its answer",
		"is the last before the process dies" };
	unsigned n = 0, ignored;
	const char *why = live(0, FAILS, &n);

	if (why != NULL) {
		printf("not ok a sync: %s\n", why);
		return false;
	}
	for (int how = 0; how < TROUBLES; how++)
		for (unsigned at = 1; at <= n; at++)
			if ((why = live(at, how, &ignored)) != NULL) {
				printf("not ok a sync whose request %u of %u %s: %s\n", at, n, troubles[how], why);
				return false;
			}
	printf("ok a sync ends well, and its hooks run once, whichever of its %u requests fails, loses its answer, or "
	       "is its process' last\n",
	    n);
	return true;
}

/* --- what a look costs ----------------------------------------------------------------------------------------------- */

static bool
a_quiet_look(int many)
{
	struct cluster *c = cluster_new(1);
	struct memory m = { .n = 0 };
	struct process p = { .cluster = c, .memory = &m };
	unsigned long requests, writes, requests_then, writes_then;
	struct str text;
	char *stored;
	bool ok;

	str_init(&text, 4u << 20);
	for (int i = 0; i < many; i++)
		str_addf(&text, "---\n{apiVersion: v1, kind: %s, metadata: {name: object-%d}, %s}\n",
		    i % 2 ? "ConfigMap" : "Service", i, i % 2 ? "data: {a: b}" : "spec: {ports: [{port: 80}]}");
	memory_add(&m, "all.yaml", str_text(&text));
	process_start(&p);
	make_application(&p);
	run(&p, 60000);
	ok = strcmp(status(&p, "/status/sync/status"), "Synced") == 0 &&
	     strcmp(status(&p, "/status/operationState/phase"), "Succeeded") == 0;
	store_counts(c->store, &requests, &writes);
	runner_touch(p.runner, application_controller.name, "argocd", "web");
	run(&p, 10000);
	store_counts(c->store, &requests_then, &writes_then);
	/* Three settings; Rollouts, whose part would be left to them; ConfigMaps; Services. */
	ok &= requests_then - requests == 6 && writes_then == writes;
	printf("%s a look at %d objects of two kinds, nothing changed: %lu requests, %lu writes\n",
	    ok ? "ok" : "not ok", many, requests_then - requests, writes_then - writes);
	stored = json_dumps(store_get(c->store, "applications", "argocd", "web"), JSON_COMPACT);
	if (strlen(stored) > STORED_MAX) {
		printf("not ok an application of %d objects: it has %zu bytes, which is more than etcd takes\n", many,
		    strlen(stored));
		ok = false;
	}
	free(stored);
	process_stop(&p);
	cluster_free(c);
	str_done(&text);
	return ok;
}

bool
gitops_run(void)
{
	bool ok = every_request();

	ok &= a_quiet_look(1000);
	return a_quiet_look(10000) && ok;
}
