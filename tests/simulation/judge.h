/* tests/simulation/judge.h: rules that hold after every write, under every fault.
 *
 * The judge reads objects as they are stored and shares no code with the decisions that it judges.
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
/* Returns true if the rollout does not change without a further event. */
bool judge_may_rest(const struct judge *);
/* Checks the rules of an idle rollout without faults; `passes`: how many there were in that time. */
void judge_rest(struct judge *, unsigned long passes);

/* Checks the rules at the end, after faults have stopped and time has passed. Returns the violation, or NULL. */
const char *judge_end(struct judge *, unsigned long writes_while_quiet);
