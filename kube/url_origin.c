/* kube/url_origin.c: the scheme, host and port of a URL. */
#include "kube/url_origin.h"
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

struct url_origin
url_origin_parse(const char *url)
{
	struct url_origin o = { 0 };
	CURLU *u = curl_url();

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_SCHEME, &o.scheme, 0);
		curl_url_get(u, CURLUPART_HOST, &o.host, 0);
		curl_url_get(u, CURLUPART_PORT, &o.port, CURLU_DEFAULT_PORT);
	}
	curl_url_cleanup(u);
	return o;
}

void
url_origin_done(struct url_origin *o)
{
	curl_free(o->scheme);
	curl_free(o->host);
	curl_free(o->port);
}

bool
url_origin_is_whole(const struct url_origin *o)
{
	return o->scheme != NULL && o->host != NULL && o->port != NULL;
}

bool
url_origin_is_same(const char *url, const char *other)
{
	struct url_origin a = url_origin_parse(url), b = url_origin_parse(other);
	bool same = url_origin_is_whole(&a) && url_origin_is_whole(&b) && strcasecmp(a.scheme, b.scheme) == 0 &&
		    strcasecmp(a.host, b.host) == 0 && strcmp(a.port, b.port) == 0;

	url_origin_done(&a);
	url_origin_done(&b);
	return same;
}
