/* tests/simulation/gitops_world.c: a repository in memory, the worker in this process, and a controller that dies on
 * request. */
#include "tests/simulation/gitops_world.h"
#include <stdio.h>
#include <string.h>
#include "gitops/argocd/application.h"
#include "gitops/flux/flux.h"
#include "gitops/request.h"
#include "gitops/worker/drift_watch.h"
#include "gitops/worker/session.h"
#include "kube/api/rollout.h"

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
	static char ids[COMMITS_MAX][41];

	snprintf(ids[commit], sizeof(ids[commit]), "%040zx", commit + 1);
	return ids[commit];
}

static struct err *
memory_open(struct source *s, struct arena *a, const struct source_request *r, const char **ret_revision,
    const char **ret_reference, struct tree *ret)
{
	struct memory *m = (struct memory *)s;
	size_t which = m->head;

	if (m->unreachable)
		return err_new(a, ERR_AGAIN, "%s: connection refused", r->url);
	for (size_t i = 0; i < m->n; i++)
		if (r->revision != NULL && strcmp(r->revision, memory_id(i)) == 0)
			which = i;
	*ret_revision = memory_id(which);
	*ret_reference = NULL;
	*ret = m->trees[m->opened = which];
	return NULL;
}

void
memory_commit_files(struct memory *m, struct tree_entry *files, size_t n)
{
	tree_sort(files, n);
	m->source.open = memory_open;
	m->trees[m->n++] = (struct tree){ .entries = files, .n = n, .read = memory_read };
}

void
memory_commit(struct memory *m, const char *text)
{
	struct tree_entry *file = &m->files[m->n];

	*file = (struct tree_entry){ .path = "all.yaml", .size = strlen(text), .id = text };
	memory_commit_files(m, file, 1);
}

struct exchange {
	struct programs *owner;
	const struct receiver *to;
	void *arg;
	struct session *session;
	char *response;
	struct timer timer;
	struct exchange *next;
};

struct programs {
	struct transport transport;
	struct transport *api;
	struct source *source;
	struct process *process;
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
	session_cancel(x->session);
	free(x->response);
	free(x);
}

static void
on_result(struct timer *t, void *arg)
{
	struct exchange *x = arg;
	struct reply r = { .status = 200, .body = { x->response, strlen(x->response) } };

	(void)t;
	x->to->done(x->arg, NULL, &r);
	exchange_free(x);
}

static void
on_worked(void *arg, const char *response)
{
	struct exchange *x = arg;

	x->response = mem_strdup(response);
	loop_timer(x->owner->transport.loop, &x->timer, 0);
}

