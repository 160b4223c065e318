/* kube/url_origin.h: the scheme, host and port of a URL, as curl parses it. */
#pragma once
#include <stdbool.h>

/* IPv4 addresses of all notations are in normal form. Owned by curl; all NULL: the URL is not valid. */
struct url_origin {
	char *scheme, *host, *port; /* the port of the scheme, if the URL has none */
};

/* The caller calls url_origin_done. */
struct url_origin url_origin_parse(const char *url);
void url_origin_done(struct url_origin *);

/* Returns false if the URL was not valid. */
bool url_origin_is_whole(const struct url_origin *);

/* Returns whether both URLs are valid and have the same origin. */
bool url_origin_is_same(const char *url, const char *other);
