/* tests/simulation/load_balancers.c: the AWS API of the load balancers of Ingresses, in virtual time. */
#include "tests/simulation/load_balancers.h"
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "base/str.h"

#define ACTIONS "alb.ingress.kubernetes.io/actions."
#define TEXT_MAX (1u << 20)

bool
load_balancers_are_queried(const struct request *r)
{
	return str_starts(r->url, "https://elasticloadbalancing.eu-west-1.amazonaws.com/");
}

/* Returns the load balancer of an Ingress; NULL: there are too many. */
static struct load_balancer *
load_balancer_of(struct load_balancers *all, const char *ingress)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].ingress, ingress) == 0)
			return &all->at[i];
	if (all->n == LOAD_BALANCERS_MAX)
		return NULL;
	snprintf(all->at[all->n].ingress, sizeof(all->at[all->n].ingress), "%s", ingress);
	return &all->at[all->n++];
}

/* The load balancer gets the first action that splits requests. */
static void
load_balancer_follow(const json_t *ingress, void *arg)
{
	struct load_balancer *one = load_balancer_of(arg, json_str(json_object_get(ingress, "metadata"), "name") ?: "");
	const char *key;
	json_t *value;

	json_object_foreach (json_at(ingress, "/metadata/annotations"), key, value)
		if (one != NULL && str_starts(key, ACTIONS))
			snprintf(one->action, sizeof(one->action), "%s", json_string_value(value));
}

struct listing {
	struct load_balancers *all;
	struct str out;
};

/* Adds the addresses of an EndpointSlice to the targets. */
static void
targets_follow(const json_t *slice, void *arg)
{
	struct load_balancers *all = arg;
	json_t *port, *endpoint, *address;
	size_t i, k, m;

	json_array_foreach (json_object_get(slice, "ports"), i, port)
		json_array_foreach (json_object_get(slice, "endpoints"), k, endpoint)
			json_array_foreach (json_object_get(endpoint, "addresses"), m, address) {
				size_t n = strlen(all->targets);

				snprintf(all->targets + n, sizeof(all->targets) - n,
				    "<member><Target><Id>%s</Id><Port>%lld</Port></Target></member>",
				    json_string_value(address), (long long)json_int(port, "port", 0));
			}
}

static void
list_balancer(const json_t *ingress, void *arg)
{
	struct listing *l = arg;
	const char *host = json_string_value(json_at(ingress, "/status/loadBalancer/ingress/0/hostname")),
		   *name = json_str(json_object_get(ingress, "metadata"), "name");

	if (host != NULL)
		str_addf(&l->out,
		    "<member><LoadBalancerArn>arn:lb/app/%s/1</LoadBalancerArn><LoadBalancerName>lb-%s</"
		    "LoadBalancerName>"
		    "<DNSName>%s</DNSName></member>",
		    name, name, host);
}

/* Lists the target groups of a load balancer. */
static void
list_groups(struct listing *l, const struct load_balancer *one, const char *what)
{
	_cleanup_(json_decrefp) json_t *action = json_loads(one->action, 0, NULL);
	json_t *group;
	size_t i;

	json_array_foreach (json_at(action, "/ForwardConfig/TargetGroups"), i, group) {
		const char *service = json_str(group, "ServiceName"), *port = json_str(group, "ServicePort");

		if (strcmp(what, "groups") == 0)
			str_addf(&l->out,
			    "<member><TargetGroupArn>arn:tg/%s/%s</TargetGroupArn><TargetGroupName>tg-%s</"
			    "TargetGroupName>"
			    "</member>",
			    one->ingress, service, service);
		else if (strcmp(what, "tags") == 0)
			str_addf(&l->out,
			    "<member><ResourceArn>arn:tg/%s/%s</ResourceArn><Tags><member><Key>ingress.k8s.aws/resource"
			    "</Key><Value>default/%s-%s:%s</Value></member></Tags></member>",
			    one->ingress, service, one->ingress, service, port);
		else
			str_addf(&l->out,
			    "<member><TargetGroupArn>arn:tg/%s/%s</TargetGroupArn><Weight>%lld</Weight></member>",
			    one->ingress, service, (long long)json_int(group, "Weight", 0));
	}
}

