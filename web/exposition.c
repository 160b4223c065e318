/* web/exposition.c: writer of Prometheus' text format: escapes names, labels and values. Which metrics there are:
 * metrics.c, gitops_metrics.c. */
#include "web/exposition.h"
#include <inttypes.h>

void
metric_family(struct str *to, const char *name, const char *type, const char *help)
{
	str_addf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Escapes backslash, quote and line feed, as the format requires. */
void
metric_label(struct str *to, bool first, const char *name, const char *value)
{
	str_addf(to, "%s%s=\"", first ? "{" : ",", name);
	for (value = value != NULL ? value : ""; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			str_addc(to, '\\');
		if (*value == '\n')
			str_adds(to, "\\n");
		else
			str_addc(to, *value);
	}
	str_addc(to, '"');
}

void
metric_value(struct str *to, int64_t n)
{
	str_addf(to, "} %" PRId64 "\n", n);
}
