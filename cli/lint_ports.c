/* cli/lint_ports.c: lint: ports of Services that objects of routers name. A router forwards no request to a port that
 * does not exist, which it reports in its own log at most. */
#include "cli/lint_ports.h"
#include <string.h>
#include "base/str.h"
#include "traffic/router.h"

struct lint_port_pass {
	struct problems *problems;
	const struct canary_strategy *canary;
	const struct router *router;
	lint_service_ports *ports;
	void *arg;
};

/* Returns the name of the rollout's Service that a text is, up to its first dot; NULL: it is another one. */
static const char *
lint_port_service(const struct canary_strategy *c, const char *name)
{
	const char *const services[] = { c->canary_service, c->stable_service,
		c->ping_pong != NULL ? c->ping_pong->ping_service : NULL,
		c->ping_pong != NULL ? c->ping_pong->pong_service : NULL };
	size_t n = name != NULL ? strcspn(name, ".") : 0;

	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(services); i++)
		if (services[i] != NULL && strlen(services[i]) == n && strncmp(name, services[i], n) == 0)
			return services[i];
	return NULL;
}

/* "80 (http), 9090" */
static const char *
lint_ports_text(struct arena *a, const json_t *ports)
{
	const char *text = "";
	json_t *one;
	size_t i;

	json_array_foreach (ports, i, one) {
		const char *name = json_str(one, "name");

		text = arena_printf(a, "%s%s%lld%s%s%s", text, i > 0 ? ", " : "", (long long)json_int(one, "port", 0),
		    name != NULL ? " (" : "", name != NULL ? name : "", name != NULL ? ")" : "");
	}
	return text;
}

static bool
lint_has_port(const json_t *ports, const json_t *port)
{
	json_t *one;
	size_t i;

	json_array_foreach (ports, i, one)
		if (json_is_integer(port) ? json_int(one, "port", 0) == json_integer_value(port)
					  : str_eq(json_str(one, "name"), json_string_value(port)))
			return true;
	return false;
}

/* The port "use-annotation" is one of the AWS Load Balancer Controller: the path has an action. */
static void
lint_port(struct lint_port_pass *p, const char *path, const char *service, const json_t *port)
{
	const json_t *ports;

	if (json_is_object(port))
		port = json_object_get(port, "number") ?: json_object_get(port, "name");
	if ((!json_is_integer(port) && !json_is_string(port)) || str_eq(json_string_value(port), "use-annotation") ||
	    (ports = p->ports(service, p->arg)) == NULL || lint_has_port(ports, port))
		return;
	problem_add(p->problems, path, "Invalid value: %s: Service \"%s\" has no such port; it has %s",
	    json_text(p->problems->arena, port), service, lint_ports_text(p->problems->arena, ports));
}

/* Visits all objects within a value. The depth of manifests is limited when they are read. */
static void
lint_port_walk(struct lint_port_pass *p, const char *path, const json_t *at)
{
	struct arena *a = p->problems->arena;
	const char *service =
	    json_is_object(at) ? lint_port_service(p->canary, json_string_value(json_at(at, p->router->service_name)))
			       : NULL;
	const char *key, *where;
	json_t *value;
	size_t i;

	if (service != NULL) {
		where = arena_printf(a, "%s%s", path, str_replace(a, p->router->service_port, "/", "."));
		lint_port(p, where, service, json_at(at, p->router->service_port));
		if (p->router->copies_port && str_eq(service, p->canary->stable_service) &&
		    p->canary->canary_service != NULL)
			lint_port(p, where, p->canary->canary_service, json_at(at, p->router->service_port));
	}
	json_object_foreach ((json_t *)at, key, value)
		lint_port_walk(p, path[0] != '\0' ? arena_printf(a, "%s.%s", path, key) : key, value);
	json_array_foreach (at, i, value)
		lint_port_walk(p, arena_printf(a, "%s[%zu]", path, i), value);
}

void
lint_ports(struct problems *problems, const struct rollout *r, const struct router *router, const json_t *object,
    bool is_rollout, lint_service_ports *ports, void *arg)
{
	const struct canary_strategy *c = r->spec.strategy.canary;
	struct lint_port_pass p = { problems, c, router, ports, arg };
	const char *const services[] = { c->turn_canary_service, c->turn_stable_service };

	if (!is_rollout && router->service_name != NULL)
		lint_port_walk(&p, "spec", json_object_get(object, "spec"));
	for (size_t i = 0; is_rollout && router->port_field != NULL && i < ARRAY_SIZE(services); i++)
		if (services[i] != NULL)
			lint_port(&p, str_replace(problems->arena, router->port_field + 1, "/", "."), services[i],
			    json_at(object, router->port_field));
}