/* The names of load balancers and listeners end with that of their Ingress; of tags all are listed. */
static void
list_groups_of(struct listing *l, const char *body, const char *what)
{
	for (size_t i = 0; i < l->all->n; i++) {
		char name[80];

		snprintf(name, sizeof(name), "%%2F%s%%2F1", l->all->at[i].ingress);
		if (strcmp(what, "tags") == 0 || strstr(body, name) != NULL)
			list_groups(l, &l->all->at[i], what);
	}
}

static void
list_respond(struct listing *l, struct store *store, const char *name, const char *body)
{
	const char *arn = strstr(body, "LoadBalancerArn=");

	if (strcmp(name, "DescribeLoadBalancers") == 0) {
		str_adds(&l->out, "<LoadBalancers>");
		store_each(store, "ingresses", list_balancer, l);
		str_adds(&l->out, "</LoadBalancers>");
	} else if (strcmp(name, "DescribeTargetGroups") == 0) {
		str_adds(&l->out, "<TargetGroups>");
		list_groups_of(l, body, "groups");
		str_adds(&l->out, "</TargetGroups>");
	} else if (strcmp(name, "DescribeTags") == 0) {
		str_adds(&l->out, "<TagDescriptions>");
		list_groups_of(l, body, "tags");
		str_adds(&l->out, "</TagDescriptions>");
	} else if (strcmp(name, "DescribeTargetHealth") == 0) {
		str_addf(&l->out, "<TargetHealthDescriptions>%s</TargetHealthDescriptions>", l->all->targets);
	} else if (strcmp(name, "DescribeListeners") == 0 && arn != NULL) {
		/* the name of the listener is that of the load balancer, without its escapes */
		str_adds(&l->out, "<Listeners><member><ListenerArn>arn:listener");
		for (const char *p = strstr(arn, "%2Fapp"); p != NULL && *p != '\0' && *p != '&'; p++)
			if (p[0] == '%' && p[1] == '2' && p[2] == 'F') {
				str_addc(&l->out, '/');
				p += 2;
			} else {
				str_addc(&l->out, *p);
			}
		str_adds(&l->out, "</ListenerArn></member></Listeners>");
	} else {
		str_adds(&l->out, "<Rules><member><Actions><member><ForwardConfig><TargetGroups>");
		list_groups_of(l, body, "rules");
		str_adds(&l->out, "</TargetGroups></ForwardConfig></member></Actions></member></Rules>");
	}
}

int
load_balancers_respond(
    struct load_balancers *all, struct store *store, const struct request *r, char name[64], char **ret_body)
{
	static const struct {
		int status;
		const char *code, *text;
	} refusals[] = { [BALANCERS_THROTTLE] = { 400, "Throttling", "Rate exceeded" },
		[BALANCERS_DENY] = { 403, "AccessDenied", "User is not authorized" } };
	struct listing l = { .all = all };

	snprintf(name, 64, "%.*s", (int)strcspn(r->body + strlen("Action="), "&"), r->body + strlen("Action="));
	*ret_body = NULL;
	if (all->behavior == BALANCERS_AWAY)
		return 0;
	if (all->behavior != BALANCERS_FINE) {
		*ret_body =
		    mem_printf("<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>",
			refusals[all->behavior].code, refusals[all->behavior].text);
		return refusals[all->behavior].status;
	}
	if (!all->held) {
		all->targets[0] = '\0';
		store_each(store, "ingresses", load_balancer_follow, all);
		store_each(store, "endpointslices", targets_follow, all);
	}
	str_init(&l.out, TEXT_MAX);
	str_addf(&l.out, "<%sResponse><%sResult>", name, name);
	list_respond(&l, store, name, r->body);
	str_addf(&l.out, "</%sResult></%sResponse>", name, name);
	*ret_body = mem_strdup(str_text(&l.out));
	str_done(&l.out);
	return 200;
}
