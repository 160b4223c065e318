/* web/assets.h: the dashboard's static files (web/page/), as a part of the program. */
#pragma once
#include "base/str.h"

struct asset {
	const char *name; /* "page.js" */
	const char *content_type;
	struct bytes body;
};

/* Returns the file of that name; NULL: there is no such file. */
const struct asset *asset_find(const char *name);
