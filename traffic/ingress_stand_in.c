/* traffic/ingress_stand_in.c: the Ingress that a plan assumes where it does not exist. */
#include "traffic/ingress_stand_in.h"

json_t *
ingress_stand_in(const char *class, const char *service)
{
	return json_pack("{s:s,s:[{s:{s:[{s:s,s:s,s:{s:{s:s,s:{s:s}}}}]}}]}", "ingressClassName", class, "rules",
	    "http", "paths", "path", "/", "pathType", "Prefix", "backend", "service", "name", service, "port", "name",
	    "use-annotation");
}
