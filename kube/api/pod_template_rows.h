/* kube/api/pod_template_rows.h: types of the rows of core/v1's pod template types, and the table of PodTemplateSpec. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum go_kind {
	GO_STRING,
	GO_INT,
	GO_BOOL,
	GO_TIME,
	GO_QUANTITY,
	GO_INT_OR_STRING,
	GO_ANY, /* kept as it is */
	GO_STRUCT,
};

enum go_shape { GO_PLAIN, GO_POINTER, GO_LIST, GO_MAP };

struct go_field {
	const char *name;
	enum go_kind kind;
	enum go_shape shape;
	bool omitempty;
	const struct go_type *of; /* GO_STRUCT */
};

#define GO_FIELDS_MAX 64 /* rows of one struct: go_write_struct has an array of this size */

struct go_type {
	const struct go_field *fields;
	size_t n;
};

extern const struct go_type go_PodTemplateSpec;
