/* web/audit_log.c: the log of what users change with the dashboard. */
#include "web/audit_log.h"
#include "io/log.h"

void
audit_log_write(
    struct web_request *req, const char *verb, const char *kind, const char *ns, const char *name, const struct err *e)
{
	if (req->dashboard->settings.impersonation == NULL)
		return;
	log_line(e == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    e == NULL ? "a user changes an object" : "a change by a user failed", "user", req->identity->user, "verb",
	    verb, "kind", kind, "object", arena_printf(req->arena, "%s/%s", ns, name), "error",
	    e != NULL ? err_text(req->arena, e) : NULL, NULL);
}
