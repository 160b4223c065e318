/* analysis/providers.c: the list. */
#include "analysis/provider.h"

const struct provider *const providers[] = {
	&prometheus_provider,
	&web_provider,
	&job_provider,
	NULL,
};

const struct provider *
provider_of(const struct metric *m)
{
	for (const struct provider *const *p = providers; *p != NULL; p++)
		if ((*p)->used(m))
			return *p;
	return NULL;
}
