/* cli/terminal.h: standard output and error: makes text printable, so that no text of an object can control the
 * terminal. */
#pragma once

/* From now on everything that is printed on them is made printable (base/printable.h). Our own sequences begin with
 * PRINTABLE_ESC. */
void terminal_guard(void);
