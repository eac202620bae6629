#include "terminal/caps.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "keys/keymap.h"

/* Bracketed paste; and no wrapping at the edge, so that a character whose width the terminal sees
 * otherwise can't push a line into the next; and no reordering of right-to-left text across cells.
 */
static const char own_modes[] = "\033[?2004h\033[?7l\033[8l";
static const char no_modes[] = "\033[?1002l\033[?1006l\033[?2004l\033[?7h\033[8h\033[0m";

static const struct {
    const char *name;
    uint32_t key;
} keys[] = {
    {"kcuu1", TUI_KEY_UP},     {"kcud1", TUI_KEY_DOWN},   {"kcub1", TUI_KEY_LEFT},
    {"kcuf1", TUI_KEY_RIGHT},  {"kpp", TUI_KEY_PAGE_UP},  {"knp", TUI_KEY_PAGE_DOWN},
    {"khome", TUI_KEY_HOME},   {"kend", TUI_KEY_END},     {"kcbt", TUI_KEY_SHIFT_TAB},
    {"kdch1", TUI_KEY_DELETE}, {"kich1", TUI_KEY_INSERT}, {"kent", TUI_KEY_ENTER},
    {"kf1", TUI_KEY_F1},       {"kf2", TUI_KEY_F1 + 1},   {"kf3", TUI_KEY_F1 + 2},
    {"kf4", TUI_KEY_F1 + 3},   {"kf5", TUI_KEY_F1 + 4},   {"kf6", TUI_KEY_F1 + 5},
    {"kf7", TUI_KEY_F1 + 6},   {"kf8", TUI_KEY_F1 + 7},   {"kf9", TUI_KEY_F1 + 8},
    {"kf10", TUI_KEY_F1 + 9},  {"kf11", TUI_KEY_F1 + 10}, {"kf12", TUI_KEY_F1 + 11},
};

/* NULL where the terminal has none. */
static const char *text_of(const char *name)
{
    const char *text = tigetstr(name);

    return text && text != (const char *)-1 ? text : NULL;
}

/* Leaves out "$<5>", which asks for a pause that no terminal of today needs. */
static void append(char ret_text[TUI_CAPS_TEXT_SIZE], const char *text)
{
    size_t used = strlen(ret_text);

    while (text && *text != 0 && used + 1 < TUI_CAPS_TEXT_SIZE) {
        const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
        if (end)
            text = end + 1;
        else
            ret_text[used++] = *text++;
    }
    ret_text[used] = 0;
}

static void read_keys(struct tui_input *input)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *text = text_of(keys[i].name);
        struct tui_input_alias *alias = &input->aliases[input->alias_count];
        /* Single bytes are characters; only sequences can be told from what is typed. */
        if (!text || text[0] != 033 || strlen(text) < 2 || strlen(text) >= sizeof(alias->bytes) ||
            input->alias_count == TUI_INPUT_ALIASES_MAX)
            continue;
        memcpy(alias->bytes, text, strlen(text) + 1);
        alias->key = keys[i].key;
        input->alias_count++;
    }
}

/* Those that are known to answer, or to say nothing: an answer must never end up in a shell. */
static bool answers(const char *term)
{
    static const char *const kinds[] = {"xterm",   "tmux", "rxvt",    "alacritty", "foot", "kitty",
                                        "wezterm", "st-",  "ghostty", "konsole",   "vte",  "gnome"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strncmp(term, kinds[i], strlen(kinds[i])) == 0)
            return true;
    }
    return false;
}

bool tui_caps_read(struct tui_caps *ret_caps, struct tui_input *input, const char **ret_error)
{
    struct tui_caps caps = {.colors = {.no_color = getenv("NO_COLOR"),
                                       .colorterm = getenv("COLORTERM"),
                                       .term = getenv("TERM"),
                                       .colorfgbg = getenv("COLORFGBG")}};
    int status;

    if (setupterm(NULL, STDOUT_FILENO, &status) != OK) {
        *ret_error = "the terminal type in TERM is unknown here; TERM=xterm-256color suits most";
        return false;
    }
    /* What is painted is ECMA-48, as every terminal of the last decades has it. */
    const char *move = text_of("cup");
    if (!move || strncmp(move, "\033[", 2) != 0) {
        *ret_error = "the terminal in TERM can't move its cursor; stoker --linear needs none";
        return false;
    }
    caps.colors.colors = tigetnum("colors");
    caps.colors.rgb = tigetflag("RGB") > 0 || tigetnum("RGB") > 0 || text_of("RGB") != NULL;
    append(caps.enter, text_of("smcup"));
    append(caps.enter, text_of("smkx"));
    append(caps.enter, text_of("civis"));
    append(caps.enter, own_modes);
    append(caps.leave, no_modes);
    append(caps.leave, text_of("rmkx"));
    append(caps.leave, text_of("cnorm"));
    append(caps.leave, text_of("rmcup"));
    caps.asks_background = answers(caps.colors.term ? caps.colors.term : "");
    read_keys(input);
    *ret_caps = caps;
    del_curterm(cur_term);
    return true;
}
