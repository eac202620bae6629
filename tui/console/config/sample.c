#include "config/sample.h"

#include <string.h>

#include "keys/keymap.h"

#define HELP_COLS 96

static const struct {
    const char *key, *def, *help;
} settings[] = {
#define TUI_SETTING(field, key, type, argument, def, help) {key, def, help},
#include "console/config/settings.def"
#undef TUI_SETTING
};

static const struct {
    const char *name, *fallback, *help;
} roles[] = {
#define TUI_ROLE(name, lower, fallback, help) {#lower, #fallback, help},
#include "theme/roles.def"
#undef TUI_ROLE
};

/* A comment, broken between words. */
static void print_help(FILE *out, const char *help)
{
    while (*help != 0) {
        size_t len = strlen(help);
        if (len > HELP_COLS) {
            len = HELP_COLS;
            while (len > 0 && help[len] != ' ')
                len--;
        }
        fprintf(out, "; %.*s\n", (int)len, help);
        help += len;
        help += strspn(help, " ");
    }
}

static void print_keys(FILE *out)
{
    struct tui_keymap keymap;
    char keys[128];

    tui_keymap_init(&keymap);
    fprintf(
        out,
        "\n[keys]\n; COMMAND = KEYS, with spaces between: x, Ctrl-X, Alt-x, F5, PgUp, Space; two "
        "after one\n; another: gg or Ctrl-X,Ctrl-C; none for no key.\n");
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        const struct tui_binding *binding = &keymap.bindings[i];
        tui_binding_keys(keys, sizeof(keys), binding);
        fprintf(out, "\n; %s: %s\n;%s = %s\n", tui_context_title(binding->context), binding->help,
                tui_command_name((enum tui_command)i), keys[0] ? keys : "none");
    }
}

void tui_sample_print(FILE *out)
{
    fprintf(out,
            "; The console's settings: console.ini in $XDG_CONFIG_HOME/stoker. All are at their\n"
            "; defaults; options of `stoker console` go before them.\n[console]\n");
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        fputc('\n', out);
        print_help(out, settings[i].help);
        fprintf(out, ";%s = %s\n", settings[i].key, settings[i].def);
    }
    print_keys(out);
    fprintf(out,
            "\n; A theme of your own is a file themes/NAME.ini beside this one, of such lines:\n"
            ";   [theme]\n;   base = dark\n;   [style]\n"
            ";   ok = #87d787/green on #000000 bold\n"
            "; A colour is #rrggbb, with the nearest of the 16 after it if you like, one of those\n"
            "; (red, bright-red), or default; then bold, dim, underline, reverse. The roles, each\n"
            "; with the one that it looks like where a theme has nothing for it:\n");
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        fprintf(out, ";   %-12s %-10s  %s\n", roles[i].name, i > 0 ? roles[i].fallback : "",
                roles[i].help);
}
