/* tests/fleet/process.h: memory and processor time of a process, from /proc. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_memory {
	long resident; /* KiB */
	long private; /* KiB: clean and dirty pages that no other process maps */
};

/* Returns the memory that the process has now; zeros: it has ended. */
struct process_memory process_memory(pid_t);

/* Returns the most resident memory (KiB) that it ever had. */
long process_peak(pid_t);

/* Returns its processor time in user and system mode (ms, in steps of 10 as a rule). */
int64_t process_cpu(pid_t);
