/* gitops/worker/credentials.c: Argo CD's settings and repository Secrets in a session: reads them, and chooses the
 * ones that match. */
#include "gitops/worker/credentials.h"
#include <string.h>
#include <strings.h>
#include "gitops/source/repository_url.h"
#include "gitops/source/secret_keys.h"
#include "gitops/worker/session_state.h"
#include "kube/api/secret.h"

const char *
credentials_value(struct session *s, const json_t *secret, const char *key)
{
	return secret_text(s->arena, json_object_get(secret, "data"), key);
}

static struct source_credentials
credentials_of(struct session *s, const json_t *secret)
{
	return (struct source_credentials){ .username = credentials_value(s, secret, "username"),
		.password = credentials_value(s, secret, "password"),
		.bearer_token = credentials_value(s, secret, "bearerToken"),
		.ssh_key = credentials_value(s, secret, "sshPrivateKey"),
		.ca = credentials_value(s, secret, "tlsClientCaData"),
		.insecure = str_eq(credentials_value(s, secret, "insecure"), "true") ||
			    str_eq(credentials_value(s, secret, "insecureIgnoreHostKey"), "true"),
		.proxy = credentials_value(s, secret, "proxy") };
}

/* Returns whether there is anything to log in with. */
static bool
credentials_log_in(const struct source_credentials *c)
{
	return !str_empty(c->username) || !str_empty(c->password) || !str_empty(c->bearer_token) ||
	       !str_empty(c->ssh_key);
}

/* Uses the Secret if it matches the source better than the previous one: the repository's own, or the longest prefix
 * of its URL. A repository's own Secret without credentials takes those of a prefix, as in Argo CD. */
static void
credentials_consider(
    struct session *s, struct fetched_source *src, const json_t *secret, const char *type, const char *of)
{
	const char *project = credentials_value(s, secret, "project"),
		   *problem = secret_keys_problem(s->arena, secret, SECRET_KEYS_ARGOCD);
	const struct source_credentials has = credentials_of(s, secret);
	size_t match_len = 0;

	/* A Secret with a project is only for Applications of that project. */
	if (!str_empty(project) && s->request.app != NULL &&
	    !str_eq(project, str_empty(s->request.app->spec.project) ? "default" : s->request.app->spec.project))
		return;
	if (str_eq(type, "repository") && location_is_same(s->arena, of, src->url)) {
		match_len = SIZE_MAX;
		if (!credentials_log_in(&has)) {
			src->has_own = true;
			src->own = has;
			src->own_problem = problem;
			return;
		}
	} else if (str_eq(type, "repo-creds")) {
		match_len = location_below(s->arena, of, src->url);
	}
	if (match_len <= src->match_len)
		return;
	src->match_len = match_len;
	src->problem = problem;
	src->credentials = has;
}

/* Adds how the server is reached, of the repository's own Secret, to the credentials of another. */
static void
credentials_add_own(struct session *s)
{
	for (size_t i = 0; i < s->sources.n; i++) {
		struct fetched_source *src = &s->sources.at[i];

		if (!src->has_own || src->match_len == SIZE_MAX)
			continue;
		src->credentials.insecure = src->own.insecure;
		src->credentials.proxy = src->own.proxy;
		if (src->own.ca != NULL)
			src->credentials.ca = src->own.ca;
		if (src->own_problem != NULL)
			src->problem = src->own_problem;
	}
}

/* Warns once for each Secret, also when several sources use it. */
void
credentials_warn(struct session *s)
{
	for (size_t i = 0; i < s->sources.n; i++) {
		const char *problem = s->sources.at[i].problem;

		for (size_t k = 0; k < i; k++)
			problem = str_eq(s->sources.at[k].problem, problem) ? NULL : problem;
		if (problem != NULL)
			resources_warn(&s->desired.resources, "SettingsWarning", problem);
	}
}

/* The URL or cluster of the Secret cannot be decoded, so the Secret may be for any repository or cluster. */
static void
credentials_unreadable(struct session *s, const json_t *secret, const char *type, const char *why)
{
	const char *problem = item_problem(s->arena, "Secret", s->request.message.namespace, item_name(secret), why);

	resources_warn(&s->desired.resources, "UnreadableObject", problem);
	if (!str_eq(type, "cluster"))
		s->sources.unreadable = problem;
	if (type == NULL || str_eq(type, "cluster"))
		s->cluster.unreadable = problem;
}

static void
credentials_read_secret(void *arg, const json_t *secret, const struct unreadable *unreadable)
{
	struct session *s = ((struct session_call *)arg)->session;
	const char *type =
	    json_str(json_object_get(json_object_get(secret, "metadata"), "labels"), "argocd.argoproj.io/secret-type");
	const char *of;

	if (unreadable != NULL) {
		credentials_unreadable(s, secret, type, unreadable->why);
		return;
	}
	of = credentials_value(s, secret, "url");
	if (str_eq(type, "cluster"))
		cluster_consider_secret(s, secret);
	for (size_t k = 0; of != NULL && k < s->sources.n; k++)
		credentials_consider(s, &s->sources.at[k], secret, type, of);
}

