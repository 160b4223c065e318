/* cli/cmd_server.c: server: the dashboard in a cluster, for users who log in. The login is in web/oidc_login.c. */
#include <errno.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/dashboard_objects.h"
#include "io/log.h"
#include "kube/api/secret.h"
#include "kube/api/yaml.h"
#include "kube/transport_curl.h"
#include "web/access/groups.h"
#include "web/oidc_login.h"
#include "web/server.h"

#define SCOPES_MAX 20 /* claims with groups */
#define SESSION_MS_MAX (INT64_C(7) * 86400000)

static int server_run(struct cli *);

const struct command cmd_server = {
	.name = "server",
	.args = "",
	.group = GROUP_RUN,
	.summary = "Serve the dashboard to a team, with a login by OpenID Connect",
	.example = "server --impersonate-groups developers,admins",
	.flags =
	    (const struct flag[]){
		{ .name = "port",
		    .letter = 'p',
		    .value = "PORT",
		    .value_default = "8080",
		    .text = "Port to listen on, for HTTP: an Ingress or a Gateway makes it HTTPS" },
		{ .name = "listen-address",
		    .value = "ADDR",
		    .value_default = "0.0.0.0",
		    .text = "IPv4 address to listen on" },
		{ .name = "healthzPort",
		    .value = "PORT",
		    .value_default = "8081",
		    .text = "Port of /healthz and /readyz; 0: none" },
		{ .name = "gitops-namespace",
		    .value = "NAME",
		    .value_default = "argocd",
		    .text =
			"Namespace of argocd-cm (url, oidc.config), of its Secrets, of argocd-rbac-cm (scopes), and "
			"of the Secret sluice-server-sessions" },
		{ .name = "session-duration",
		    .value = "DURATION",
		    .value_default = "8h",
		    .text = "Time after which a user must log in again; at most 7 days" },
		{ .name = "impersonate-groups",
		    .value = "LIST",
		    .text = "Groups of the OpenID provider to impersonate in Kubernetes, comma-separated, without the "
			    "prefix" },
		{ .name = "impersonate-user",
		    .value = "NAME",
		    .value_default = "dashboard",
		    .text = "User to impersonate in all requests of users, without the prefix" },
		{ .name = "impersonate-prefix",
		    .value = "TEXT",
		    .value_default = "sluice:",
		    .text = "Prefix of the impersonated user and groups in Kubernetes" },
		{ .name = "read-only", .text = "Refuse all changes, and show no buttons" },
		{ .name = "logformat",
		    .value = "FORMAT",
		    .value_default = "text",
		    .choices = "text|json",
		    .text = "Format of log lines" },
		{ 0 },
	    },
	.run = server_run,
};

/* The settings of the cluster, in the command's arena. */
struct server {
	struct cli *cli;
	struct dashboard_objects objects;
	const char *namespace; /* of argocd-cm */
	json_t *secrets; /* name → Secret, or null: it does not exist */
	struct oidc_settings oidc;
	struct oidc_base base;
	struct strings scopes;
	struct impersonation impersonation;
};

static struct err *
server_get(struct server *s, const char *plural, const char *name, json_t **ret)
{
	return cli_call(s->cli, "GET",
	    arena_printf(s->cli->arena, "/api/v1/namespaces/%s/%s/%s", s->namespace, plural, name), NULL, NULL, ret);
}

/* As in Argo CD, Secrets other than its own need a label, so that oidc.config does not reach every Secret of the
 * namespace. */
static const char *
server_secret_value(void *arg, const char *secret, const char *key, const char **ret_why)
{
	struct server *s = arg;
	const json_t *of = json_object_get(s->secrets, secret);
	const json_t *labels = json_object_get(json_object_get(of, "metadata"), "labels");

	if (!json_is_object(of)) {
		*ret_why = "it does not exist";
		return NULL;
	}
	if (strcmp(secret, OIDC_SECRET) != 0 && !str_eq(json_str(labels, "app.kubernetes.io/part-of"), "argocd")) {
		*ret_why = "it has no label app.kubernetes.io/part-of: argocd";
		return NULL;
	}
	return secret_line(s->cli->arena, json_object_get(of, "data"), key);
}

