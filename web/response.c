/* web/response.c: responses of the dashboard, with the headers that all of them have. */
#include "web/response.h"
#include <string.h>

struct MHD_Response *
web_response_new(const char *content_type, struct bytes body)
{
	static const char *const headers[][2] = {
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Content-Security-Policy",
		    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
		    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	};
	struct MHD_Response *r = MHD_create_response_from_buffer(body.len, (void *)body.at, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", content_type);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
	return r;
}

enum MHD_Result
web_response_queue(struct MHD_Connection *c, int status, struct MHD_Response *r)
{
	enum MHD_Result ok = MHD_queue_response(c, (unsigned)status, r);

	MHD_destroy_response(r);
	return ok;
}

enum MHD_Result
web_response_send(struct MHD_Connection *c, int status, const char *content_type, struct bytes body)
{
	return web_response_queue(c, status, web_response_new(content_type, body));
}

enum MHD_Result
web_response_send_json(struct MHD_Connection *c, int status, const char *text)
{
	return web_response_send(c, status, "application/json", (struct bytes){ text, strlen(text) });
}
