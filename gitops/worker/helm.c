/* gitops/worker/helm.c: helm template and helm pull: writes files for helm, builds its arguments, and reads its
 * output. */
#include "gitops/worker/helm.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base64.h"
#include "base/json.h"
#include "base/sha256.h"
#include "gitops/source/arguments.h"
#include "gitops/source/helm_index_login.h"
#include "gitops/source/version.h"
#include "gitops/worker/helm_run.h"
#include "gitops/worker/local.h"
#include "gitops/worker/scratch.h"
#include "io/file.h"
#include "kube/api/yaml.h"

#define TEMPLATE_MS 60000
#define PULL_MS 120000
#define CA_FILE "ca.pem" /* certificates and keys */
#define CERT_FILE "client.pem"
#define KEY_FILE "client-key.pem"
#define INDEX_FILE "cache/repository/source-index.yaml" /* in the directory of a run: Helm's name for it */
#define CHARTS_MAX 64 /* that stay in the cache */

struct err *
helm_check_program(struct arena *a, const struct helm *h)
{
	if (h->program == NULL)
		return err_new(a, ERR_INVALID,
		    "Helm charts are rendered by the program helm, which the controller's --gitops-helm names");
	if (spawn_find(a, h->program) == NULL)
		return err_new(a, ERR_AGAIN,
		    "--gitops-helm names %s, which does not exist: install Helm there, or change the flag", h->program);
	return NULL;
}

/* Finds a file of the source: "$REF/PATH" of another source, "/PATH" of the repository, else relative to the chart.
 * ERR_GONE: it does not exist. */
static struct err *
helm_read_named(struct helm_run *r, const struct helm_template *c, const char *name, struct bytes *ret)
{
	const struct tree *tree = c->tree;
	const char *from = c->directory, *path;
	struct err *e;

	if (name[0] == '$') {
		size_t n = strcspn(name, "/");

		tree = NULL;
		for (size_t i = 0; i < c->n_refs; i++)
			if (strlen(c->refs[i].ref) == n - 1 && strncmp(c->refs[i].ref, name + 1, n - 1) == 0)
				tree = c->refs[i].tree;
		if (tree == NULL)
			return err_new(r->arena, ERR_INVALID, "%.*s: there is no source with this ref", (int)n, name);
		name += n;
		from = "";
	}
	if (name[0] == '/')
		from = "";
	name += strspn(name, "/");
	if (strstr(name, "://") != NULL)
		return err_new(r->arena, ERR_INVALID, "%s: a URL, and not a file of the repository", name);
	if ((e = tree_path(r->arena, from, name, &path)) != NULL)
		return e;
	return tree_read(tree, r->arena, path, ret, NULL);
}

static struct err *
helm_add_values(struct helm_run *r, const char *name, const char *text, size_t len)
{
	const char *path = arena_printf(r->arena, "values/%s.yaml", name);

	helm_run_arg(r, arena_printf(r->arena, "--values=%s/%s", r->dir, path));
	return helm_run_write(r, path, text, len);
}

static struct err *
helm_add_value_files(struct helm_run *r, const struct helm_template *c, const struct application_helm *h)
{
	for (size_t i = 0; i < h->value_files.n; i++) {
		struct bytes text;
		struct err *e = helm_read_named(r, c, h->value_files.at[i], &text);

		if (e != NULL && e->class == ERR_GONE && h->ignore_missing_value_files)
			continue;
		if (e == NULL)
			e = helm_add_values(r, arena_printf(r->arena, "%zu", i), text.at, text.len);
		if (e != NULL)
			return err_wrap(r->arena, e, "helm.valueFiles[%zu]: %s", i, h->value_files.at[i]);
	}
	return NULL;
}

