/* kube/watch.h: keeps one type of the cache current: list, watch, resume, relist. */
#pragma once
#include "base/rand.h"
#include "kube/cache.h"
#include "kube/transport.h"

struct watch;

/* Lists (in pages) and watches a type from now on. `ns` NULL: all namespaces; `selector` NULL: all labels. `synced` comes
 * once, when the first list is in the cache. The watch asks for bookmarks, resumes where it broke off, and lists again on
 * 410 without emptying the cache. Failures back off from 100 ms to 10 s with jitter from `seed`. */
struct watch *watch_start(struct transport *, struct cache *, const struct type *, const char *ns, const char *selector,
    uint64_t seed, void (*synced)(void *arg), void *arg);
struct watch *watch_stop(struct watch *);
