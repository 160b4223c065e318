/* cli/terminal.h: standard output and error, through which nothing reaches a terminal that it would take as a
 * command. */
#pragma once

/* From now on everything that is printed on them is made printable (base/printable.h). Our own sequences begin with
 * PRINTABLE_ESC. */
void terminal_guard(void);