static struct err *
helm_add_parameters(struct helm_run *r, const struct helm_template *c, const struct application_helm *h)
{
	for (size_t i = 0; i < h->parameters.n; i++) {
		const struct helm_parameter *p = &h->parameters.at[i];
		struct err *e = grammar_check(
		    r->arena, GRAMMAR_PARAMETER, arena_printf(r->arena, "helm.parameters[%zu].name", i), p->name);

		if (e != NULL)
			return e;
		/* A comma would start the next value. */
		helm_run_arg(r, arena_printf(r->arena, "--%s=%s=%s", p->force_string ? "set-string" : "set", p->name,
				    str_replace(r->arena, p->value != NULL ? p->value : "", ",", "\\,")));
	}
	for (size_t i = 0; i < h->file_parameters.n; i++) {
		const struct helm_file_parameter *p = &h->file_parameters.at[i];
		const char *path = arena_printf(r->arena, "values/file-%zu", i);
		struct bytes text;
		struct err *e = grammar_check(
		    r->arena, GRAMMAR_PARAMETER, arena_printf(r->arena, "helm.fileParameters[%zu].name", i), p->name);

		if (e != NULL)
			return e;
		e = helm_read_named(r, c, p->path, &text);
		if (e == NULL)
			e = helm_run_write(r, path, text.at, text.len);
		if (e != NULL)
			return err_wrap(r->arena, e, "helm.fileParameters[%zu]: %s", i, p->path);
		helm_run_arg(r, arena_printf(r->arena, "--set-file=%s=%s/%s", p->name, r->dir, path));
	}
	return NULL;
}

static struct err *
helm_add_options(struct helm_run *r, const struct helm_template *c, const struct application_helm *h)
{
	struct err *e;

	if (!h->skip_crds)
		helm_run_arg(r, "--include-crds");
	if (h->skip_tests)
		helm_run_arg(r, "--skip-tests");
	if (!str_empty(h->kube_version)) {
		if ((e = grammar_check(r->arena, GRAMMAR_KUBE_VERSION, "helm.kubeVersion", h->kube_version)) != NULL)
			return e;
		helm_run_arg(r, arena_printf(r->arena, "--kube-version=%s", h->kube_version));
	}
	for (size_t i = 0; i < h->api_versions.n; i++) {
		if ((e = grammar_check(r->arena, GRAMMAR_API_VERSION,
			 arena_printf(r->arena, "helm.apiVersions[%zu]", i), h->api_versions.at[i])) != NULL)
			return e;
		helm_run_arg(r, arena_printf(r->arena, "--api-versions=%s", h->api_versions.at[i]));
	}
	if ((e = helm_add_value_files(r, c, h)) != NULL)
		return e;
	/* JSON is YAML. */
	if (h->values_object != NULL)
		e = helm_add_values(r, "object", h->values_object, strlen(h->values_object));
	else if (h->values != NULL && h->values[0] != '\0')
		e = helm_add_values(r, "text", h->values, strlen(h->values));
	return e != NULL ? e : helm_add_parameters(r, c, h);
}

static struct err *
helm_read_output(struct helm_run *r, const struct helm_template *c, struct bytes out, struct manifests *ret)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	const char *file =
	    arena_printf(r->arena, "%s (helm template)", c->directory[0] != '\0' ? c->directory : c->release);
	struct err *e = yaml_parse_as(r->arena, out.at, out.len, YAML_KUBERNETES, &docs);
	json_t *doc;
	size_t i;

	if (e != NULL)
		return err_wrap(r->arena, e, "what helm has printed");
	json_array_foreach (docs, i, doc)
		if ((e = manifests_add(ret, r->arena, doc, file)) != NULL)
			return e;
	return NULL;
}

/* Checks the names of the release and the namespace, which become arguments. */
static struct err *
helm_check_target(struct arena *a, const struct application_helm *helm, const char *release, const char *namespace)
{
	struct err *e = grammar_check(
	    a, GRAMMAR_RELEASE, str_empty(helm->release_name) ? "metadata.name" : "helm.releaseName", release);

	return e != NULL ? e
			 : grammar_check(a, GRAMMAR_NAMESPACE,
			       str_empty(helm->namespace) ? "destination.namespace" : "helm.namespace", namespace);
}

