#include "model/want.h"

#include <string.h>

void tui_want_text(char *ret_text, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    memset(ret_text, 0, size);
    memcpy(ret_text, text, len);
}
