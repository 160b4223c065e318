/* kube/transport_exec.c: runs programs for queries: the GitOps worker and step plugins, one child process for each
 * request. Its limits of concurrent programs are below; fair_slots.c divides the slots among tenants. */
#include "kube/transport_exec.h"
#include <string.h>
#include "base/json.h"
#include "io/program_run.h"
#include "kube/fair_slots.h"

#define FILES_MAX 1024 /* descriptors of a program */
#define PROGRAMS_MAX 64 /* concurrent programs, without workers; others wait for a slot */
#define PROGRAMS_TENANT_MAX 32 /* of them for one namespace */

struct exec_transport {
	struct transport transport; /* first */
	struct exchange *list;
	struct fair_slots programs, workers, releases;
};

struct exchange {
	struct exec_transport *owner;
	struct slot_request slot; /* its arg is the exchange; while it waits, the program is not started */
	json_t *how; /* the program, as JSON */
	char *body; /* its input until it is started; NULL: none */
	int64_t timeout_ms;
	size_t output_max;
	struct exchange *next;
	struct receiver to;
	void *arg;
	struct program_process *process; /* NULL: it waits, could not be started, or has ended */
	struct timer failed; /* it could not be started */
	struct arena *arena;
	const char *program;
	const struct err *err; /* why it could not be started */
};

static void exec_exchange_leave(struct exchange *);

static void
exec_exchange_free(struct exchange *x)
{
	for (struct exchange **at = &x->owner->list; *at != NULL; at = &(*at)->next)
		if (*at == x) {
			*at = x->next;
			break;
		}
	loop_timer_stop(x->owner->transport.loop, &x->failed);
	program_cancel(x->process);
	exec_exchange_leave(x);
	json_decref(x->how);
	free(x->body);
	arena_free(x->arena);
	free(x);
}

static void
exec_on_end(void *arg, const struct program_end *end)
{
	struct exchange *x = arg;
	struct reply r = { .status = end->exit_code == 0 ? 200 : 500, .body = end->output };

	x->process = NULL;
	if (end->err != NULL)
		x->to.done(x->arg, err_wrap(x->arena, end->err, "%s", x->program), &(struct reply){ 0 });
	else
		x->to.done(x->arg, NULL, &r);
	exec_exchange_free(x);
}

static void
exec_on_failed(struct timer *t, void *arg)
{
	struct exchange *x = arg;

	(void)t;
	x->to.done(x->arg, x->err, &(struct reply){ 0 });
	exec_exchange_free(x);
}

/* The program has a slot: its time-out begins. An error is reported from the loop, like every response. */
static void
exec_exchange_run(struct exchange *x)
{
	const json_t *how = x->how, *list = json_object_get(how, "argv");
	json_int_t memory_max = json_integer_value(json_object_get(how, "memoryMax"));
	size_t n = json_array_size(list);
	const char **argv = arena_new_array(x->arena, const char *, n + 1);

	for (size_t i = 0; i < n; i++)
		argv[i] = arena_strdup(x->arena, json_string_value(json_array_get(list, i)) ?: "");
	x->program = argv[0];
	x->err = n == 0 ? err_new(x->arena, ERR_INVALID, "no program is named")
			: program_start(x->owner->transport.loop, x->arena,
			      &(struct program){ .argv = argv,
				  .env_names = json_str(how, "environment"),
				  .input = x->body,
				  .reach = SPAWN_NETWORK,
				  .errors = PROGRAM_ERRORS_OURS,
				  .timeout_ms = x->timeout_ms,
				  .cpu_s = x->timeout_ms / 1000 + 1,
				  .memory_max = memory_max > 0 ? (uint64_t)memory_max : PROGRAM_MEMORY_UNLIMITED,
				  .output_max = x->output_max,
				  .files_max = FILES_MAX },
			      exec_on_end, x, &x->process);
	free(x->body);
	x->body = NULL;
	if (x->err == NULL)
		return;
	if (n > 0)
		x->err = err_wrap(x->arena, x->err, "%s", x->program);
	loop_timer(x->owner->transport.loop, &x->failed, 0);
}

static struct fair_slots *
exec_slots(const struct exchange *x)
{
	struct exec_transport *t = x->owner;

	if (json_is_true(json_object_get(x->how, "release")))
		return &t->releases;
	return json_is_true(json_object_get(x->how, "worker")) ? &t->workers : &t->programs;
}

/* Returns its slot, and starts the program that gets it. */
static void
exec_exchange_leave(struct exchange *x)
{
	struct slot_request *next = fair_slots_release(exec_slots(x), &x->slot);

	if (next != NULL)
		exec_exchange_run(next->arg);
}

static struct exchange *
exec_start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	struct exec_transport *owner = (struct exec_transport *)t;
	struct exchange *x = mem_alloc(sizeof(*x));

	*x = (struct exchange){ .owner = owner,
		.next = owner->list,
		.to = *to,
		.arg = arg,
		.failed = { .fire = exec_on_failed, .arg = x },
		.slot = { .arg = x },
		.how = json_loads(r->url, 0, NULL),
		.body = r->body != NULL ? mem_strdup(r->body) : NULL,
		.timeout_ms = r->timeout_ms,
		.output_max = r->response_max,
		.arena = arena_new() };
	owner->list = x;
	if (fair_slots_take(exec_slots(x), &x->slot, r->tenant, r->destination))
		exec_exchange_run(x);
	return x;
}

static struct transport *
exec_transport_free(struct transport *t)
{
	struct exec_transport *owner = (struct exec_transport *)t;

	/* None of the waiting programs gets a slot any more. */
	for (struct exchange *x = owner->list; x != NULL; x = x->next)
		if (x->slot.waits)
			fair_slots_release(exec_slots(x), &x->slot);
	for (struct exchange *x; (x = owner->list) != NULL;) {
		owner->list = x->next;
		exec_exchange_free(x);
	}
	free(owner);
	return NULL;
}

struct transport *
transport_exec_new(struct loop *l, size_t workers)
{
	static const struct transport_ops ops = {
		.start = exec_start, .cancel = exec_exchange_free, .free = exec_transport_free
	};
	struct exec_transport *t = mem_alloc(sizeof(*t));

	t->transport = (struct transport){ .ops = &ops, .loop = l };
	t->programs.limits = (struct fair_slots_limits){ PROGRAMS_MAX, PROGRAMS_TENANT_MAX, PROGRAMS_TENANT_MAX };
	/* A tenant uses at most three quarters of the slots, and a repository half, so that others need not wait. */
	t->workers.limits =
	    (struct fair_slots_limits){ workers, workers > 1 ? workers - (workers + 3) / 4 : 1, (workers + 1) / 2 };
	/* An action about a release may wait for an hour: others never wait for it. */
	t->releases.limits = t->workers.limits;
	return &t->transport;
}
