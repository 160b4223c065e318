/* doctor/doctor.c: the sections, and shared functions of their checks. */
#include "doctor/doctor.h"
#include <string.h>
#include "base/address.h"
#include "base/utf8.h"
#include "doctor/sections.h"

#define SLUICE "labelSelector=app.kubernetes.io%2Fname%3Dsluice"

const struct doctor_section *const doctor_sections[] = { &doctor_before_install, &doctor_install, &doctor_rollouts,
	&doctor_argocd, &doctor_flux, &doctor_events, &doctor_debug, &doctor_rbac, &doctor_git, &doctor_perf,
	&doctor_network, NULL };

const struct doctor_list_row doctor_lists[LIST_MAX] = {
	[LIST_CONTROLLERS] = { "apps", "v1", "deployments", "Deployment",
	    "labelSelector=app.kubernetes.io%2Fname%20in%20%28sluice%2Cargo-rollouts%29" },
	[LIST_SERVERS] = { "apps", "v1", "deployments", "Deployment",
	    "labelSelector=app.kubernetes.io%2Fname%3Dsluice-server" },
	[LIST_PODS] = { "", "v1", "pods", "Pod", SLUICE },
	[LIST_POD_METRICS] = { "metrics.k8s.io", "v1beta1", "pods", "PodMetrics", SLUICE },
	[LIST_LEASES] = { "coordination.k8s.io", "v1", "leases", "Lease",
	    "fieldSelector=metadata.name%3Dargo-rollouts-controller-lock" },
	[LIST_DEFINITIONS] = { "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
	    "" },
	[LIST_VALIDATING] = { "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
	    "ValidatingWebhookConfiguration", "" },
	[LIST_MUTATING] = { "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
	    "MutatingWebhookConfiguration", "" },
	[LIST_ROLLOUTS] = { "argoproj.io", "v1alpha1", "rollouts", "Rollout", "" },
	[LIST_TEMPLATES] = { "argoproj.io", "v1alpha1", "analysistemplates", "AnalysisTemplate", "" },
	[LIST_CLUSTER_TEMPLATES] = { "argoproj.io", "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate",
	    "" },
	[LIST_APPLICATIONS] = { "argoproj.io", "v1alpha1", "applications", "Application", "" },
	[LIST_SECRETS] = { "", "v1", "secrets", "Secret", "labelSelector=argocd.argoproj.io%2Fsecret-type" },
	[LIST_GIT_REPOSITORIES] = { "source.toolkit.fluxcd.io", NULL, "gitrepositories", "GitRepository", "" },
	[LIST_HELM_REPOSITORIES] = { "source.toolkit.fluxcd.io", NULL, "helmrepositories", "HelmRepository", "" },
	[LIST_OCI_REPOSITORIES] = { "source.toolkit.fluxcd.io", NULL, "ocirepositories", "OCIRepository", "" },
	[LIST_KUSTOMIZATIONS] = { "kustomize.toolkit.fluxcd.io", NULL, "kustomizations", "Kustomization", "" },
	[LIST_HELM_RELEASES] = { "helm.toolkit.fluxcd.io", NULL, "helmreleases", "HelmRelease", "" },
	[LIST_WARNINGS] = { "", "v1", "events", "Event", "fieldSelector=type%3DWarning" },
};

const struct doctor_section *
doctor_section_named(const char *name)
{
	for (size_t i = 0; doctor_sections[i] != NULL; i++)
		if (strcmp(doctor_sections[i]->name, name) == 0)
			return doctor_sections[i];
	return NULL;
}

void
doctor_probe(const struct doctor_section *s, const struct doctor_world *w, struct doctor_probes *p)
{
	for (const struct doctor_check *c = s->checks; c->name != NULL; c++)
		if (c->probe != NULL)
			c->probe(w, p);
}

void
doctor_find(const struct doctor_section *s, const struct doctor_world *w, struct doctor_findings *f)
{
	for (const struct doctor_check *c = s->checks; c->name != NULL; c++) {
		f->check = c->name;
		memset(f->of_check, 0, sizeof(f->of_check));
		c->find(w, f);
	}
}

/* Returns the text in one line of limited length. */
static const char *
doctor_line(struct arena *a, const char *text)
{
	char *line = arena_strdup(a, utf8_shown(a, text, DOCTOR_LINE_MAX));

	for (char *c = line; *c != '\0'; c++)
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	return line;
}

void
doctor_add(struct doctor_findings *f, enum doctor_level level, const char *todo, const char *format, ...)
{
	const char *text;
	va_list ap;

	f->counts[level]++;
	if (f->of_check[level]++ >= DOCTOR_SAME_MAX)
		return;
	va_start(ap, format);
	text = arena_vprintf(f->arena, format, ap);
	va_end(ap);
	if (f->of_check[level] == DOCTOR_SAME_MAX) {
		text = "and more like these, which are not listed";
		todo = NULL;
	}
	f->at = arena_grow(f->arena, f->at, f->n, &f->capacity, sizeof(*f->at));
	f->at[f->n++] = (struct doctor_finding){ level, f->check, doctor_line(f->arena, text),
		todo != NULL ? doctor_line(f->arena, todo) : NULL };
}

const char *
doctor_text(struct arena *a, const struct doctor_section *s, const struct doctor_findings *f)
{
	static const char *const names[DOCTOR_LEVEL_MAX] = { "ok", "note", "unknown", "problem" };
	const char *text;
	struct str lines;

	str_init(&lines, 16u << 20);
	str_addf(&lines, "=== %s (%s)\n", s->title, s->name);
	for (size_t i = 0; i < f->n; i++) {
		str_addf(&lines, "%-8s %-14s %s\n", names[f->at[i].level], f->at[i].check, f->at[i].text);
		if (f->at[i].todo != NULL)
			str_addf(&lines, "%-23s -> %s\n", "", f->at[i].todo);
	}
	if (f->n == 0)
		str_adds(&lines, "ok       there is nothing to check\n");
	text = arena_strdup(a, str_text(&lines));
	str_done(&lines);
	return text;
}

