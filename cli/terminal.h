/* cli/terminal.h: standard output and error: makes text printable, so that no text of an object can control the
 * terminal. */
#pragma once

/* Occupies standard input, output and error that are closed, so that no other file gets their numbers: they can still
 * be neither read nor written. */
void terminal_keep_closed(void);

/* Guards the terminal: from now on everything that is printed on both streams is made printable (base/printable.h):
 * escape sequences and other control characters are shown, not sent. Our own sequences begin with PRINTABLE_ESC, which
 * is let through. */
void terminal_guard(void);

/* Returns the errno of the first write to the guarded standard output that failed; 0: none did. */
int terminal_error(void);