static struct err *
server_read_secrets(struct server *s, const char *config)
{
	struct arena *a = s->cli->arena;
	struct strings names = { 0 };
	struct err *e = oidc_settings_secrets(a, config, &names);

	for (size_t i = 0; e == NULL && i < names.n; i++) {
		json_t *secret = NULL;

		if (!name_is_path_segment(names.at[i]))
			continue; /* oidc_settings_read names it */
		e = server_get(s, "secrets", names.at[i], &secret);
		if (e != NULL && e->class == ERR_GONE)
			e = NULL;
		else if (e != NULL)
			return err_wrap(a, e, "Secret %s of oidc.config", names.at[i]);
		json_object_set_new(s->secrets, names.at[i], secret != NULL ? secret : json_null());
	}
	return e;
}

/* `scopes` of argocd-rbac-cm is a list of claims as YAML text; its default is [groups]. */
static struct err *
server_read_scopes(struct server *s)
{
	static const char *groups[] = { "groups" };
	_cleanup_(json_decrefp) json_t *map = NULL, *docs = NULL;
	struct arena *a = s->cli->arena;
	struct err *e = server_get(s, "configmaps", "argocd-rbac-cm", &map);
	const char *text = json_str(json_object_get(map, "data"), "scopes"), *claim;
	const json_t *list;

	s->scopes = (struct strings){ groups, 1 };
	if (e != NULL && e->class != ERR_GONE)
		return e;
	if (str_empty(text))
		return NULL;
	if ((e = yaml_parse(a, text, strlen(text), &docs)) != NULL)
		return err_wrap(a, e, "ConfigMap argocd-rbac-cm, scopes");
	list = json_array_get(docs, 0);
	if (!json_is_array(list) || json_array_size(list) > SCOPES_MAX)
		return err_new(
		    a, ERR_INVALID, "ConfigMap argocd-rbac-cm, scopes: want a list of at most %d claims", SCOPES_MAX);
	s->scopes = (struct strings){ .at = arena_new_array(a, const char *, json_array_size(list) + 1) };
	for (size_t i = 0; i < json_array_size(list); i++) {
		if ((claim = json_string_value(json_array_get(list, i))) == NULL)
			return err_new(a, ERR_INVALID, "ConfigMap argocd-rbac-cm, scopes: want a list of claims");
		s->scopes.at[s->scopes.n++] = arena_strdup(a, claim);
	}
	return NULL;
}

static struct err *
server_read_config(struct server *s)
{
	_cleanup_(json_decrefp) json_t *map = NULL;
	struct arena *a = s->cli->arena;
	struct err *e = server_get(s, "configmaps", "argocd-cm", &map);
	const char *url = json_str(json_object_get(map, "data"), "url");
	const char *config = json_str(json_object_get(map, "data"), "oidc.config");

	if (e != NULL)
		return e;
	if (str_empty(url) || str_empty(config))
		return err_new(a, ERR_INVALID,
		    "ConfigMap argocd-cm in namespace %s has no %s: users log in with the provider of oidc.config, and "
		    "it sends them back to url, the address of this server for browsers",
		    s->namespace, str_empty(url) ? "url" : "oidc.config");
	if ((e = oidc_base_read(a, url, &s->base)) != NULL || (e = server_read_secrets(s, config)) != NULL ||
	    (e = oidc_settings_read(a, config, server_secret_value, s, &s->oidc)) != NULL)
		return e;
	if (s->oidc.problem != NULL)
		log_warn(s->oidc.problem);
	return server_read_scopes(s);
}

static struct err *
server_read_impersonation(struct server *s)
{
	struct arena *a = s->cli->arena;
	char *list = arena_strdup(a, cli_flag(s->cli, "impersonate-groups")), *save = NULL;
	struct impersonation to = { .prefix = cli_flag(s->cli, "impersonate-prefix"),
		.user = cli_flag(s->cli, "impersonate-user") };
	size_t capacity = 0;

	for (char *name = list != NULL ? strtok_r(list, ",", &save) : NULL; name != NULL;
	     name = strtok_r(NULL, ",", &save)) {
		to.groups.at = arena_grow(a, to.groups.at, to.groups.n, &capacity, sizeof(*to.groups.at));
		to.groups.at[to.groups.n++] = name;
	}
	s->impersonation = to;
	return impersonation_check(a, &to);
}

static void
server_keep_groups(void *arg, struct arena *a, struct strings *groups)
{
	const struct server *s = arg;

	groups_keep(a, cache_view(s->objects.cache), s->namespace, &s->impersonation, groups);
}

