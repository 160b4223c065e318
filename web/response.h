/* web/response.h: responses of the dashboard, with the headers that all of them have. */
#pragma once
#include "base/str.h"
#include "io/http_server.h"

/* Returns a response with the headers that all have, and a copy of the body. */
struct MHD_Response *web_response_new(const char *content_type, struct bytes body);

/* Responds; the response is consumed. */
enum MHD_Result web_response_queue(struct MHD_Connection *, int status, struct MHD_Response *);

enum MHD_Result web_response_send(struct MHD_Connection *, int status, const char *content_type, struct bytes body);

/* Responds with JSON as text. */
enum MHD_Result web_response_send_json(struct MHD_Connection *, int status, const char *text);