struct err *
helm_render(struct arena *a, const struct helm *h, const struct helm_template *c, struct manifests *ret)
{
	static const struct application_helm nothing = { 0 };
	const struct application_helm *helm = c->source->helm != NULL ? c->source->helm : &nothing;
	const char *release = !str_empty(helm->release_name) ? helm->release_name : c->release;
	const char *namespace = !str_empty(helm->namespace) ? helm->namespace
				: !str_empty(c->namespace)  ? c->namespace
							    : "default";
	struct helm_run r = { .arena = a, .helm = h };
	struct bytes out;
	struct err *e;

	if ((e = helm_check_program(a, h)) != NULL || (e = helm_run_begin(&r)) != NULL)
		return e;
	helm_run_arg(&r, "template");
	e = helm_check_target(a, helm, release, namespace);
	helm_run_arg(&r, arena_printf(a, "--namespace=%s", namespace));
	if (e == NULL)
		e = helm_run_write_tree(&r, c->tree, c->directory, "chart");
	if (e == NULL)
		e = helm_add_options(&r, c, helm);
	helm_run_arg(&r, "--");
	helm_run_arg(&r, release);
	helm_run_arg(&r, arena_printf(a, "%s/chart", r.dir));
	/* The error stays until the chart changes, so it is not retried. */
	if (e == NULL && (e = helm_run(&r, SPAWN_LOCAL, TEMPLATE_MS, &out)) != NULL)
		e = err_new(a, ERR_INVALID, "%s", err_text(a, e));
	if (e == NULL)
		e = helm_read_output(&r, c, out, ret);
	scratch_end(r.dir);
	return e != NULL ? err_wrap(a, e, "%s", c->directory[0] != '\0' ? c->directory : c->release) : NULL;
}

/* Returns where a chart with an exact version is kept. The name depends on the credentials and on how the server is
 * reached and verified, so that only a request with the same ones finds it. */
static const char *
helm_kept_at(
    struct arena *a, const struct helm *h, const struct application_source *s, const struct source_credentials *c)
{
	const char *text = arena_printf(a, "%s\n%s\n%s\n%s\n%s\n%d\n%d\n%s\n%s\n%s", s->repo_url, s->chart,
	    s->target_revision ?: "", c->username ?: "", c->password ?: "", c->insecure, c->plain_http, c->proxy ?: "",
	    c->ca ?: "", c->client_cert ?: "");
	char hex[2 * SHA256_SIZE + 1];

	sha256_hex(text, strlen(text), hex);
	return arena_printf(a, "%s/chart-%.40s", h->cache, hex);
}

/* Returns the start of the host in a URL, after any user. */
static const char *
helm_host_in(const char *url)
{
	const char *authority = strstr(url, "://") + 3, *at = strchr(authority, '@');

	return at != NULL && at < authority + strcspn(authority, "/?#") ? at + 1 : authority;
}

/* Returns "https://USER:PASSWORD@HOST/…", without the user of the URL. Without a login: the URL itself. */
static const char *
helm_with_login(const struct helm_run *r, const char *url)
{
	return r->login == NULL ? url
				: arena_printf(r->arena, "%.*s%s%s", (int)(strstr(url, "://") + 3 - url), url, r->login,
				      helm_host_in(url));
}

/* Adds the login to the URLs of the index that have the repository's own scheme, host and port, and to no others. */
static struct err *
helm_mark_index(struct helm_run *r, const char *repo_url)
{
	const char *path = INDEX_FILE, *marked;
	struct bytes text = { 0 };
	struct err *e;

	if (r->login == NULL)
		return NULL;
	e = file_read(r->arena, arena_printf(r->arena, "%s/%s", r->dir, path), HELM_BYTES_MAX, &text);
	if (e != NULL)
		return err_wrap(r->arena, e, "the repository's index");
	marked = helm_index_with_login(r->arena, text.at, repo_url, r->login);
	if (marked == NULL)
		return err_new(r->arena, ERR_INVALID, "the repository's index is too long");
	return scratch_write(r->arena, r->dir, path, marked, strlen(marked));
}

