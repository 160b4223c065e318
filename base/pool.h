/* base/pool.h: memory of many small pieces that live long, or wait in a queue, apart from the heap.
 *
 * In the heap, pieces that stay are placed between those of passes and requests. When these are freed, their pages are
 * still in use, so that a process keeps the memory of its busiest moment. A pool takes whole slabs from the system,
 * has pieces of one size next to each other, and returns a slab when its last piece is returned.
 *
 * With the address sanitizer each piece is a separate malloc.
 */
#pragma once
#include <stddef.h>
#include "base/cleanup.h"

#define POOL_PIECE_MAX 8192 /* bytes; larger pieces are in the heap */

struct pool;

/* Returns a new, empty pool. pool_free frees it; all pieces must have been returned. It takes and returns NULL. */
struct pool *pool_new(void) never_null;
struct pool *pool_free(struct pool *);

/* Returns `size` bytes of zeros, aligned to 16 bytes. They end the process if the system has no memory. */
void *pool_take(struct pool *, size_t size) never_null;

/* Returns a piece to the pool; `size` is that of pool_take. */
void pool_give(struct pool *, void *, size_t size);

/* Returns the bytes of the pool's slabs. tests/unit compares them. */
size_t pool_size(const struct pool *);
