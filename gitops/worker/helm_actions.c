/* gitops/worker/helm_actions.c: arguments and kubeconfig of helm, for each action about a release. Source: the
 * documentation of Helm's commands, and of Flux's HelmRelease. */
#include "gitops/worker/helm_actions.h"
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "gitops/source/arguments.h"
#include "gitops/worker/chart_source.h"
#include "gitops/worker/helm_run.h"
#include "gitops/worker/scratch.h"
#include "gitops/worker/session_state.h"
#include "kube/kubeconfig.h"

#define ACTION_MS 300000 /* Flux's and Helm's default */
#define MARGIN_MS 60000
#define SHOW_MS 60000
#define WAITS_MAX 4 /* in one action: the hooks before, the objects, their Jobs, and the hooks after */
#define HISTORY_DEFAULT 5

static const char *
helm_actions_base64(struct arena *a, const char *text)
{
	return text != NULL ? base64_encode(a, text, strlen(text)) : NULL;
}

static json_t *
helm_actions_cluster(struct arena *a, const struct config *c)
{
	return json_pack("{s:s, s:s*, s:s*, s:b, s:s*, s:s*}", "server", c->server, "certificate-authority", c->ca_file,
	    "certificate-authority-data", helm_actions_base64(a, c->ca_data), "insecure-skip-tls-verify", c->insecure,
	    "tls-server-name", c->tls_server_name, "proxy-url", c->proxy);
}

static json_t *
helm_actions_exec(const struct config_exec *x)
{
	json_t *args = json_array(), *env = json_array();

	for (size_t i = 0; i < x->args.n; i++)
		json_array_append_new(args, json_string(x->args.at[i]));
	for (size_t i = 0; i < x->env.n; i++)
		json_array_append_new(
		    env, json_pack("{s:s, s:s}", "name", x->env.at[i].key, "value", x->env.at[i].value));
	return json_pack("{s:s, s:o, s:o, s:s, s:s}", "command", x->command, "args", args, "env", env, "apiVersion",
	    x->api_version, "interactiveMode", "Never");
}

static json_t *
helm_actions_user(struct arena *a, const struct config *c)
{
	json_t *user = json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*}", "token",
	    c->token_file == NULL ? c->token : NULL, "tokenFile", c->token_file, "username", c->username, "password",
	    c->password, "client-certificate", c->cert_file, "client-certificate-data",
	    helm_actions_base64(a, c->cert_data), "client-key", c->key_file, "client-key-data",
	    helm_actions_base64(a, c->key_data), "as", c->as.user);

	if (c->exec != NULL)
		json_object_set_new(user, "exec", helm_actions_exec(c->exec));
	return user;
}

/* Writes the kubeconfig, which only this user can read. */
static struct err *
helm_actions_write_config(struct session *s, struct helm_run *run)
{
	const struct config *c = s->cluster.remote != NULL ? s->cluster.remote : s->cluster.own;
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *text;

	if (c == NULL)
		return err_new(s->arena, ERR_INVALID, "the cluster cannot be reached by helm from here");
	j = json_pack("{s:s, s:s, s:s, s:[{s:s, s:o}], s:[{s:s, s:o}], s:[{s:s, s:{s:s, s:s, s:s}}]}", "apiVersion",
	    "v1", "kind", "Config", "current-context", "here", "clusters", "name", "here", "cluster",
	    helm_actions_cluster(s->arena, c), "users", "name", "here", "user", helm_actions_user(s->arena, c),
	    "contexts", "name", "here", "context", "cluster", "here", "user", "here", "namespace",
	    s->request.release->namespace);
	text = json_text(s->arena, j);
	run->kubeconfig = arena_printf(s->arena, "%s/kubeconfig", run->dir);
	return helm_run_write(run, "kubeconfig", text, strlen(text));
}

/* The options that several actions have. */
struct helm_actions_common {
	struct duration timeout;
	bool no_wait, no_wait_for_jobs, no_hooks;
};

#define COMMON(o)                                                                                                      \
	{                                                                                                              \
		(o)->timeout, (o)->disable_wait, (o)->disable_wait_for_jobs, (o)->disable_hooks                        \
	}

static int64_t
helm_actions_timeout(const struct session *s, const struct duration *d)
{
	const struct duration *whole = &s->request.release->spec.timeout;
	int64_t ms = d->ms > 0 ? d->ms : whole->ms > 0 ? whole->ms : ACTION_MS;

	return ms < HELM_TIMEOUT_MAX_MS ? ms : HELM_TIMEOUT_MAX_MS;
}

/* Adds the options that are set. */
static void
helm_actions_flag(struct helm_run *run, bool set, const char *flag)
{
	if (set)
		helm_run_arg(run, flag);
}

