/* cli/doctor_read.c: lists and probes of `sluice doctor`. Requests are made one after the other: few are in progress at
 * the API server, and each has a time-out. */
#include "cli/doctor_read.h"
#include <string.h>
#include "base/address.h"
#include "cli/user_git.h"
#include "gitops/source/arguments.h"
#include "io/program_run.h"
#include "kube/client.h"
#include "kube/dns.h"

#define GIT_MAX 20 /* repositories */
#define GIT_MS 20000
#define GIT_OUTPUT_MAX (64u << 10)
#define HTTP_MS 10000
#define BODY_MAX (16u << 20) /* the metrics of a large installation */

/* The response of one exchange. */
struct fetched {
	struct cli *cli;
	const char *error; /* NULL, or why there is no response */
	int status;
	int64_t date_ms;
	const char *text;
	bool done;
};

static void
doctor_on_fetched(void *arg, const struct err *e, const struct reply *r)
{
	struct fetched *f = arg;

	f->error = e != NULL ? arena_strdup(f->cli->arena, err_text(f->cli->arena, e)) : NULL;
	if (e == NULL) {
		f->status = r->status;
		f->date_ms = r->date_ms;
		f->text = arena_strndup(f->cli->arena, r->body.at, r->body.len);
	}
	f->done = true;
	loop_stop(f->cli->loop);
}

static struct fetched
doctor_fetch(struct cli *c, const char *url)
{
	static const struct receiver receiver = { .done = doctor_on_fetched };
	struct fetched f = { .cli = c };

	transport_start(c->transport,
	    &(struct request){
		.method = "GET", .url = url, .timeout_ms = HTTP_MS, .response_max = BODY_MAX, .date = true },
	    &receiver, &f);
	while (!f.done)
		loop_run(c->loop);
	return f;
}

/* Reads version, date and latency of the API server. */
static int
doctor_read_server(struct cli *c, struct doctor_world *w)
{
	int64_t began = loop_mono(c->loop);
	struct fetched f = doctor_fetch(c, "/version");
	_cleanup_(json_decrefp) json_t *version = NULL;

	if (f.error != NULL)
		return cli_error(c, err_new(c->arena, ERR_AGAIN, "%s", f.error));
	w->latency_ms = loop_mono(c->loop) - began;
	w->now = loop_wall(c->loop);
	w->server_date = f.date_ms;
	if (f.status == 200 && json_parse(c->arena, f.text, strlen(f.text), &version) == NULL)
		w->server_version = arena_strdup(c->arena, json_str(version, "gitVersion"));
	return 0;
}

/* Returns the version in which a list is read: that of its row if it is served, or the preferred one; NULL: the API
 * server does not serve the group. */
static const char *
doctor_version(const json_t *groups, const struct doctor_list_row *row)
{
	json_t *group, *v;
	size_t i, k;

	if (row->group[0] == '\0')
		return row->version;
	json_array_foreach (json_object_get(groups, "groups"), i, group) {
		if (!str_eq(json_str(group, "name"), row->group))
			continue;
		if (row->version == NULL)
			return json_str(json_object_get(group, "preferredVersion"), "version");
		json_array_foreach (json_object_get(group, "versions"), k, v)
			if (str_eq(json_str(v, "version"), row->version))
				return row->version;
	}
	return NULL;
}

static void
doctor_read_list(struct cli *c, const json_t *groups, const struct doctor_list_row *row, struct doctor_items *ret)
{
	const char *version = doctor_version(groups, row),
		   *root = row->group[0] != '\0' ? arena_printf(c->arena, "/apis/%s", row->group) : "/api";
	json_t *list = NULL;
	struct err *e;

	if (version == NULL)
		return;
	e = cli_call_list(c, NULL,
	    arena_printf(c->arena, "%s/%s/%s%s%s", root, str_url_escape(c->arena, version), row->plural,
		row->parameters[0] != '\0' ? "?" : "", row->parameters),
	    &list);
	ret->served = e == NULL || e->class != ERR_GONE;
	if (e != NULL && e->class != ERR_GONE)
		ret->error = err_text(c->arena, e);
	ret->items = json_incref(json_object_get(list, "items"));
	json_decref(list);
}

int
doctor_read_lists(struct cli *c, unsigned lists, struct doctor_world *w)
{
	_cleanup_(json_decrefp) json_t *groups = NULL;
	struct err *e;

	if (doctor_read_server(c, w) != 0)
		return 1;
	if ((e = cli_call(c, "GET", "/apis", NULL, NULL, &groups)) != NULL)
		return cli_error(c, e);
	for (size_t i = 0; i < LIST_MAX; i++)
		if ((lists & READS(i)) != 0)
			doctor_read_list(c, groups, &doctor_lists[i], &w->lists[i]);
	return 0;
}

void
doctor_release(struct doctor_world *w)
{
	for (size_t i = 0; i < LIST_MAX; i++)
		json_decref((json_t *)w->lists[i].items);
}

/* The groups that the API server gives to a service account, which a review must name. */
static json_t *
doctor_groups(struct arena *a, const char *subject)
{
	static const char prefix[] = "system:serviceaccount:";
	const char *ns = subject + strlen(prefix);

	if (!str_starts(subject, prefix))
		return json_pack("[s]", "system:authenticated");
	return json_pack("[s,s,s]", "system:serviceaccounts",
	    arena_printf(a, "system:serviceaccounts:%.*s", (int)strcspn(ns, ":"), ns), "system:authenticated");
}