const json_t *
doctor_items(const struct doctor_world *w, struct doctor_findings *f, enum doctor_list list)
{
	const struct doctor_items *l = &w->lists[list];

	if (l->error != NULL)
		doctor_add(f, DOCTOR_UNKNOWN, NULL, "%s.%s cannot be listed: %s", doctor_lists[list].plural,
		    doctor_lists[list].group, l->error);
	return l->items;
}

static const char *
doctor_access_key(struct arena *a, const char *subject, const char *verb, const char *group, const char *resource,
    const char *sub, const char *ns)
{
	return arena_printf(a, "%s %s %s %s/%s %s", subject != NULL ? subject : "", verb, group, resource, sub, ns);
}

void
doctor_probe_add(struct doctor_probes *p, const struct doctor_probe *probe)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->at[i].kind == probe->kind && strcmp(p->at[i].key, probe->key) == 0)
			return;
	if (p->n == DOCTOR_PROBES_MAX) {
		p->more = true;
		return;
	}
	p->at[p->n++] = *probe;
}

void
doctor_probe_access(struct doctor_probes *p, const char *subject, const char *verb, const char *group,
    const char *resource, const char *sub, const char *ns)
{
	doctor_probe_add(p, &(struct doctor_probe){ .kind = PROBE_ACCESS,
				.key = doctor_access_key(p->arena, subject, verb, group, resource, sub, ns),
				.subject = subject,
				.verb = verb,
				.group = group,
				.resource = resource,
				.sub = sub,
				.ns = ns });
}

const struct doctor_probe *
doctor_probed(const struct doctor_world *w, enum doctor_probe_kind kind, const char *key)
{
	for (size_t i = 0; w->probes != NULL && i < w->probes->n; i++) {
		const struct doctor_probe *p = &w->probes->at[i];

		if (p->kind == kind && strcmp(p->key, key) == 0)
			return p->made ? p : NULL;
	}
	return NULL;
}

const struct doctor_probe *
doctor_probed_access(const struct doctor_world *w, const char *subject, const char *verb, const char *group,
    const char *resource, const char *sub, const char *ns)
{
	return doctor_probed(w, PROBE_ACCESS, doctor_access_key(w->arena, subject, verb, group, resource, sub, ns));
}

const char *
doctor_host(struct arena *a, const char *url)
{
	const char *at = strstr(url, "://"), *user, *end;
	size_t n;

	if (at == NULL && strchr(url, ':') == NULL)
		return NULL;
	at = at != NULL ? at + 3 : url;
	n = strcspn(at, "/?#");
	/* The last one: what is before it is user and password. */
	user = memrchr(at, '@', n);
	if (user != NULL) {
		n -= (size_t)(user - at) + 1;
		at = user + 1;
	}
	if (n > 0 && at[0] == '[') {
		end = memchr(at, ']', n);
		return end != NULL ? arena_strndup(a, at + 1, (size_t)(end - at) - 1) : NULL;
	}
	n = strcspn(at, ":/") < n ? strcspn(at, ":/") : n;
	return n > 0 && n < 254 ? arena_strndup(a, at, n) : NULL;
}

bool
doctor_is_private(const struct doctor_world *w, const char *url)
{
	const char *host;
	struct address a;

	if (!w->all)
		return false;
	host = doctor_host(w->arena, url);
	if (host == NULL || strncasecmp(url, "file:", 5) == 0)
		return true;
	return (address_parse(host, &a) ? address_kind(&a) : address_name_kind(host)) != ADDRESS_OUTSIDE;
}

const char *
doctor_name(struct arena *a, const json_t *object)
{
	const json_t *m = json_object_get(object, "metadata");
	const char *ns = json_str(m, "namespace");

	return arena_printf(a, "%s%s%s", ns != NULL ? ns : "", ns != NULL ? "/" : "", json_str(m, "name") ?: "");
}

const char *
doctor_flag(struct arena *a, const json_t *deployment, const char *flag, const char *fallback)
{
	const json_t *args = json_at(deployment, "/spec/template/spec/containers/0/args"), *arg;
	const char *with = arena_printf(a, "--%s=", flag);
	size_t i;

	json_array_foreach (args, i, arg) {
		const char *text = json_string_value(arg) ?: "";

		if (str_starts(text, with))
			return text + strlen(with);
		if (strncmp(text, with, strlen(with) - 1) == 0 && text[strlen(with) - 1] == '\0')
			return json_string_value(json_array_get(args, i + 1)) ?: "true";
	}
	return fallback;
}

bool
doctor_is_sluice(const json_t *deployment)
{
	return str_eq(json_str(json_at(deployment, "/metadata/labels"), "app.kubernetes.io/name"), "sluice");
}

bool
doctor_runs(const struct doctor_world *w, const char *controller)
{
	const json_t *d;
	size_t i;

	json_array_foreach (w->lists[LIST_CONTROLLERS].items, i, d) {
		const char *list = doctor_flag(w->arena, d, "controllers", "rollouts");

		for (const char *s = list; doctor_is_sluice(d) && *s != '\0'; s += strcspn(s, ","), s += *s == ',')
			if (strcspn(s, ",") == strlen(controller) && str_starts(s, controller))
				return true;
	}
	return false;
}
