/* tests/simulation/judge.h: what must hold after every write, whatever goes wrong.
 *
 * The judge reads objects as they are stored and shares no decision code with what it judges.
 */
#pragma once
#include "tests/simulation/cluster.h"

struct judge;

struct judge *judge_new(struct cluster *);
struct judge *judge_free(struct judge *);

/* The first thing that was wrong, or NULL. */
const char *judge_verdict(const struct judge *);

/* How many writes moved something: all but measurements, events and Leases. */
unsigned long judge_moves(const struct judge *);
/* The rollout is not under way by itself. */
bool judge_may_rest(const struct judge *);
/* What must hold when nothing moves any more and nothing was made to fail; `passes` is how many there were in that
 * time. */
void judge_rest(struct judge *, unsigned long passes);

/* What must hold at the end, once faults have stopped and time has passed. NULL, or what is wrong. */
const char *judge_end(struct judge *, unsigned long writes_while_quiet);
