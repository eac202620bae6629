/* Any text is a filter or is refused with a reason; none crashes, leaks or takes long. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tui_field fields[] = {
    {"state", TUI_FIELD_TEXT, false},   {"load", TUI_FIELD_SHARE, false},
    {"p95", TUI_FIELD_US, false},       {"seen", TUI_FIELD_MS, false},
    {"memory", TUI_FIELD_BYTES, false}, {"job", TUI_FIELD_ID, false},
    {NULL, TUI_FIELD_TEXT, false},
};

static void value(const struct tui_app *app, size_t index, size_t field,
                  struct tui_value *ret_value)
{
    static const char *const texts[] = {"ready", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n\xff"};

    (void)app;
    if (field == 0)
        ret_value->text = texts[index];
    else
        ret_value->number = index == 0 ? NAN : (double)(index * field) * 1e3;
}

static const struct tui_view_ops ops = {.fields = fields, .value = value};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TUI_FILTER_SIZE + 8];
    size_t used = 0;
    struct tui_filter_error error = {.at = SIZE_MAX};
    struct tui_filter *filter = NULL;

    for (size_t i = 0; i < size && used + 1 < sizeof(text); i++) {
        if (data[i] != 0)
            text[used++] = (char)data[i];
    }
    text[used] = 0;
    if (!tui_filter_compile(text, fields, &filter, &error)) {
        if (filter || error.text[0] == 0 || error.at > used)
            abort();
        return 0;
    }
    for (size_t i = 0; filter && i < 3; i++)
        tui_filter_match(filter, &ops, NULL, i);
    tui_filter_destroy(filter);
    return 0;
}
