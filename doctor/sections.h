/* doctor/sections.h: the sections; each is a file of its own. */
#pragma once
#include "doctor/doctor.h"

extern const struct doctor_section doctor_pre, doctor_install, doctor_rollouts, doctor_argocd, doctor_flux,
    doctor_events, doctor_debug, doctor_rbac, doctor_git, doctor_perf, doctor_network;