static int64_t
helm_actions_add_common(struct session *s, struct helm_run *run, const struct helm_actions_common *o)
{
	int64_t ms = helm_actions_timeout(s, &o->timeout);

	helm_run_arg(run, arena_printf(s->arena, "--timeout=%lldms", (long long)ms));
	helm_actions_flag(run, !o->no_wait, "--wait");
	helm_actions_flag(run, !o->no_wait && !o->no_wait_for_jobs, "--wait-for-jobs");
	helm_actions_flag(run, o->no_hooks, "--no-hooks");
	return ms;
}

static void
helm_actions_add_history(struct session *s, struct helm_run *run)
{
	const struct opt_int *max = &s->request.release->spec.max_history;

	helm_run_arg(run,
	    arena_printf(s->arena, "--history-max=%lld", (long long)(max->present ? max->value : HISTORY_DEFAULT)));
}

static void
helm_actions_add_values(struct session *s, struct helm_run *run, struct err **ret_err)
{
	if (*ret_err == NULL)
		*ret_err = helm_run_write(run, "values.yaml", s->release.values, strlen(s->release.values));
	helm_run_arg(run, arena_printf(s->arena, "--values=%s/values.yaml", run->dir));
}

static void
helm_actions_add_post_renderer(struct session *s, struct helm_run *run, struct err **ret_err)
{
	const char *changes = s->release.post_render;

	if (changes == NULL)
		return;
	if (*ret_err == NULL && s->sources.helm.self == NULL)
		*ret_err = err_new(s->arena, ERR_INVALID, "spec.postRenderers: there is no program to run here");
	if (*ret_err == NULL)
		*ret_err = helm_run_write(run, "post-render.json", changes, strlen(changes));
	if (*ret_err != NULL)
		return;
	run->starts_self = true;
	helm_run_arg(run, arena_printf(s->arena, "--post-renderer=%s", s->sources.helm.self));
	helm_run_arg(run, "--post-renderer-args=gitops-post-render");
	helm_run_arg(run, arena_printf(s->arena, "--post-renderer-args=%s/post-render.json", run->dir));
}

static int64_t
helm_actions_install(struct session *s, struct helm_run *run)
{
	static const struct helm_install none;
	const struct helm_install *o =
	    s->request.release->spec.install != NULL ? s->request.release->spec.install : &none;
	const struct helm_actions_common common = COMMON(o);
	int64_t ms = helm_actions_add_common(s, run, &common);

	helm_actions_flag(run, o->create_namespace, "--create-namespace");
	helm_actions_flag(run, o->disable_open_api_validation, "--disable-openapi-validation");
	helm_actions_flag(run, o->disable_schema_validation, "--skip-schema-validation");
	/* Those of CreateReplace are there already. */
	helm_actions_flag(
	    run, o->skip_crds || str_eq(o->crds, "Skip") || str_eq(o->crds, "CreateReplace"), "--skip-crds");
	/* The name of a release that was uninstalled, with its history kept, is free for its HelmRelease. */
	helm_actions_flag(run, o->replace || s->release.world.status != NULL, "--replace");
	return ms;
}

static int64_t
helm_actions_upgrade(struct session *s, struct helm_run *run)
{
	static const struct helm_upgrade none;
	const struct helm_upgrade *o =
	    s->request.release->spec.upgrade != NULL ? s->request.release->spec.upgrade : &none;
	const struct helm_actions_common common = COMMON(o);
	int64_t ms = helm_actions_add_common(s, run, &common);

	helm_actions_add_history(s, run);
	helm_run_arg(run, o->preserve_values ? "--reuse-values" : "--reset-values");
	helm_actions_flag(run, o->force, "--force");
	helm_actions_flag(run, o->cleanup_on_fail, "--cleanup-on-fail");
	helm_actions_flag(run, o->disable_open_api_validation, "--disable-openapi-validation");
	helm_actions_flag(run, o->disable_schema_validation, "--skip-schema-validation");
	return ms;
}

static int64_t
helm_actions_rollback(struct session *s, struct helm_run *run)
{
	static const struct helm_rollback none;
	const struct helm_rollback *o =
	    s->request.release->spec.rollback != NULL ? s->request.release->spec.rollback : &none;
	const struct helm_actions_common common = COMMON(o);
	int64_t ms = helm_actions_add_common(s, run, &common);

	helm_actions_add_history(s, run);
	helm_actions_flag(run, o->recreate, "--recreate-pods");
	helm_actions_flag(run, o->force, "--force");
	helm_actions_flag(run, o->cleanup_on_fail, "--cleanup-on-fail");
	return ms;
}

