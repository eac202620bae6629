#include "app/line.h"

#include <string.h>

#include "text/text.h"

void tui_line_type(char *text, size_t size, uint32_t key)
{
    size_t used = strlen(text);
    char bytes[4];

    if (key < 0x20 || (key >= 0x7f && key < 0xa0) || key > 0x10ffff)
        return;
    size_t n = tui_text_put(bytes, key);
    if (used + n >= size)
        return;
    memcpy(text + used, bytes, n);
    text[used + n] = 0;
}

bool tui_line_erase(char *text)
{
    size_t used = strlen(text);

    if (used == 0)
        return false;
    do {
        used--;
    } while (used > 0 && ((unsigned char)text[used] & 0xc0) == 0x80);
    text[used] = 0;
    return true;
}

void tui_line_erase_word(char *text)
{
    size_t used = strlen(text);

    while (used > 0 && text[used - 1] == ' ')
        used--;
    while (used > 0 && text[used - 1] != ' ')
        used--;
    text[used] = 0;
}
