#include "terminal/codec/input.h"

#include <string.h>

#include "keys/keymap.h"
#include "text/text.h"

/* A sequence that has begun ends within this, however slow the line; a lone Esc is decided sooner.
 */
#define SEQUENCE_MS 500
/* A paste whose end was lost ends so long after its last byte. */
#define PASTE_MS 5000

static const char paste_end[] = "\033[201~";
#define PASTE_END (sizeof(paste_end) - 1)

void tui_input_init(struct tui_input *input, int64_t escape_ms)
{
    memset(input, 0, sizeof(*input));
    input->escape_ms = escape_ms;
}

size_t tui_input_room(const struct tui_input *input)
{
    return sizeof(input->bytes) - input->len;
}

void tui_input_add(struct tui_input *input, const char *bytes, size_t len, int64_t now_ms)
{
    if (len > tui_input_room(input))
        len = tui_input_room(input);
    memcpy(input->bytes + input->len, bytes, len);
    input->len += len;
    input->at_ms = now_ms;
}

static void drop(struct tui_input *input, size_t len)
{
    input->len -= len;
    memmove(input->bytes, input->bytes + len, input->len);
}

/* What a reader of the first bytes says: how many of them it took; 0: more have to come. */
struct taken {
    size_t len;
    bool event; /* they are one; otherwise they mean nothing here */
};

static struct taken take_key(struct tui_event_input *event, size_t len, uint32_t key)
{
    event->kind = TUI_EVENT_KEY;
    event->key = key;
    return (struct taken){len, key != TUI_KEY_NONE};
}

/* The modifiers' number of a sequence: 1 and a bit each for Shift, Alt and Ctrl. */
static uint32_t with_modifiers(uint32_t key, unsigned int number)
{
    unsigned int bits = number > 0 ? number - 1 : 0;

    if (key == TUI_KEY_NONE)
        return key;
    if (key < 0x110000 && bits & 4 && key >= 'a' && key <= 'z')
        return (key - 'a' + 1) | (bits & 2 ? TUI_KEY_ALT : 0);
    /* A character has Shift in itself. */
    return key | (bits & 1 && key >= 0x110000 ? TUI_KEY_SHIFT : 0) | (bits & 2 ? TUI_KEY_ALT : 0) |
           (bits & 4 ? TUI_KEY_CTRL : 0);
}

static uint32_t letter_key(char final)
{
    static const struct {
        char final;
        uint32_t key;
    } keys[] = {{'A', TUI_KEY_UP},
                {'B', TUI_KEY_DOWN},
                {'C', TUI_KEY_RIGHT},
                {'D', TUI_KEY_LEFT},
                {'H', TUI_KEY_HOME},
                {'F', TUI_KEY_END},
                {'P', TUI_KEY_F1},
                {'Q', TUI_KEY_F1 + 1},
                {'R', TUI_KEY_F1 + 2},
                {'S', TUI_KEY_F1 + 3},
                {'M', TUI_KEY_ENTER},
                {'Z', TUI_KEY_SHIFT_TAB},
                {'a', TUI_KEY_UP | TUI_KEY_SHIFT},
                {'b', TUI_KEY_DOWN | TUI_KEY_SHIFT},
                {'c', TUI_KEY_RIGHT | TUI_KEY_SHIFT},
                {'d', TUI_KEY_LEFT | TUI_KEY_SHIFT}};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].final == final)
            return keys[i].key;
    }
    return TUI_KEY_NONE;
}

static uint32_t tilde_key(unsigned int number)
{
    static const uint32_t keys[] = {
        [1] = TUI_KEY_HOME,    [2] = TUI_KEY_INSERT,    [3] = TUI_KEY_DELETE, [4] = TUI_KEY_END,
        [5] = TUI_KEY_PAGE_UP, [6] = TUI_KEY_PAGE_DOWN, [7] = TUI_KEY_HOME,   [8] = TUI_KEY_END};
    /* The numbers of F1 to F12 leave gaps where a VT220's keyboard had them. */
    static const unsigned char functions[] = {11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24};

    if (number < sizeof(keys) / sizeof(keys[0]))
        return keys[number];
    for (size_t i = 0; i < sizeof(functions); i++) {
        if (functions[i] == number)
            return TUI_KEY_F1 + (uint32_t)i;
    }
    return TUI_KEY_NONE;
}

#define PARAMETERS_MAX 4

struct csi {
    char mark; /* '<', '?', ... or 0 */
    unsigned int parameters[PARAMETERS_MAX];
    size_t count;
    char final;
};

