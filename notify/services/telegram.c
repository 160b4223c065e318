/* notify/services/telegram.c: a message in a chat of Telegram. */
#include "base/str.h"
#include "notify/services/service.h"

static struct err *telegram_compose(struct service_request *);

const struct notify_service telegram_service = {
	.type = "telegram",
	.compose = telegram_compose,
	.refusal = service_refusal_unless_ok,
};

/* A number is a chat's id, anything else a public channel's name. */
static struct err *
telegram_compose(struct service_request *r)
{
	const char *token = service_option(r, "token", NULL), *to = r->recipient;
	long long id;

	if (token == NULL)
		return service_missing(r, "token");
	if (!str_int(to, INT64_MIN, INT64_MAX, &id) && to[0] != '@')
		to = arena_printf(r->arena, "@%s", to);
	return service_post(r,
	    service_url(r->arena, service_option(r, "apiURL", "https://api.telegram.org"),
		arena_printf(r->arena, "bot%s/sendMessage", token)),
	    json_pack("{s:s,s:s,s:s}", "chat_id", to, "text", r->message, "parse_mode", "Markdown"));
}