/* Listens and runs until a signal or an error. */
static int
server_serve(struct server *s, const struct oidc_login_settings *login_settings, int port, int health_port)
{
	struct cli *c = s->cli;
	struct oidc_login *login = oidc_login_new(c->loop, login_settings);
	struct dashboard_settings d = { .address = cli_flag(c, "listen-address"),
		.port = port,
		.root = s->base.path + strspn(s->base.path, "/"),
		.read_only = cli_on(c, "read-only"),
		.version = VERSION,
		.namespace = c->namespace,
		.view = cache_view(s->objects.cache),
		.ready = dashboard_objects_is_ready,
		.arg = &s->objects,
		.api = c->transport,
		.argocd_namespace = s->namespace,
		.impersonation = &s->impersonation,
		.login = oidc_login_interface(login),
		.host = s->base.host };
	struct web_settings w = { .address = d.address,
		.health_port = health_port,
		.ready = dashboard_objects_is_ready,
		.arg = &s->objects };
	struct web *web = NULL;
	int failed = port, code = 0;

	s->objects.dashboard = dashboard_new(c->loop, &d);
	if (s->objects.dashboard != NULL)
		web = web_new(c->loop, &w, &failed);
	if (web == NULL) {
		code = cli_fail(c, "cannot listen on %s port %d: %s", d.address, failed, strerror(errno));
	} else {
		log_info("the dashboard listens", "port",
		    arena_printf(c->arena, "%d", dashboard_port(s->objects.dashboard)), "url", s->base.url, "issuer",
		    s->oidc.issuer);
		dashboard_objects_start(&s->objects);
		loop_run(c->loop);
		code = s->objects.code;
	}
	web_free(web);
	dashboard_objects_done(&s->objects);
	oidc_login_free(login);
	return code;
}

/* With an identity of its own, requests of users would be made as that one. */
static bool
server_impersonates(const struct config_impersonation *as)
{
	return as->user != NULL || as->uid != NULL || as->groups.n > 0;
}

static int
server_run(struct cli *c)
{
	struct server s = { .cli = c, .namespace = cli_flag(c, "gitops-namespace") };
	struct oidc_login_settings login = {
		.oidc = &s.oidc, .base = &s.base, .scopes = &s.scopes, .namespace = s.namespace
	};
	long long port, health_port;
	struct err *e;
	int code;

	if (!str_int(cli_flag(c, "port"), 0, 65535, &port))
		return cli_fail(c, "--port: \"%s\" is not a port", cli_flag(c, "port"));
	if (!str_int(cli_flag(c, "healthzPort"), 0, 65535, &health_port))
		return cli_fail(c, "--healthzPort: \"%s\" is not a port", cli_flag(c, "healthzPort"));
	if (!duration_parse(cli_flag(c, "session-duration"), &login.session_ms) || login.session_ms < 60000 ||
	    login.session_ms > SESSION_MS_MAX)
		return cli_fail(
		    c, "--session-duration: \"%s\" is not a duration from 1m to 168h", cli_flag(c, "session-duration"));
	if (!name_is_path_segment(s.namespace))
		return cli_fail(c, "--gitops-namespace: \"%s\" is not a name", s.namespace);
	if ((e = server_read_impersonation(&s)) != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	log_setup(LOG_LEVEL_INFO, strcmp(cli_flag(c, "logformat"), "json") == 0);
	if (cli_connect(c) != 0)
		return 1;
	if (server_impersonates(&c->config.as))
		return cli_fail(c,
		    "sluice server impersonates its users itself: remove --as, --as-group, --as-uid, and \"as\" of "
		    "the kubeconfig's user");
	cli_signals(c);
	s.secrets = json_object();
	if ((e = server_read_config(&s)) != NULL) {
		json_decref(s.secrets);
		return cli_error(c, e);
	}
	dashboard_objects_init(&s.objects, c, cli_flag(c, "namespace") == NULL);
	s.objects.policy = s.namespace;
	login.api = c->transport;
	login.keep_groups = server_keep_groups;
	login.arg = &s;
	login.outside = transport_curl_new(c->loop, NULL);
	transport_curl_confine(login.outside, c->config.server, false);
	code = server_serve(&s, &login, (int)port, (int)health_port);
	transport_free(login.outside);
	json_decref(s.secrets);
	return code;
}