static bool read_pointer(const struct csi *csi, struct tui_event_input *event)
{
    unsigned int button = csi->parameters[0];

    if (csi->parameters[1] < 1 || csi->parameters[2] < 1)
        return false;
    event->kind = TUI_EVENT_POINTER;
    event->pointer.x = (int)csi->parameters[1] - 1;
    event->pointer.y = (int)csi->parameters[2] - 1;
    /* Bits 4, 8 and 16 are keys held meanwhile, 32 is motion, 64 the wheel. */
    if (button & 64)
        event->pointer.kind = (button & 3) == 0   ? TUI_POINTER_WHEEL_UP
                              : (button & 3) == 1 ? TUI_POINTER_WHEEL_DOWN
                                                  : TUI_POINTER_OTHER;
    else if ((button & 3) != 0)
        event->pointer.kind = TUI_POINTER_OTHER;
    else if (csi->final == 'm')
        event->pointer.kind = TUI_POINTER_RELEASE;
    else
        event->pointer.kind = button & 32 ? TUI_POINTER_DRAG : TUI_POINTER_PRESS;
    return true;
}

static struct taken read_csi(struct tui_input *input, const struct csi *csi, size_t len,
                             struct tui_event_input *event)
{
    if (csi->mark == '<' && (csi->final == 'M' || csi->final == 'm'))
        return (struct taken){len, csi->count >= 3 && read_pointer(csi, event)};
    if (csi->mark != 0)
        return (struct taken){len, false};
    if (csi->final == '~' && csi->parameters[0] == 200) {
        input->pasting = true;
        input->paste_len = 0;
        return (struct taken){len, false};
    }
    if (csi->final == 'u')
        return take_key(event, len, with_modifiers(csi->parameters[0], csi->parameters[1]));
    if (csi->final == '~')
        return take_key(event, len,
                        with_modifiers(tilde_key(csi->parameters[0]), csi->parameters[1]));
    return take_key(event, len, with_modifiers(letter_key(csi->final), csi->parameters[1]));
}

/* "ESC [", parameters and a final byte. */
static struct taken take_csi(struct tui_input *input, struct tui_event_input *event)
{
    struct csi csi = {0};
    size_t at = 2;

    /* The Linux console's F1 to F5. */
    if (input->len > 2 && input->bytes[2] == '[') {
        if (input->len < 4)
            return (struct taken){0};
        char key = input->bytes[3];
        return take_key(event, 4,
                        key >= 'A' && key <= 'E' ? TUI_KEY_F1 + (uint32_t)(key - 'A') : 0);
    }
    if (input->len > 2 && input->bytes[2] >= '<' && input->bytes[2] <= '?')
        csi.mark = input->bytes[at++];
    for (; at < input->len; at++) {
        char c = input->bytes[at];
        unsigned int *number = &csi.parameters[csi.count < PARAMETERS_MAX ? csi.count : 0];
        if (c >= '0' && c <= '9') {
            if (csi.count < PARAMETERS_MAX && *number < 1000000)
                *number = *number * 10 + (unsigned int)(c - '0');
        } else if (c == ';' || c == ':') {
            csi.count++;
        } else if (c >= 0x40 && c <= 0x7e) {
            csi.final = c;
            csi.count++;
            return read_csi(input, &csi, at + 1, event);
        } else if (c < 0x20 || c == 0x7f || (c & 0x80)) {
            return (struct taken){at, false}; /* cut short: this byte is not part of it */
        }
    }
    return (struct taken){0};
}

static bool read_hex(const char *text, size_t len, uint32_t *ret_value)
{
    uint32_t value = 0;

    if (len < 1 || len > 4)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c >= '0' && c <= '9')
            value = value * 16 + (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value * 16 + (uint32_t)((c | 32) - 'a') + 10;
        else
            return false;
    }
    *ret_value = value * 255 / ((1u << (4 * len)) - 1);
    return true;
}

/* "11;rgb:RRRR/GGGG/BBBB", the answer to what the background is. */
static bool read_background(const char *text, size_t len, struct tui_event_input *event)
{
    static const char start[] = "11;rgb:";
    const char *end = text + len;
    uint32_t rgb = 0;

    if (len < sizeof(start) - 1 || memcmp(text, start, sizeof(start) - 1) != 0)
        return false;
    text += sizeof(start) - 1;
    for (int i = 0; i < 3; i++) {
        const char *slash = memchr(text, '/', (size_t)(end - text));
        const char *stop = slash && i < 2 ? slash : end;
        uint32_t channel;
        if (!read_hex(text, (size_t)(stop - text), &channel))
            return false;
        rgb = rgb << 8 | channel;
        text = stop < end ? stop + 1 : end;
    }
    event->kind = TUI_EVENT_BACKGROUND;
    event->rgb = rgb;
    return true;
}

/* "ESC ]" and the like: a string up to BEL or "ESC \". */
static struct taken take_string(struct tui_input *input, struct tui_event_input *event)
{
    for (size_t i = 2; i < input->len; i++) {
        char c = input->bytes[i];
        bool ends = c == '\a' || (c == 033 && i + 1 < input->len && input->bytes[i + 1] == '\\');
        if (ends)
            return (struct taken){i + (c == '\a' ? 1 : 2),
                                  input->bytes[1] == ']' &&
                                      read_background(input->bytes + 2, i - 2, event)};
        if (c == 033 && i + 1 < input->len)
            return (struct taken){i, false};
    }
    return (struct taken){input->len == sizeof(input->bytes) ? input->len : 0, false};
}