static struct exchange *
programs_start(struct transport *t, const struct request *r, const struct receiver *to, void *arg)
{
	struct programs *p = (struct programs *)t;
	struct exchange *x = mem_alloc(sizeof(*x));

	*x = (struct exchange){ .owner = p, .to = to, .arg = arg, .next = p->list };
	x->timer = (struct timer){ .fire = on_result, .arg = x };
	p->list = x;
	if (p->process->begun != NULL) {
		_cleanup_(json_decrefp) json_t *request = json_loads(r->body, 0, NULL);

		p->process->begun(p->process->arg, request);
	}
	/* Scripts run in a real process: its limits must not decide a life that has virtual time. */
	x->session = session_start(
	    &(struct worker_deps){
		.api = p->api, .source = p->source, .script_limits = { .cpu_ms = 60000, .response_ms = 600000 } },
	    r->body, strlen(r->body), on_worked, x);
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

const char *const request_fault_names[REQUEST_FAULTS] = { "fails", "loses its response",
	"is the last before the process dies", "is in progress" };

static void
choose(void *arg, const struct request *r, struct fault *f)
{
	struct process *p = arg;

	f->before_ms = f->after_ms = 1;
	if (strcmp(r->method, "GET") != 0 && strstr(r->url, "dryRun=All") == NULL)
		p->writes++;
	if (in_process_is_watch(r) || p->at == 0 || ++p->requests != p->at)
		return;
	f->refused = p->how == REQUEST_FAULT_FAILS;
	f->lost = p->how == REQUEST_FAULT_LOST || p->how == REQUEST_FAULT_DIES;
	p->dying = p->how == REQUEST_FAULT_DIES;
}

static void
changed(const struct object *o, bool deleted, void *arg)
{
	struct process *p = arg;

	if (o->type == &application_type)
		drift_watch_application(p->drift_watch, (const struct application *)o, deleted);
	else if (o->type == &flux_kustomization_type)
		drift_watch_kustomization(p->drift_watch, (const struct flux_kustomization *)o, deleted);
	else if (o->type == &rollout_type)
		drift_watch_changed(p->drift_watch, o);
}

static void
touched(void *arg, const struct type *type, const char *ns, const char *name)
{
	struct process *p = arg;

	for (const struct controller *const *c = p->controllers; *c != NULL; c++)
		if ((*c)->type == type)
			runner_touch(p->runner, (*c)->name, ns, name);
}

void
process_start(struct process *p)
{
	static const struct transport_ops ops = {
		.start = programs_start, .cancel = exchange_free, .free = programs_free
	};
	static const struct settings settings = { .gitops_worker = "[\"here\"]", .gitops_namespace = "argocd" };

	p->policy = (struct fault_policy){ .choose = choose, .arg = p };
	p->api = in_process_new(p->cluster->loop, p->cluster->store, &p->policy);
	p->programs = mem_alloc(sizeof(*p->programs));
	*p->programs = (struct programs){ .transport = { .ops = &ops, .loop = p->cluster->loop },
		.api = p->api,
		.source = &p->memory->source,
		.process = p };
	p->drift_watch = drift_watch_new(&(struct drift_watch_settings){ .api = p->api, .touched = touched, .arg = p });
	p->runner = runner_start(p->api, p->api, p->controllers,
	    &(struct runner_settings){ .component = "argocd-controller",
		.settings = &settings,
		.programs = &p->programs->transport,
		.changed = changed,
		.arg = p });
}

void
process_stop(struct process *p)
{
	p->runner = runner_stop(p->runner);
	p->drift_watch = drift_watch_free(p->drift_watch);
	transport_free(&p->programs->transport);
	transport_free(p->api);
}

void
process_run(struct process *p, int64_t ms)
{
	for (int64_t step; ms > 0; ms -= step) {
		/* Death may come, and is not to be slept through. */
		step = p->how == REQUEST_FAULT_DIES && p->requests <= p->at && ms > 10 ? 10 : ms;
		cluster_run(p->cluster, step);
		if (!p->dying)
			continue;
		p->dying = false;
		process_stop(p);
		process_start(p);
	}
}

const char *
rollout_image(const json_t *rollout)
{
	return json_string_value(json_at(rollout, "/spec/template/spec/containers/0/image")) ?: "";
}

bool
process_wait(struct process *p, const char *image, const char *phase, int64_t ms)
{
	for (; ms > 0; ms -= 10) {
		const json_t *rollout = store_get(p->cluster->store, "rollouts", "shop", "shop");

		if (str_eq(rollout_image(rollout), image) &&
		    str_eq(json_string_value(json_at(rollout, "/status/phase")), phase))
			return true;
		process_run(p, 10);
	}
	return false;
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

void
make_definition(struct store *s)
{
	store_do(s, "POST", "application/json", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
	    json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:{s:s, s:s, s:s, s:s}, s:[{s:s, s:b, s:b, "
		      "s:{s:{s:s, s:b}}}]}}",
		"apiVersion", "apiextensions.k8s.io/v1", "kind", "CustomResourceDefinition", "metadata", "name",
		"widgets.example.com", "spec", "group", "example.com", "scope", "Namespaced", "names", "kind", "Widget",
		"plural", "widgets", "singular", "widget", "listKind", "WidgetList", "versions", "name", "v1", "served",
		1, "storage", 1, "schema", "openAPIV3Schema", "type", "object", "x-kubernetes-preserve-unknown-fields",
		1));
}

static void
make_application(struct store *s)
{
	store_do(s, "POST", "application/json", "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications",
	    json_pack("{s:s, s:s, s:{s:s, s:[s]}, s:{s:s, s:{s:s, s:s}, s:{s:s, s:s}, s:{s:{s:b, s:b}}}}", "apiVersion",
		"argoproj.io/v1alpha1", "kind", "Application", "metadata", "name", "web", "finalizers",
		APPLICATION_FINALIZER, "spec", "project", "default", "source", "repoURL", "https://git.example/web",
		"path", ".", "destination", "name", "in-cluster", "namespace", "shop", "syncPolicy", "automated",
		"prune", 1, "selfHeal", 1));
}

static bool
application_has(const json_t *app, const char *commit)
{
	return str_eq(json_string_value(json_at(app, "/status/operationState/phase")), "Succeeded") &&
	       str_eq(json_string_value(json_at(app, "/status/sync/status")), "Synced") &&
	       str_eq(json_string_value(json_at(app, "/status/sync/revision")), commit) &&
	       json_object_get(app, "operation") == NULL;
}

static void
make_kustomization(struct store *s)
{
	store_do(s, "POST", "application/json", "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/gitrepositories",
	    json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:{s:s}}}", "apiVersion", "source.toolkit.fluxcd.io/v1", "kind",
		"GitRepository", "metadata", "name", "web", "spec", "url", "https://git.example/web", "interval", "10m",
		"ref", "branch", "main"));
	store_do(s, "POST", "application/json", "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/shop/kustomizations",
	    json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:b, s:s, s:{s:s, s:s}}}", "apiVersion",
		"kustomize.toolkit.fluxcd.io/v1", "kind", "Kustomization", "metadata", "name", "web", "spec",
		"interval", "10m", "prune", 1, "targetNamespace", "shop", "sourceRef", "kind", "GitRepository", "name",
		"web"));
}