/* Returns the path of a file of this run; NULL if it has no text. */
static const char *
helm_file_of(const struct helm_run *r, const char *text, const char *name)
{
	return text != NULL ? arena_printf(r->arena, "%s/%s", r->dir, name) : NULL;
}

/* Writes the credentials to files that only this user can read, because every user can read a command line. The
 * login is a part of the URL, so that it is not sent after a redirect. Helm sends its fields username and password
 * also to other ports, and to subdomains of the first host. */
static struct err *
helm_write_credentials(
    struct helm_run *r, const struct application_source *s, const struct source_credentials *c, bool oci)
{
	const char *path = oci ? "registry.json" : "repositories.yaml", *text;
	_cleanup_(json_decrefp) json_t *j = NULL;
	const char *user = c->username != NULL ? c->username : "", *password = c->password != NULL ? c->password : "";

	if (oci) {
		const char *host = arena_strndup(r->arena, s->repo_url, strcspn(s->repo_url, "/")),
			   *both = arena_printf(r->arena, "%s:%s", user, password);

		j = json_pack("{s:{}}", "auths");
		if (password[0] != '\0')
			json_object_set_new(json_object_get(j, "auths"), host,
			    json_pack("{s:s}", "auth", base64_encode(r->arena, both, strlen(both))));
	} else {
		j = json_pack("{s:s, s:[{s:s, s:s, s:b, s:b, s:s*, s:s*, s:s*}]}", "apiVersion", "", "repositories",
		    "name", "source", "url", helm_with_login(r, s->repo_url), "pass_credentials_all", 0,
		    "insecure_skip_tls_verify", c->insecure, "caFile", helm_file_of(r, c->ca, CA_FILE), "certFile",
		    helm_file_of(r, c->client_cert, CERT_FILE), "keyFile", helm_file_of(r, c->client_key, KEY_FILE));
	}
	text = json_text(r->arena, j);
	return helm_run_write(r, path, text, strlen(text));
}

/* Returns the first two lines of the text as one line. */
static const char *
helm_two_lines(struct arena *a, const char *text)
{
	size_t n = strcspn(text, "\n");
	const char *second = text[n] != '\0' ? text + n + 1 : "";

	second += strspn(second, " \t");
	return arena_printf(a, "%.*s %.*s", (int)n, text, (int)strcspn(second, "\n"), second);
}

/* Writes what helm needs to reach the repository. */
static struct err *
helm_write_access(struct helm_run *r, const struct application_source *s, const struct source_credentials *c, bool oci)
{
	struct err *e;

	if (!oci && (!str_empty(c->username) || !str_empty(c->password)))
		r->login = arena_printf(r->arena, "%s:%s@", str_url_escape(r->arena, c->username ?: ""),
		    str_url_escape(r->arena, c->password ?: ""));
	r->proxy = c->proxy;
	e = helm_write_credentials(r, s, c, oci);
	if (e == NULL && c->ca != NULL)
		e = helm_run_write(r, CA_FILE, c->ca, strlen(c->ca));
	if (e == NULL && c->client_cert != NULL)
		e = helm_run_write(r, CERT_FILE, c->client_cert, strlen(c->client_cert));
	return e == NULL && c->client_key != NULL ? helm_run_write(r, KEY_FILE, c->client_key, strlen(c->client_key))
						  : e;
}

/* A registry is not in repositories.yaml: how it is reached is in arguments. */
static void
helm_add_registry(struct helm_run *r, const struct source_credentials *c)
{
	if (c->ca != NULL)
		helm_run_arg(r, arena_printf(r->arena, "--ca-file=%s", helm_file_of(r, c->ca, CA_FILE)));
	if (c->client_cert != NULL)
		helm_run_arg(r, arena_printf(r->arena, "--cert-file=%s", helm_file_of(r, c->client_cert, CERT_FILE)));
	if (c->client_key != NULL)
		helm_run_arg(r, arena_printf(r->arena, "--key-file=%s", helm_file_of(r, c->client_key, KEY_FILE)));
	if (c->plain_http)
		helm_run_arg(r, "--plain-http");
}

