/* gitops/helm_release_name.c: the name and namespace of the Helm release of a HelmRelease. */
#include "gitops/helm_release_name.h"
#include <string.h>
#include "base/sha256.h"
#include "base/str.h"

#define NAME_MAX_LEN 53 /* of a release: Helm's limit */
#define NAME_KEPT 40 /* of a longer name, before a hash */

const char *
helm_release_name(struct arena *a, const struct helm_release_spec *spec, const char *name)
{
	char hex[2 * SHA256_SIZE + 1];

	if (!str_empty(spec->release_name))
		return spec->release_name;
	if (!str_empty(spec->target_namespace))
		name = arena_printf(a, "%s-%s", spec->target_namespace, name);
	if (strlen(name) <= NAME_MAX_LEN)
		return name;
	sha256_hex(name, strlen(name), hex);
	return arena_printf(a, "%.*s-%.12s", NAME_KEPT, name, hex);
}

const char *
helm_release_namespace(const struct helm_release_spec *spec, const char *own)
{
	return !str_empty(spec->target_namespace) ? spec->target_namespace : own;
}
