/* rollout/progress_deadline.h: whether an update made no progress for progressDeadlineSeconds. */
#pragma once

struct rollout_pass;

/* Sets deadline_exceeded of the pass if there was no progress for too long, and aborts the update if
 * progressDeadlineAbort is true. Otherwise plans a pass at the deadline. Time does not count while the update is
 * paused, aborted or waits for an analysis. */
void progress_deadline_check(struct rollout_pass *);