/* Fetches the index of the repository, for a later run. */
static struct err *
helm_update(struct helm_run *r)
{
	const char *problem;
	struct bytes out;
	struct err *e;

	helm_run_arg(r, "repo");
	helm_run_arg(r, "update");
	helm_run_arg(r, arena_printf(r->arena, "--repository-config=%s/repositories.yaml", r->dir));
	if ((e = helm_run(r, SPAWN_NETWORK, PULL_MS, &out)) != NULL)
		return e;
	r->n = 1;
	/* `helm repo update` exits with 0 even if it failed. */
	if ((problem = strstr(out.at, "Unable to get an update")) != NULL)
		return err_new(r->arena, ERR_AGAIN, "%s", helm_run_clean(r, helm_two_lines(r->arena, problem)));
	return NULL;
}

/* Returns the argument that names the chart of a registry. */
static const char *
helm_registry_chart(struct arena *a, const struct application_source *s)
{
	const char *digest = version_digest(s->target_revision);

	return arena_printf(
	    a, "oci://%s/%s%s%s", s->repo_url, s->chart, digest != NULL ? "@sha256:" : "", digest ?: "");
}

static struct err *
helm_pull_chart(struct helm_run *r, const struct application_source *s, const struct source_credentials *c)
{
	bool oci = strstr(s->repo_url, "://") == NULL;
	struct bytes out;
	struct err *e = helm_write_access(r, s, c, oci);

	if (e == NULL && !oci)
		e = helm_update(r);
	if (e == NULL && !oci)
		e = helm_mark_index(r, s->repo_url);
	if (e != NULL)
		return e;
	helm_run_arg(r, "pull");
	if (!str_empty(s->target_revision) && !(oci && version_digest(s->target_revision) != NULL))
		helm_run_arg(r, arena_printf(r->arena, "--version=%s", s->target_revision));
	helm_run_arg(
	    r, arena_printf(r->arena,
		   oci ? "--registry-config=%s/registry.json" : "--repository-config=%s/repositories.yaml", r->dir));
	if (oci)
		helm_add_registry(r, c);
	helm_run_arg(r, "--untar");
	helm_run_arg(r, arena_printf(r->arena, "--untardir=%s/pulled", r->dir));
	helm_run_arg(r, "--");
	helm_run_arg(r, oci ? helm_registry_chart(r->arena, s) : arena_printf(r->arena, "source/%s", s->chart));
	return helm_run(r, SPAWN_NETWORK, PULL_MS, &out);
}

struct err *
helm_index_digest(
    struct arena *a, const struct helm *h, const char *url, const struct source_credentials *c, const char **ret_digest)
{
	const struct application_source s = { .repo_url = url };
	struct helm_run r = { .arena = a, .helm = h };
	struct bytes text = { 0 };
	char hex[2 * SHA256_SIZE + 1];
	struct err *e;

	if ((e = helm_check_program(a, h)) != NULL ||
	    (e = grammar_check(a, GRAMMAR_CHART_REPOSITORY, "spec.url", url)) != NULL ||
	    (e = helm_run_begin(&r)) != NULL)
		return e;
	if ((e = helm_write_access(&r, &s, c, false)) == NULL && (e = helm_update(&r)) == NULL)
		e = file_read(a, arena_printf(a, "%s/" INDEX_FILE, r.dir), HELM_BYTES_MAX, &text);
	scratch_end(r.dir);
	if (e != NULL)
		return err_wrap(a, e, "the index of %s", url);
	sha256_hex(text.at, text.len, hex);
	*ret_digest = arena_printf(a, "sha256:%s", hex);
	return NULL;
}

/* Reads the files and the version of a chart in a local directory. */
static struct err *
helm_open_pulled(struct arena *a, const char *dir, const char **ret_version, struct tree *ret_tree)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct bytes text;
	struct err *e = local_tree(a, dir, ret_tree);

	if (e == NULL)
		e = tree_read(ret_tree, a, "Chart.yaml", &text, NULL);
	if (e == NULL)
		e = yaml_parse(a, text.at, text.len, &docs);
	if (e == NULL && json_str(json_array_get(docs, 0), "version") == NULL)
		e = err_new(a, ERR_INVALID, "Chart.yaml has no version");
	if (e == NULL)
		*ret_version = arena_strdup(a, json_str(json_array_get(docs, 0), "version"));
	return e;
}

