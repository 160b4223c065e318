/* tools/cppcheck.h: the loops of jansson, in a form that cppcheck understands. */
#define json_array_foreach(a, i, v) for (i = 0; (v = json_array_get(a, i)) != 0; i++)
#define json_object_foreach(o, k, v) while ((k = json_key(o)) != 0 && (v = json_value(o)) != 0)
#define json_object_foreach_safe(o, n, k, v) while ((k = json_key(o)) != 0 && (v = json_value(o)) != 0)
