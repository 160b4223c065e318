/* doctor/sections.h: the sections of `sluice doctor`. Each is defined in the file of its name, doctor_before_install in
 * doctor/install.c; their order is in doctor/doctor.c. */
#pragma once
#include "doctor/doctor.h"

extern const struct doctor_section doctor_before_install, doctor_install, doctor_rollouts, doctor_argocd, doctor_flux,
    doctor_events, doctor_debug, doctor_rbac, doctor_git, doctor_perf, doctor_network;
