/* rollout/progress_deadline.h: whether an update made no progress for progressDeadlineSeconds. */
#pragma once

struct rollout_pass;

/* Before the deadline: plans a pass at the deadline. After it: sets deadline_exceeded of the pass, and with
 * progressDeadlineAbort aborts an update that is not promoted yet. Does nothing while the update is paused, aborted or
 * waits for an analysis; after a pause the time begins anew. */
void progress_deadline_check(struct rollout_pass *);
