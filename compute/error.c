#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum cx_status cx_error_set(struct cx_error *err, enum cx_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        err->status = status;
    }
    return status;
}

enum cx_status cx_error_prefix(struct cx_error *err, enum cx_status fallback, const char *format,
                               ...)
{
    if (err == NULL)
        return fallback;
    char prefix[CX_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    size_t prefix_n = n < 0 ? 0 : (size_t)n < sizeof prefix ? (size_t)n : sizeof prefix - 1;
    size_t text_n = strlen(err->text);
    if (prefix_n + text_n >= sizeof err->text)
        text_n = sizeof err->text - 1 - prefix_n;
    memmove(err->text + prefix_n, err->text, text_n);
    memcpy(err->text, prefix, prefix_n);
    err->text[prefix_n + text_n] = '\0';
    return err->status;
}