static void
doctor_probe_review(struct cli *c, struct doctor_probe *p)
{
	_cleanup_(json_decrefp) json_t *review = NULL;
	bool self = p->subject == NULL;
	json_t *attributes = json_pack("{s:s,s:s,s:s}", "verb", p->verb, "group", p->group, "resource", p->resource),
	       *spec = json_pack("{s:o}", "resourceAttributes", attributes);
	struct err *e;

	json_put(attributes, "subresource", p->sub);
	json_put(attributes, "namespace", p->ns);
	if (!self) {
		json_put(spec, "user", p->subject);
		json_object_set_new(spec, "groups", doctor_groups(c->arena, p->subject));
	}
	e = cli_call(c, "POST",
	    arena_printf(c->arena, "/apis/authorization.k8s.io/v1/%ssubjectaccessreviews", self ? "self" : ""),
	    "application/json",
	    json_pack("{s:s,s:s,s:o}", "apiVersion", "authorization.k8s.io/v1", "kind",
		self ? "SelfSubjectAccessReview" : "SubjectAccessReview", "spec", spec),
	    &review);
	p->error = e != NULL ? err_text(c->arena, e) : NULL;
	p->allowed = json_is_true(json_at(review, "/status/allowed"));
}

/* It must not wait for a user who types a password. */
#define GIT_NO_QUESTIONS "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "SSH_ASKPASS=true"

/* Lists the references. For a URL that the user has not given: without the configuration of the user and of a
 * repository in the working directory, credential helpers, .netrc and redirects. */
static void
doctor_probe_git(struct cli *c, struct doctor_probe *p)
{
	const char *own[] = { "git", "ls-remote", "--", p->key, "HEAD", NULL };
	const char *foreign[] = { "git", "-c", "http.followRedirects=false", "-c", "credential.helper=", "ls-remote",
		"--", p->key, "HEAD", NULL };
	const char *own_env[] = { GIT_NO_QUESTIONS, "GIT_SSH_COMMAND=ssh -oBatchMode=yes", NULL };
	const char *foreign_env[] = { GIT_NO_QUESTIONS, "GIT_ALLOW_PROTOCOL=https:http", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_DIR=/dev/null", "HOME=/dev/null", NULL };
	struct bytes out = { 0 };
	struct err *e = grammar_check(c->arena, GRAMMAR_GIT_URL, "URL", p->key);

	if (e == NULL)
		e = program_run(c->arena,
		    &(struct program){ .argv = p->foreign ? foreign : own,
			.env = p->foreign ? foreign_env : own_env,
			.env_names = p->foreign ? "TMPDIR TZ LANG LC_*" SPAWN_ENV_NETWORK : USER_GIT_ENV,
			.reach = SPAWN_USER,
			.timeout_ms = GIT_MS,
			.output_max = GIT_OUTPUT_MAX },
		    &out);
	p->error = e != NULL ? err_text(c->arena, e) : NULL;
	if (e == NULL && out.len > 0)
		p->text = arena_strndup(c->arena, out.at, strcspn(out.at, "\n"));
}

static void
doctor_probe_http(struct cli *c, struct doctor_probe *p)
{
	struct fetched f = doctor_fetch(c, p->key);

	p->error = f.error;
	p->status = f.status;
	p->text = f.text;
}

struct resolving {
	struct loop *loop;
	size_t n;
	bool here; /* one of the addresses is of this machine or of its link */
	bool done;
};

static void
doctor_on_resolved(void *arg, const struct address *addresses, size_t n)
{
	struct resolving *r = arg;

	r->n = n;
	for (size_t i = 0; i < n; i++)
		r->here |= address_kind(&addresses[i]) != ADDRESS_OUTSIDE;
	r->done = true;
	loop_stop(r->loop);
}

/* Resolves a name. Returns NULL and sets *ret, or returns the error. */
static const char *
doctor_resolve(struct cli *c, const char *host, struct resolving *ret)
{
	*ret = (struct resolving){ .loop = c->loop };
	if (resolve_start(c->loop, host, doctor_on_resolved, ret) == NULL)
		return "no thread can be started";
	while (!ret->done)
		loop_run(c->loop);
	return NULL;
}

static void
doctor_probe_name(struct cli *c, struct doctor_probe *p)
{
	struct resolving r;

	p->error = doctor_resolve(c, p->key, &r);
	if (p->error == NULL && r.n == 0)
		p->error = "the name does not resolve here";
}

/* Returns why a URL that the user has not given is not requested; NULL: it is. A name that does not resolve is left
 * to a proxy. */
static const char *
doctor_refusal(struct cli *c, const struct doctor_probe *p)
{
	const char *host = p->foreign ? doctor_host(c->arena, p->key) : NULL, *error;
	struct address a;
	struct resolving r;

	if (host == NULL || address_parse(host, &a))
		return NULL;
	error = doctor_resolve(c, host, &r);
	return error == NULL && r.here ? "the name is of this machine or of its link" : error;
}

void
doctor_make_probes(struct cli *c, struct doctor_probes *probes)
{
	size_t repositories = 0;

	for (size_t i = 0; i < probes->n; i++) {
		struct doctor_probe *p = &probes->at[i];

		if (p->kind == PROBE_GIT && repositories++ >= GIT_MAX)
			continue;
		p->made = true;
		if ((p->error = doctor_refusal(c, p)) != NULL)
			continue;
		switch (p->kind) {
		case PROBE_ACCESS: doctor_probe_review(c, p); break;
		case PROBE_GIT: doctor_probe_git(c, p); break;
		case PROBE_NAME: doctor_probe_name(c, p); break;
		case PROBE_HTTP: doctor_probe_http(c, p); break;
		}
	}
}
