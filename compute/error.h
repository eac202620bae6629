/* How every file of the room reports a failure. */
#ifndef CX_ERROR_H
#define CX_ERROR_H

#include "cx.h"

/* Fills *err (NULL is fine) and returns status, so that a caller can `return cx_error_set(…)`. */
__attribute__((format(printf, 3, 4))) enum cx_status
cx_error_set(struct cx_error *err, enum cx_status status, const char *format, ...);

/* Prefixes the text already in *err: "Conv conv_12: " + text. Returns err->status, or fallback when
 * err is NULL. */
__attribute__((format(printf, 3, 4))) enum cx_status
cx_error_prefix(struct cx_error *err, enum cx_status fallback, const char *format, ...);

#endif
