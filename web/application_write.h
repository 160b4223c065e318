/* web/application_write.h: changes an Application for a user of the dashboard: reads it, builds a patch, and sends it.
 *
 * If the Application changed after it was read, it is read again, a few times.
 */
#pragma once
#include <jansson.h>

struct arena;
struct err;
struct transport;
struct application_write;

struct application_write_settings {
	struct transport *api;
	const char *namespace, *name; /* borrowed until the end */
	/* Sets *ret to a merge patch for the Application as it was read; the caller owns it. Or returns why the action
	 * is not possible, in the arena. */
	struct err *(*build)(void *arg, struct arena *, const json_t *app, json_t **ret);
	/* Called at the end with an error, or with the Application as it was written. Borrowed for the call, after
	 * which the write no longer exists. */
	void (*done)(void *arg, const struct err *, const json_t *app);
	void *arg;
};

struct application_write *application_write_start(const struct application_write_settings *);

/* Cancels it without calling `done`. A patch that was sent may still take effect. Takes and returns NULL. */
struct application_write *application_write_cancel(struct application_write *);
