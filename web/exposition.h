/* web/exposition.h: writes Prometheus' text format 0.0.4, piece by piece: a family, then for each of its series the
 * name, labels and a value. */
#pragma once
#include <stdint.h>
#include "base/str.h"

/* Writes "# HELP" and "# TYPE" of the series that follow. */
void metric_family(struct str *, const char *name, const char *type, const char *help);

/* Writes a label; the first one opens the brace. The value is escaped; NULL is empty. */
void metric_label(struct str *, bool first, const char *name, const char *value);

/* Closes the brace, and writes the value. */
void metric_value(struct str *, int64_t);
