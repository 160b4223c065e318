/* cli/doctor_read.h: reads what the checks of doctor/ need: lists, and the results of probes. Writes nothing to the
 * cluster. */
#pragma once
#include "cli/cli.h"
#include "doctor/doctor.h"

/* Reads version, date and the lists (bits of READS()) into the world; doctor_release frees the lists. Returns 0, or 1
 * after printing that the API server does not respond. */
int doctor_read_lists(struct cli *, unsigned lists, struct doctor_world *);

/* Makes the probes and keeps their results in them. */
void doctor_make_probes(struct cli *, struct doctor_probes *);

void doctor_release(struct doctor_world *);
