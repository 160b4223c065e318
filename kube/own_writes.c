/* kube/own_writes.c: a ring of texts. Their events come in the order of the writes, and soon. */
#include "kube/own_writes.h"
#include <string.h>

static void
echo_forget(struct echo *e)
{
	free(e->text);
	free(e->version);
	*e = (struct echo){ 0 };
}

void
echoes_done(struct echoes *all)
{
	for (size_t i = 0; i < ECHOES_MAX; i++)
		echo_forget(&all->at[i]);
}

void
echoes_add(struct echoes *all, struct bytes response, const char *resource_version)
{
	struct echo *e = &all->at[all->next];

	/* A body ends with a line break, which the object of an event does not have. */
	while (response.len > 0 && response.at[response.len - 1] == '\n')
		response.len--;
	if (response.len == 0 || response.len > ECHO_TEXT_MAX)
		return;
	echo_forget(e);
	all->next = (all->next + 1) % ECHOES_MAX;
	e->text = mem_alloc(response.len);
	memcpy(e->text, response.at, response.len);
	e->len = response.len;
	e->version = mem_strdup(resource_version);
}

char *
echoes_take(struct echoes *all, const char *event, size_t len)
{
	static const char *const heads[] = { "{\"type\":\"MODIFIED\",\"object\":", "{\"type\":\"ADDED\",\"object\":" };
	size_t h = 0, n;

	while (h < ARRAY_SIZE(heads) && (len < strlen(heads[h]) || memcmp(event, heads[h], strlen(heads[h])) != 0))
		h++;
	n = h < ARRAY_SIZE(heads) ? strlen(heads[h]) : len;
	if (n + 1 >= len || event[len - 1] != '}')
		return NULL;
	for (size_t i = 0; i < ECHOES_MAX; i++) {
		struct echo *e = &all->at[i];
		char *version = e->version;

		if (e->len != len - n - 1 || e->text == NULL || memcmp(event + n, e->text, e->len) != 0)
			continue;
		e->version = NULL;
		echo_forget(e);
		return version;
	}
	return NULL;
}
