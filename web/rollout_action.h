/* web/rollout_action.h: carries out one action of a dashboard user: reads the objects, sends the patches, and reads the
 * result. dashboard.h decides who may use actions. */
#pragma once
#include <jansson.h>
#include <stdint.h>
#include "rollout/actions.h"

struct transport;
struct web_action;

enum web_verb { VERB_PROMOTE, VERB_ABORT, VERB_RETRY, VERB_RESTART, VERB_UNDO, VERB_SET_IMAGE, VERB_MAX };

struct web_action_settings {
	struct transport *api;
	const char *namespace, *name; /* of the Rollout */
	enum web_verb verb;
	enum promote_mode promote; /* of VERB_PROMOTE */
	int64_t revision; /* of VERB_UNDO; 0: the previous one */
	const char *image; /* of VERB_SET_IMAGE: "CONTAINER=IMAGE" */
	/* Called at the end with an error, or with the Rollout after the action; both NULL: it succeeded, but the
	 * Rollout cannot be read. Borrowed for the call, after which the action no longer exists. */
	void (*done)(void *arg, const struct err *, const json_t *rollout);
	void *arg;
};

/* Starts the action. The texts of the settings are borrowed until its end. */
struct web_action *web_action_start(const struct web_action_settings *);

/* Cancels the action without calling `done`. Patches that were sent may still take effect. Takes and returns NULL. */
struct web_action *web_action_cancel(struct web_action *);
