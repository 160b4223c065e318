/* cli/backtest/output.h: the figures of a backtest, as a table or JSON. */
#pragma once
#include "cli/backtest/play.h"

/* Prints it on standard output. */
void output_table(const struct play *);
void output_json(const struct play *);
