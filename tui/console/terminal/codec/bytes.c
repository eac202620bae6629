#include "terminal/codec/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tui_bytes_add(struct tui_bytes *bytes, const char *data, size_t len)
{
    if (bytes->failed)
        return;
    if (len > bytes->size - bytes->len) {
        size_t size = bytes->size > 0 ? bytes->size : 1024;
        while (len > size - bytes->len)
            size *= 2;
        char *grown = realloc(bytes->data, size);
        if (!grown) {
            bytes->failed = true;
            return;
        }
        bytes->data = grown;
        bytes->size = size;
    }
    memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
}

void tui_bytes_text(struct tui_bytes *bytes, const char *text)
{
    tui_bytes_add(bytes, text, strlen(text));
}

void tui_bytes_print(struct tui_bytes *bytes, const char *format, ...)
{
    char text[64];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len > 0)
        tui_bytes_add(bytes, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void tui_bytes_clear(struct tui_bytes *bytes)
{
    bytes->len = 0;
    bytes->failed = false;
}

void tui_bytes_finish(struct tui_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct tui_bytes){0};
}
