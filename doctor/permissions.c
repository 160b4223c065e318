/* doctor/permissions.c: reads the roles of deploy/; the assembler includes their files in the program. */
#include "doctor/permissions.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "kube/api/yaml.h"

/* NAME: the text of the file, ended by NUL. */
#define TAKE_IN(NAME, FILE)                                                                                            \
	__asm__(".section .rodata\n"                                                                                   \
		".global " #NAME "\n"                                                                                  \
		".hidden " #NAME "\n" #NAME ": .incbin \"" FILE "\"\n.byte 0\n"                                        \
		".previous\n");                                                                                        \
	extern const char NAME[] __attribute__((visibility("hidden")))

TAKE_IN(permissions_rollouts, "deploy/rbac.yaml");
TAKE_IN(permissions_own, "deploy/controller/rbac.yaml");
TAKE_IN(permissions_gitops, "deploy/gitops/rbac.yaml");
TAKE_IN(permissions_flux, "deploy/gitops/flux/rbac.yaml");
TAKE_IN(permissions_server, "deploy/server/rbac.yaml");

static void
permissions_add_rule(struct arena *a, const json_t *rule, const struct permission *of, struct permissions *to)
{
	json_t *group, *resource;
	size_t i, k;

	/* A review without a name would deny what the rule grants for some names only. */
	if (json_object_get(rule, "resourceNames") != NULL)
		return;
	json_array_foreach (json_object_get(rule, "apiGroups"), i, group)
		json_array_foreach (json_object_get(rule, "resources"), k, resource) {
			const char *name = json_string_value(resource) ?: "", *slash = strchr(name, '/');
			struct permission p = *of;

			p.group = arena_strdup(a, json_string_value(group) ?: "");
			p.resource = arena_strndup(a, name, strcspn(name, "/"));
			p.sub = slash != NULL ? arena_strdup(a, slash + 1) : "";
			p.verbs = strings_decode(a, json_object_get(rule, "verbs"));
			to->at = arena_grow(a, to->at, to->n, &to->capacity, sizeof(*to->at));
			to->at[to->n++] = p;
		}
}

void
permissions_add(struct arena *a, const char *text, size_t len, const struct permission *of, struct permissions *to)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct permission p = *of;
	const char *kind;
	json_t *doc, *rule;
	size_t i, k;

	if (yaml_parse(a, text, len, &docs) != NULL)
		return;
	json_array_foreach (docs, i, doc) {
		kind = json_str(doc, "kind");
		p.own = str_eq(kind, "Role");
		if ((p.own || str_eq(kind, "ClusterRole")) &&
		    str_eq(json_str(json_object_get(doc, "metadata"), "name"), of->role))
			json_array_foreach (json_object_get(doc, "rules"), k, rule)
				permissions_add_rule(a, rule, &p, to);
	}
}

struct permissions
permissions_read(struct arena *a)
{
	struct permissions all = { 0 };

	permissions_add(a, permissions_rollouts, strlen(permissions_rollouts),
	    &(struct permission){ .role = "sluice", .controllers = "rollouts", .directory = "" }, &all);
	permissions_add(a, permissions_own, strlen(permissions_own),
	    &(struct permission){ .role = "sluice-own", .directory = "" }, &all);
	permissions_add(a, permissions_gitops, strlen(permissions_gitops),
	    &(struct permission){ .role = "sluice-gitops", .controllers = "gitops", .directory = "gitops" }, &all);
	permissions_add(a, permissions_flux, strlen(permissions_flux),
	    &(struct permission){ .role = "sluice-flux", .controllers = "flux", .directory = "gitops/flux" }, &all);
	return all;
}

struct permissions
permissions_read_server(struct arena *a)
{
	struct permissions all = { 0 };

	permissions_add(a, permissions_server, strlen(permissions_server),
	    &(struct permission){ .role = "sluice-server", .directory = "server" }, &all);
	return all;
}

const char *
permissions_plural(struct arena *a, const char *kind)
{
	size_t n = strlen(kind);
	char *plural;

	if (n == 0 || strspn(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != n)
		return NULL;
	if (kind[n - 1] == 's' || kind[n - 1] == 'x')
		plural = arena_printf(a, "%ses", kind);
	else if (kind[n - 1] == 'y' && n > 1 && strchr("aeiou", kind[n - 2]) == NULL)
		plural = arena_printf(a, "%.*s%s", (int)n - 1, kind, "ies");
	else
		plural = arena_printf(a, "%ss", kind);
	if (strcmp(kind, "Endpoints") == 0)
		plural = arena_strdup(a, kind);
	for (char *c = plural; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	return plural;
}
