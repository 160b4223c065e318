/* tests/fuzz/fuzz.h: the entry of a target: it is called with one input, and must survive it. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
