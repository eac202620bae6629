#include "app/line.h"

#include <string.h>

void tui_line_type(char *text, size_t size, uint32_t key)
{
    size_t used = strlen(text);
    size_t bytes = key < 0x80 ? 1 : key < 0x800 ? 2 : key < 0x10000 ? 3 : 4;
    unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    if (key < 0x20 || (key >= 0x7f && key < 0xa0) || key > 0x10ffff || used + bytes >= size)
        return;
    for (size_t i = bytes; i > 1; i--) {
        text[used + i - 1] = (char)(0x80 | (key & 0x3f));
        key >>= 6;
    }
    text[used] = (char)(bytes == 1 ? key : lead[bytes] | key);
    text[used + bytes] = 0;
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