static void
credentials_end(void *arg, const struct err *e, const json_t *list)
{
	struct session_call *c = arg;
	struct session *s = c->session;

	(void)list;
	/* Without permission to read Secrets there are no credentials, and the Git server's error shows whether they
	 * are needed. The destination cluster is known only from its Secret. */
	if (e != NULL && s->request.app != NULL && s->cluster.target == NULL)
		session_fail(s, "ComparisonError", err_wrap(s->arena, err_copy(s->arena, e), "Secrets of clusters"));
	credentials_add_own(s);
	credentials_warn(s);
	session_call_end(c);
}

static void
credentials_read_argocd_cm(void *arg, const struct err *e, const json_t *map)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	const json_t *data = e == NULL ? json_object_get(map, "data") : NULL;
	struct err *wrong = customizations_read(s->arena, data, &s->settings);

	/* A failed request may hide an existing ConfigMap. Without it, excluded objects would be applied, and ignored
	 * differences reverted. */
	if (e != NULL && e->class == ERR_AGAIN)
		wrong = err_wrap(s->arena, err_copy(s->arena, e), "argocd-cm");
	if (wrong == NULL)
		wrong = declared_read(s->arena, data, &s->sources.declared);
	if (wrong != NULL) {
		session_fail(s, "ComparisonError", wrong);
	} else {
		s->request.mark.annotation = s->settings.by_annotation;
		s->request.mark.label = s->settings.label;
	}
	if (wrong == NULL && s->settings.problem != NULL)
		resources_warn(&s->desired.resources, "SettingsWarning", s->settings.problem);
	if (wrong == NULL && s->sources.declared.problem != NULL)
		resources_warn(&s->desired.resources, "SettingsWarning", s->sources.declared.problem);
	session_call_end(c);
}

static void
credentials_read_known_hosts(void *arg, const struct err *e, const json_t *map)
{
	struct session_call *c = arg;

	if (e == NULL)
		c->session->sources.known_hosts =
		    arena_strdup(c->session->arena, json_str(json_object_get(map, "data"), "ssh_known_hosts"));
	session_call_end(c);
}

static bool
credentials_is_signer(const struct app_project *p, const char *id)
{
	size_t n = strlen(id);

	for (size_t i = 0; i < p->spec.signature_keys.n; i++) {
		const char *signer = p->spec.signature_keys.at[i].id;
		size_t len = signer != NULL ? strlen(signer) : 0;

		/* Compares key ids: a longer id (up to a fingerprint) ends with the shorter one. */
		if (len >= 8 && n >= 8 &&
		    strcasecmp(signer + (len > n ? len - n : 0), id + (n > len ? n - len : 0)) == 0)
			return true;
	}
	return false;
}

/* Takes the GPG keys of the ConfigMap that the project's signatureKeys allow. */
static void
credentials_read_signers(void *arg, const struct err *e, const json_t *map)
{
	struct session_call *c = arg;
	struct session *s = c->session;
	json_t *data = e == NULL ? json_object_get(map, "data") : NULL, *v;
	struct strings keys = { .at = arena_new_array(s->arena, const char *, json_object_size(data) + 1) };
	const char *id;

	json_object_foreach (data, id, v)
		if (json_is_string(v) && credentials_is_signer(s->request.project, id))
			keys.at[keys.n++] = arena_strdup(s->arena, json_string_value(v));
	if (keys.n == 0)
		session_fail(s, "ComparisonError",
		    err_new(s->arena, ERR_INVALID,
			"project %s: signatureKeys: the ConfigMap argocd-gpg-keys-cm has none of these keys",
			s->request.project->object.meta.name));
	for (size_t i = 0; i < s->sources.n; i++)
		s->sources.at[i].keys = keys;
	session_call_end(c);
}

size_t
credentials_prepare(struct session *s)
{
	return s->request.project != NULL && s->request.project->spec.signature_keys.n > 0 &&
		       !s->request.message.deleting
		   ? 4
		   : 3;
}

/* An object that does not exist, or that the controller has no permission to read, is ignored. */
bool
credentials_start(struct session *s, size_t i)
{
	struct session_call *c = session_slot(s, i);
	const char *maps = arena_printf(s->arena, "/api/v1/namespaces/%s/configmaps", s->request.message.namespace);

	c->call = i == 0 ? client_call(s->cluster.api, "GET", arena_printf(s->arena, "%s/argocd-cm", maps), NULL, NULL,
			       credentials_read_argocd_cm, c)
		  : i == 1
		      ? client_call(s->cluster.api, "GET", arena_printf(s->arena, "%s/argocd-ssh-known-hosts-cm", maps),
			    NULL, NULL, credentials_read_known_hosts, c)
		  : i == 3 ? client_call(s->cluster.api, "GET", arena_printf(s->arena, "%s/argocd-gpg-keys-cm", maps),
				 NULL, NULL, credentials_read_signers, c)
			   : client_list(s->cluster.api,
				 arena_printf(s->arena, "/api/v1/namespaces/%s/secrets?labelSelector=%s",
				     s->request.message.namespace,
				     "argocd.argoproj.io%2Fsecret-type%20in%20%28repository%2Crepo-creds%2Ccluster%29"),
				 credentials_read_secret, credentials_end, c);
	return true;
}
