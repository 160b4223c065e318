/* kube/plan/controller.h: a controller is a row: its types, its watches, and its reconcile function (`pass`).
 *
 * The machinery (cache, queue, executor: kube/runner.h) is the same for all controllers. A controller says which
 * types it watches, which keys (namespace/name of its own type) an object concerns, and how one key is decided.
 * `pass` is pure: it gathers its world from the view and decides on it.
 */
#pragma once
#include "kube/plan/plan.h"
#include "kube/plan/settings.h"
#include "kube/plan/view.h"

/* A query that was sent, with its response once it has arrived. */
struct seen_query {
	const char *key;
	int64_t sent_at; /* wall ms */
	bool done;
	int64_t done_at; /* wall ms */
	struct response response; /* once done; borrowed until the pass ends */
};

/* Why the last plan failed. */
struct seen_failure {
	const struct type *type; /* of the object that was to be written */
	const char *name;
	bool create; /* the write was a creation */
	enum err_class class;
	const char *text;
};

/* Knowledge of a key that only this process has. It may be lost at any moment: a response may then come later, but
 * never be wrong.
 */
struct seen {
	const struct seen_failure *failure; /* NULL: it ended well, or there was none */
	const struct seen_query *queries;
	size_t n_queries;
	const struct note *notes; /* of the last pass */
	size_t n_notes;
	const void *memory; /* of the last pass, a struct of the controller's `memory` type; NULL: none */
};

/* Returns the note's value, or the default if there is no such note. */
static inline int64_t
seen_note(const struct seen *s, const char *name, int64_t otherwise)
{
	for (size_t i = 0; i < s->n_notes; i++)
		if (str_eq(s->notes[i].name, name))
			return s->notes[i].value;
	return otherwise;
}

/* Returns the query with this key, done or not; NULL: it was not sent, or its response was dropped. */
static inline const struct seen_query *
seen_query(const struct seen *s, const char *key)
{
	for (size_t i = 0; i < s->n_queries; i++)
		if (str_eq(s->queries[i].key, key))
			return &s->queries[i];
	return NULL;
}

/* One pass over one key. Everything is borrowed. */
struct pass {
	const struct view *view;
	const char *namespace, *name;
	int64_t now; /* wall ms */
	/* Wall ms: the last runner_touch of this key, for a change that no watch of the controller reports (of a
	 * managed object); 0: none in this process */
	int64_t touched;
	const struct seen *seen;
	const struct settings *settings; /* of the process; NULL: none. Read by pass_settings */
};

/* Returns the settings of the process, or empty ones. Never NULL. */
static inline const struct settings *
pass_settings(const struct pass *p)
{
	static const struct settings none = { 0 };

	return p->settings != NULL ? p->settings : &none;
}

/* Called by a mapping for each key that an object concerns. */
typedef void emit_key(const char *ns, const char *name, void *arg);

struct controller_watch {
	const struct type *type;
	const char *label_selector, *field_selector; /* only these are listed and watched; NULL: all */
	/* NULL: the object is of the controller's own type, or its controller-owner is. */
	void (*map)(const struct view *, const struct object *, emit_key *, void *arg);
	/* NULL: watched from the start. Otherwise only when an object of the controller's own type needs this type;
	 * a pass checks view_knows. */
	bool (*needed)(const struct object *own, const struct type *);
};

struct controller {
	const char *name;
	const struct type *type;
	const struct controller_watch *watches; /* the first is the controller's own type */
	size_t n_watches;
	const struct type *memory; /* of the struct that a pass gives to plan_memory; NULL: it gives none */
	/* NULL, or sets the i-th additional watch, from 0, for lists of plug-ins (routers). Returns false after the
	 * last one. */
	bool (*watch_more)(size_t i, struct controller_watch *ret);
	void (*pass)(const struct pass *, struct plan *);
	/* Called instead of the pass if that depends on an unreadable object; only its own plan is carried out. The
	 * status reports `why`, "KIND NAME cannot be read: …". NULL: it is only logged. */
	void (*stand_still)(const struct pass *, const char *why, struct plan *);
};

/* Sets *ret to the i-th of all watches of a controller, from 0. Returns false after the last one. */
static inline bool
controller_watch_at(const struct controller *c, size_t i, struct controller_watch *ret)
{
	if (i >= c->n_watches)
		return c->watch_more != NULL && c->watch_more(i - c->n_watches, ret);
	*ret = c->watches[i];
	return true;
}
