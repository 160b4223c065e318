/* traffic/ingress_stand_in.h: the Ingress that a plan assumes where it does not exist. */
#pragma once
#include <jansson.h>

/* Returns the spec of an Ingress with one path to the Service, whose weights an annotation has; a new reference. */
json_t *ingress_stand_in(const char *class, const char *service);
