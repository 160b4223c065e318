/* sim/store_version.c: versions of objects. Those that were used last are trees; the others are their text, which takes
 * a tenth of the memory. A version's text is made once, for all watches that have it. */
#include "sim/store_parts.h"
#include <string.h>

/* Trees that are kept; a few times as many as the objects that a request or a controller uses at a time. */
#define WARM_MAX 2048
#define WARM_LEFT 1536

/* The same tree again: it was made of such a text, or parsed with these flags. */
static json_t *
version_read_text(const struct version *v)
{
	return json_loadb(v->text, v->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static void
version_unlink(struct versions *all, struct version *v)
{
	*(v->newer != NULL ? &v->newer->older : &all->newest) = v->older;
	*(v->older != NULL ? &v->older->newer : &all->oldest) = v->newer;
	v->newer = v->older = NULL;
	all->warm--;
}

static void
version_link(struct versions *all, struct version *v)
{
	v->older = all->newest;
	*(all->newest != NULL ? &all->newest->newer : &all->oldest) = v;
	all->newest = v;
	all->warm++;
	/* Not now: trees are borrowed until the loop goes on. */
	if (all->warm > WARM_MAX && !timer_armed(&all->cool))
		loop_timer(all->loop, &all->cool, 0);
}

static void
versions_on_cool(struct timer *t, void *arg)
{
	struct versions *all = arg;

	(void)t;
	while (all->warm > WARM_LEFT) {
		struct version *v = all->oldest;

		version_text(v);
		version_unlink(all, v);
		json_decref(v->tree);
		v->tree = NULL;
	}
}

void
versions_init(struct versions *all, struct loop *l)
{
	*all = (struct versions){ .loop = l, .cool = { .fire = versions_on_cool, .arg = all } };
}

void
versions_done(struct versions *all)
{
	loop_timer_stop(all->loop, &all->cool);
}

struct version *
version_new(struct versions *all, json_t *object)
{
	struct version *v = mem_alloc(sizeof(*v));

	*v = (struct version){ .refs = 1, .tree = object };
	version_link(all, v);
	return v;
}

struct version *
version_ref(struct version *v)
{
	if (v != NULL)
		v->refs++;
	return v;
}

struct version *
version_unref(struct versions *all, struct version *v)
{
	if (v == NULL || --v->refs > 0)
		return NULL;
	if (v->tree != NULL)
		version_unlink(all, v);
	json_decref(v->tree);
	free(v->text);
	free(v);
	return NULL;
}

json_t *
version_tree(struct versions *all, struct version *v)
{
	if (v == NULL)
		return NULL;
	if (v->tree == NULL)
		v->tree = version_read_text(v);
	else if (v != all->newest)
		version_unlink(all, v);
	if (v != all->newest)
		version_link(all, v);
	return v->tree;
}

json_t *
version_copy(const struct version *v)
{
	return v->tree != NULL ? json_incref(v->tree) : version_read_text(v);
}

const char *
version_text(struct version *v)
{
	if (v->text == NULL) {
		v->text = json_dumps(v->tree, JSON_COMPACT | JSON_ENCODE_ANY);
		v->len = strlen(v->text);
	}
	return v->text;
}
