/* base/svg.h: the start of a picture in SVG, and its texts. */
#pragma once

struct str;

/* Appends the start of a document with a white background, and its title at `left`. The caller appends the elements and
 * </svg>. Lengths are in user units of the picture. */
void svg_begin(struct str *, int width, int height, int left, const char *title);

/* Appends a text as character data; control characters become "?". */
void svg_text(struct str *, const char *);