static int64_t
helm_actions_uninstall(struct session *s, struct helm_run *run)
{
	static const struct helm_uninstall none;
	const struct helm_uninstall *o =
	    s->request.release->spec.uninstall != NULL ? s->request.release->spec.uninstall : &none;
	int64_t ms = helm_actions_timeout(s, &o->timeout);

	helm_run_arg(run, arena_printf(s->arena, "--timeout=%lldms", (long long)ms));
	helm_run_arg(run, "--ignore-not-found");
	helm_actions_flag(run, !o->disable_wait, "--wait");
	helm_actions_flag(run, o->disable_hooks, "--no-hooks");
	helm_actions_flag(run, o->keep_history, "--keep-history");
	if (o->deletion_propagation != NULL)
		helm_run_arg(run, arena_printf(s->arena, "--cascade=%s", o->deletion_propagation));
	return ms;
}

static int64_t
helm_actions_test(struct session *s, struct helm_run *run, struct err **ret_err)
{
	const struct helm_test *o = s->request.release->spec.test;
	int64_t ms = helm_actions_timeout(s, &o->timeout);

	helm_run_arg(run, arena_printf(s->arena, "--timeout=%lldms", (long long)ms));
	for (size_t i = 0; i < o->filters.n; i++) {
		const struct helm_test_filter *f = &o->filters.at[i];

		if (*ret_err == NULL)
			*ret_err = grammar_check(
			    s->arena, GRAMMAR_CHART, arena_printf(s->arena, "spec.test.filters[%zu].name", i), f->name);
		helm_run_arg(run, arena_printf(s->arena, "--filter=%sname=%s", f->exclude ? "!" : "", f->name));
	}
	return ms;
}

/* Adds the arguments of an action. Returns its timeout in ms. */
static int64_t
helm_actions_add(struct session *s, struct helm_run *run, enum helm_action action, struct err **ret_err)
{
	bool renders = action == HELM_ACTION_INSTALL || action == HELM_ACTION_UPGRADE;
	int64_t ms;

	helm_run_arg(run, helm_action_names[action]);
	helm_run_arg(run, arena_printf(s->arena, "--namespace=%s", s->request.release->namespace));
	switch (action) {
	case HELM_ACTION_INSTALL: ms = helm_actions_install(s, run); break;
	case HELM_ACTION_UPGRADE: ms = helm_actions_upgrade(s, run); break;
	case HELM_ACTION_ROLLBACK: ms = helm_actions_rollback(s, run); break;
	case HELM_ACTION_TEST: ms = helm_actions_test(s, run, ret_err); break;
	default: ms = helm_actions_uninstall(s, run); break;
	}
	if (renders) {
		helm_actions_add_values(s, run, ret_err);
		helm_actions_add_post_renderer(s, run, ret_err);
	}
	helm_run_arg(run, "--");
	helm_run_arg(run, s->request.release->name);
	if (renders)
		helm_run_arg(run, arena_printf(s->arena, "%s/chart", run->dir));
	if (action == HELM_ACTION_ROLLBACK)
		helm_run_arg(run, arena_printf(s->arena, "%lld", (long long)s->release.world.rollback_to));
	if (renders && *ret_err == NULL)
		*ret_err = chart_source_write(s, run);
	return ms;
}

struct err *
helm_actions_run(struct session *s, enum helm_action action)
{
	struct helm_run run = { .arena = s->arena, .helm = &s->sources.helm };
	struct bytes out;
	struct err *e;
	int64_t ms;

	if ((e = helm_check_program(s->arena, &s->sources.helm)) != NULL || (e = helm_run_begin(&run)) != NULL)
		return e;
	e = helm_actions_write_config(s, &run);
	ms = helm_actions_add(s, &run, action, &e);
	if (e == NULL)
		e = helm_run(&run, SPAWN_NETWORK, WAITS_MAX * ms + MARGIN_MS, &out);
	scratch_end(run.dir);
	return e;
}

struct err *
helm_actions_show_crds(struct session *s, struct bytes *ret)
{
	struct helm_run run = { .arena = s->arena, .helm = &s->sources.helm };
	struct err *e;

	if ((e = helm_check_program(s->arena, &s->sources.helm)) != NULL || (e = helm_run_begin(&run)) != NULL)
		return e;
	helm_run_arg(&run, "show");
	helm_run_arg(&run, "crds");
	helm_run_arg(&run, "--");
	helm_run_arg(&run, arena_printf(s->arena, "%s/chart", run.dir));
	if ((e = chart_source_write(s, &run)) == NULL)
		e = helm_run(&run, SPAWN_LOCAL, SHOW_MS, ret);
	scratch_end(run.dir);
	return e != NULL ? err_wrap(s->arena, e, "the chart's definitions") : NULL;
}