/* A character of UTF-8; bytes that are none mean nothing. */
static struct taken take_character(struct tui_input *input, size_t from, uint32_t modifier,
                                   struct tui_event_input *event)
{
    unsigned char first = (unsigned char)input->bytes[from];
    size_t need = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char text[5] = "";
    const char *at = text;
    uint32_t key;

    if (need == 0 || first > 0xf4)
        return (struct taken){from + 1, false};
    for (size_t i = 1; i < need && from + i < input->len; i++) {
        if ((input->bytes[from + i] & 0xc0) != 0x80)
            return (struct taken){from + i, false};
    }
    if (from + need > input->len)
        return (struct taken){0};
    memcpy(text, input->bytes + from, need);
    key = tui_text_next(&at);
    if (key == '\n')
        key = TUI_KEY_ENTER;
    if (key == '\b')
        key = TUI_KEY_BACKSPACE;
    if (key == 0xfffd)
        key = TUI_KEY_NONE;
    return take_key(event, from + need, key == TUI_KEY_NONE ? key : key | modifier);
}

static struct taken take_escape(struct tui_input *input, struct tui_event_input *event)
{
    char second = input->len > 1 ? input->bytes[1] : 0;

    for (size_t i = 0; i < input->alias_count; i++) {
        size_t len = strlen(input->aliases[i].bytes);
        if (len <= input->len && memcmp(input->aliases[i].bytes, input->bytes, len) == 0)
            return take_key(event, len, input->aliases[i].key);
    }
    if (input->len < 2)
        return (struct taken){0};
    if (second == 033)
        return take_key(event, 1, TUI_KEY_ESC);
    if (second == '[')
        return take_csi(input, event);
    if (second == ']' || second == 'P' || second == '_' || second == '^' || second == 'X')
        return take_string(input, event);
    if (second == 'O') {
        if (input->len < 3)
            return (struct taken){0};
        uint32_t key = letter_key(input->bytes[2]);
        /* rxvt's a to d are Ctrl here, where they are Shift after a bracket. */
        if (key & TUI_KEY_SHIFT)
            key ^= TUI_KEY_SHIFT | TUI_KEY_CTRL;
        return take_key(event, 3, key);
    }
    return take_character(input, 1, TUI_KEY_ALT, event);
}

/* After the time for more bytes: what is there is all there is. */
static struct taken take_late(struct tui_input *input, struct tui_event_input *event)
{
    if (input->bytes[0] != 033 || input->len > 2)
        return (struct taken){input->len, false};
    if (input->len == 2)
        return take_character(input, 1, TUI_KEY_ALT, event);
    return take_key(event, 1, TUI_KEY_ESC);
}

static void keep_pasted(struct tui_input *input, size_t len)
{
    size_t room = TUI_PASTE_MAX - input->paste_len;
    size_t kept = len < room ? len : room;

    memcpy(input->paste + input->paste_len, input->bytes, kept);
    input->paste_len += kept;
    drop(input, len);
}

/* Inside of a paste every byte is text until its end has come whole. */
static bool take_paste(struct tui_input *input, int64_t now_ms, struct tui_event_input *event)
{
    size_t len = 0;
    size_t match = 0;

    for (; len < input->len; len++) {
        match = input->len - len < PASTE_END ? input->len - len : PASTE_END;
        if (memcmp(input->bytes + len, paste_end, match) == 0)
            break;
        match = 0;
    }
    keep_pasted(input, len);
    if (match == PASTE_END)
        drop(input, PASTE_END);
    else if (now_ms - input->at_ms < PASTE_MS)
        return false;
    input->pasting = false;
    input->paste[input->paste_len] = 0;
    for (size_t i = 0; i < input->paste_len; i++) {
        if ((unsigned char)input->paste[i] < 0x20)
            input->paste[i] = ' ';
    }
    tui_text_clean(input->clean, sizeof(input->clean), input->paste);
    event->kind = TUI_EVENT_PASTE;
    event->text = input->clean;
    return true;
}

bool tui_input_next(struct tui_input *input, int64_t now_ms, struct tui_event_input *ret_event)
{
    *ret_event = (struct tui_event_input){0};
    for (;;) {
        if (input->pasting)
            return take_paste(input, now_ms, ret_event);
        if (input->len == 0)
            return false;
        struct taken taken = input->bytes[0] == 033 ? take_escape(input, ret_event)
                                                    : take_character(input, 0, 0, ret_event);
        if (taken.len == 0 && tui_input_wait_ms(input, now_ms) == 0)
            taken = take_late(input, ret_event);
        if (taken.len == 0)
            return false;
        drop(input, taken.len);
        if (taken.event)
            return true;
    }
}

int64_t tui_input_wait_ms(const struct tui_input *input, int64_t now_ms)
{
    int64_t limit = input->len == 1 && input->bytes[0] == 033 ? input->escape_ms : SEQUENCE_MS;

    if (input->pasting)
        limit = PASTE_MS;
    else if (input->len == 0)
        return -1;
    int64_t left = input->at_ms + limit - now_ms;
    return left > 0 ? left : 0;
}