static struct err *
helm_read_kept(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	const struct bytes *file = entry->id;

	(void)t;
	if (file->len > max)
		return err_new(a, ERR_INVALID, "%zu bytes; at most %zu are read", file->len, max);
	*ret = *file;
	return NULL;
}

/* Reads all files into memory, because the directory may be removed. */
static struct err *
helm_keep_files(struct arena *a, struct tree *t)
{
	struct tree_entry *entries = arena_new_array(a, struct tree_entry, t->n + 1);
	struct bytes *files = arena_new_array(a, struct bytes, t->n + 1);
	struct err *e;

	for (size_t i = 0; i < t->n; i++) {
		if ((e = t->read(t, a, &t->entries[i], HELM_BYTES_MAX, &files[i])) != NULL)
			return e;
		entries[i] = t->entries[i];
		entries[i].id = &files[i];
	}
	*t = (struct tree){ .entries = entries, .n = t->n, .read = helm_read_kept };
	return NULL;
}

static bool
helm_is_exact(const char *version)
{
	struct version v;

	return version_digest(version) != NULL || (version != NULL && version_parse(version, &v) && v.n_parts == 3);
}

/* Removes the oldest kept chart, when there are too many. */
static void
helm_make_space(const char *cache, const char *but)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *oldest = NULL;
	struct timespec since = { 0 };
	struct dirent *entry;
	DIR *d = opendir(cache);
	size_t n = 0;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		const char *path = arena_printf(a, "%s/%s", cache, entry->d_name);
		struct stat st;

		if (!str_starts(entry->d_name, "chart-") || stat(path, &st) != 0)
			continue;
		n++;
		if (strcmp(path, but) != 0 && (oldest == NULL || st.st_mtim.tv_sec < since.tv_sec)) {
			oldest = path;
			since = st.st_mtim;
		}
	}
	if (d != NULL)
		closedir(d);
	if (n > CHARTS_MAX && oldest != NULL)
		scratch_end(oldest);
}

struct err *
helm_pull(struct arena *a, const struct helm *h, const struct application_source *s, const struct source_credentials *c,
    const char **ret_version, struct tree *ret_tree)
{
	struct helm_run r = { .arena = a, .helm = h };
	const char *kept = helm_kept_at(a, h, s, c), *pulled;
	struct err *e;

	if ((e = helm_check_program(a, h)) != NULL ||
	    (e = grammar_check(a, GRAMMAR_CHART, "chart", s->chart)) != NULL ||
	    (e = grammar_check(a, GRAMMAR_CHART_REPOSITORY, "repoURL", s->repo_url)) != NULL ||
	    (version_digest(s->target_revision) == NULL &&
		(e = grammar_check(a, GRAMMAR_CHART_VERSION, "targetRevision", s->target_revision)) != NULL))
		return e;
	if (access(kept, F_OK) == 0)
		return helm_open_pulled(a, kept, ret_version, ret_tree);
	if ((e = helm_run_begin(&r)) != NULL)
		return e;
	pulled = arena_printf(a, "%s/pulled/%s", r.dir, s->chart);
	e = helm_pull_chart(&r, s, c);
	if (e == NULL)
		e = helm_open_pulled(a, pulled, ret_version, ret_tree);
	/* Keeps the files in memory: the directory is removed at the end, or when the cache needs space. */
	if (e == NULL)
		e = helm_keep_files(a, ret_tree);
	if (e == NULL && helm_is_exact(s->target_revision) && rename(pulled, kept) == 0)
		helm_make_space(h->cache, kept);
	scratch_end(r.dir);
	return e != NULL ? err_wrap(a, e, "chart %s of %s", s->chart, s->repo_url) : NULL;
}