static bool
kustomization_has(const json_t *k, const char *commit)
{
	const char *applied = json_string_value(json_at(k, "/status/lastAppliedRevision"));

	return str_eq(json_str(status_condition(json_object_get(k, "status"), "Ready"), "status"), "True") &&
	       applied != NULL && str_ends(applied, commit);
}

static void
pin_application(struct store *s)
{
	store_do(s, "PATCH", "application/merge-patch+json",
	    "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web",
	    json_pack("{s:{s:{s:s}}}", "spec", "source", "targetRevision", memory_id(0)));
}

/* A sync to the second commit begins, though the first is named. */
static bool
application_errs(const json_t *old, const json_t *new)
{
	return str_eq(json_string_value(json_at(new, "/spec/source/targetRevision")), memory_id(0)) &&
	       str_eq(json_string_value(json_at(new, "/status/operationState/phase")), "Running") &&
	       !str_eq(json_string_value(json_at(old, "/status/operationState/phase")), "Running") &&
	       str_eq(json_string_value(json_at(new, "/status/operationState/operation/sync/revision")), memory_id(1));
}

static void
pin_repository(struct store *s)
{
	store_do(s, "PATCH", "application/merge-patch+json",
	    "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/gitrepositories/web",
	    json_pack("{s:{s:{s:s}}}", "spec", "ref", "commit", memory_id(0)));
}

/* The second commit is what there is to be applied, though the first is named. */
static bool
repository_errs(const json_t *old, const json_t *new)
{
	const char *was = json_string_value(json_at(old, "/status/artifact/revision")),
		   *is = json_string_value(json_at(new, "/status/artifact/revision"));

	return str_eq(json_string_value(json_at(new, "/spec/ref/commit")), memory_id(0)) && is != NULL &&
	       str_ends(is, memory_id(1)) && !str_eq(was, is);
}

const struct syncer syncers[SYNCERS] = {
	{ "Application", &application_type, "argocd", "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web",
	    "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web", ANNOTATION_REFRESH,
	    { &application_controller }, make_application, application_has, pin_application, "applications",
	    application_errs },
	{ "Kustomization", &flux_kustomization_type, "shop",
	    "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/shop/kustomizations/web",
	    "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/gitrepositories/web", ANNOTATION_REQUESTED_AT,
	    { &git_repository_controller, &flux_kustomization_controller }, make_kustomization, kustomization_has,
	    pin_repository, "gitrepositories", repository_errs },
};

static void
ignore(const struct pass *p, struct plan *plan)
{
	(void)p;
	(void)plan;
}

static const struct controller_watch rollouts[] = { { .type = &rollout_type } };

const struct controller rollouts_known = {
	.name = "rollouts-known",
	.type = &rollout_type,
	.watches = rollouts,
	.n_watches = ARRAY_SIZE(rollouts),
	.pass = ignore,
};

const json_t *
syncer_object(const struct syncer *s, struct store *store)
{
	return store_get(store, s->type->plural, s->namespace, "web");
}

void
syncer_move(const struct syncer *s, struct process *p, size_t commit)
{
	p->memory->head = commit;
	store_do(p->cluster->store, "PATCH", "application/merge-patch+json", s->source,
	    json_pack("{s:{s:{s:s}}}", "metadata", "annotations", s->patch, memory_id(commit)));
}
