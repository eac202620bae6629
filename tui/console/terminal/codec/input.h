/*
 * Bytes of a terminal to what the operator did: keys, mouse, pasted text, answers. Pure: bytes and
 * the time go in, events come out; any bytes are allowed, in any pieces.
 */
#ifndef TUI_CONSOLE_TERMINAL_CODEC_INPUT_H
#define TUI_CONSOLE_TERMINAL_CODEC_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/pointer.h"

#define TUI_PASTE_MAX 4096 /* bytes of one paste that are kept */

enum tui_event_kind {
    TUI_EVENT_KEY,
    TUI_EVENT_POINTER,
    TUI_EVENT_PASTE,      /* text: cleaned, line breaks are spaces */
    TUI_EVENT_BACKGROUND, /* the terminal said what colour is behind the text */
};

struct tui_event_input {
    enum tui_event_kind kind;
    uint32_t key; /* enum tui_key */
    struct tui_pointer pointer;
    const char *text; /* until the next call */
    uint32_t rgb;
};

/* What a terminal sends for a key, where it differs from what most of them send. */
struct tui_input_alias {
    char bytes[12];
    uint32_t key;
};

#define TUI_INPUT_ALIASES_MAX 48
#define TUI_INPUT_SIZE 1024

struct tui_input {
    char bytes[TUI_INPUT_SIZE];
    size_t len;
    int64_t at_ms;     /* when the last byte came */
    int64_t escape_ms; /* a lone Esc is one after so long */
    bool pasting;
    char paste[TUI_PASTE_MAX + 1];
    size_t paste_len;
    char clean[TUI_PASTE_MAX + 1];
    struct tui_input_alias aliases[TUI_INPUT_ALIASES_MAX];
    size_t alias_count;
};

void tui_input_init(struct tui_input *input, int64_t escape_ms);

/* Room for bytes: at least 1 after tui_input_next has returned false. */
size_t tui_input_room(const struct tui_input *input);

/* Takes bytes that have arrived, at most tui_input_room of them. */
void tui_input_add(struct tui_input *input, const char *bytes, size_t len, int64_t now_ms);

/* The next event; false if none is complete by now. */
bool tui_input_next(struct tui_input *input, int64_t now_ms, struct tui_event_input *ret_event);

/* Milliseconds until what has begun is taken as it is; -1 if nothing has. */
int64_t tui_input_wait_ms(const struct tui_input *input, int64_t now_ms);

#endif
