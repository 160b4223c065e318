/* web/audit_log.h: the log of what users change with the dashboard. */
#pragma once
#include "web/request.h"

/* Logs that the user makes a write; or, with an error, that it failed. Without a login nothing is logged: the user is
 * the one who runs the dashboard. */
void audit_log_write(
    struct web_request *, const char *verb, const char *kind, const char *ns, const char *name, const struct err *);
