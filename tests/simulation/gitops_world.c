/* tests/simulation/gitops_world.c: a repository in memory, the worker in this process, and a controller that dies when it is told to. */
#include "tests/simulation/gitops_world.h"
#include <stdio.h>
#include <string.h>
#include "gitops/asking.h"
#include "gitops/work.h"

/* --- a repository in memory ------------------------------------------------------------------------------------------ */

static struct err *
memory_read(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	(void)t;
	(void)a;
	(void)max;
	*ret = (struct bytes){ entry->id, strlen(entry->id) };
	return NULL;
}

const char *
memory_id(size_t commit)
{
	static const char *const ids[COMMITS_MAX] = { "1111111111111111111111111111111111111111",
		"2222222222222222222222222222222222222222", "3333333333333333333333333333333333333333",
		"4444444444444444444444444444444444444444" };

	return ids[commit];
}

static struct err *
memory_open(struct source *s, struct arena *a, const struct source_request *r, const char **ret_revision,
    const char **ret_reference, struct tree *ret)
{
	struct memory *m = (struct memory *)s;
	size_t which = m->head;

	(void)a;
	for (size_t i = 0; i < m->n; i++)
		if (r->revision != NULL && strcmp(r->revision, memory_id(i)) == 0)
			which = i;
	*ret_revision = memory_id(which);
	*ret_reference = NULL;
	*ret = (struct tree){ .entries = &m->files[which], .n = 1, .read = memory_read };
	return NULL;
}

void
memory_commit(struct memory *m, const char *text)
{
	m->source.open = memory_open;
	m->files[m->n++] = (struct tree_entry){ .path = "all.yaml", .size = strlen(text), .id = text };
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
	free(p);
	return NULL;
}

/* --- a process ------------------------------------------------------------------------------------------------------- */

const char *const trouble_names[TROUBLES] = { "fails", "loses its answer", "is the last before the process dies",
	"is under way" };

static void
choose(void *arg, const struct request *r, struct fault *f)
{
	struct process *p = arg;

	f->before_ms = f->after_ms = 1;
	if (in_process_is_watch(r) || p->at == 0 || ++p->requests != p->at)
		return;
	f->refused = p->how == TROUBLE_FAILS;
	f->lost = p->how == TROUBLE_LOST || p->how == TROUBLE_DIES;
	p->dying = p->how == TROUBLE_DIES;
}

void
process_start(struct process *p)
{
	static const struct transport_ops ops = {
		.start = programs_start, .cancel = exchange_free, .free = programs_free
	};
	static struct string_pair pairs[] = { { GITOPS_WORKER, "[\"here\"]" }, { GITOPS_NAMESPACE, "argocd" } };
	static const struct string_map settings = { pairs, ARRAY_SIZE(pairs) };

	p->policy = (struct fault_policy){ .choose = choose, .arg = p };
	p->api = in_process_new(p->cluster->loop, p->cluster->store, &p->policy);
	p->programs = mem_alloc(sizeof(*p->programs));
	*p->programs = (struct programs){
		.transport = { .ops = &ops, .loop = p->cluster->loop }, .api = p->api, .source = &p->memory->source
	};
	p->runner = runner_start(p->api, p->api, p->controllers,
	    &(struct runner_settings){
		.component = "argocd-controller", .settings = &settings, .programs = &p->programs->transport });
}

void
process_stop(struct process *p)
{
	p->runner = runner_stop(p->runner);
	transport_free(&p->programs->transport);
	transport_free(p->api);
}

void
process_run(struct process *p, int64_t ms)
{
	int64_t step = ms < 10 ? ms : 10;

	for (int64_t i = 0; i < ms; i += step) {
		cluster_run(p->cluster, step);
		if (!p->dying)
			continue;
		p->dying = false;
		process_stop(p);
		process_start(p);
	}
}

void
make_namespaces(struct store *s)
{
	static const char *const names[] = { "argocd", "shop" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		store_do(s, "POST", "application/json", "/api/v1/namespaces",
		    json_pack(
			"{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name", names[i]));
}
