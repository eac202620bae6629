/* Settings and keys: from a file, by options, and what is said of a mistake. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "config/sample.h"
#include "config/settings.h"

static struct tui_settings settings;
static struct tui_keymap keymap;
static struct tui_problems problems;
static const char *options[TUI_SETTING_COUNT];
static char folder[64];

static void setup(void)
{
    snprintf(folder, sizeof(folder), "/tmp/stoker-settings-XXXXXX");
    cr_assert(mkdtemp(folder));
    setenv("XDG_CONFIG_HOME", folder, 1);
    unsetenv("COLORFGBG");
}

static void teardown(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(settings, .init = setup, .fini = teardown);

static void write_file(const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof(path), "mkdir -p %s/stoker/themes", folder);
    cr_assert_eq(system(path), 0);
    snprintf(path, sizeof(path), "%s/stoker/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs(text, file);
    fclose(file);
}

static bool load(const char *text)
{
    if (text)
        write_file("console.ini", text);
    return tui_settings_load(NULL, options, &settings, &keymap, &problems);
}

static bool told(const char *text)
{
    for (size_t i = 0; i < problems.count && i < TUI_PROBLEMS_MAX; i++) {
        if (strstr(problems.texts[i], text))
            return true;
    }
    return false;
}

Test(settings, without_a_file_everything_has_its_default)
{
    cr_assert(load(NULL));
    cr_assert_eq(problems.count, 0, "%s", problems.texts[0]);
    cr_assert_str_eq(settings.theme, "auto");
    cr_assert_eq(settings.refresh, 500);
    cr_assert_eq(settings.bandwidth, 0);
    cr_assert_not(settings.mouse);
}

Test(settings, an_option_goes_before_the_file)
{
    options[TUI_SETTING_bandwidth] = "8k";
    cr_assert(load("[console]\ntheme = light\nbandwidth = 2k\nrefresh = 2s\nmouse = yes\n"));
    cr_assert_eq(problems.count, 0, "%s", problems.texts[0]);
    cr_assert_str_eq(settings.theme, "light");
    cr_assert_eq(settings.bandwidth, 8000);
    cr_assert_eq(settings.refresh, 2000);
    cr_assert(settings.mouse);
}

Test(settings, a_mistake_is_told_with_its_place_and_the_rest_is_taken)
{
    cr_assert(load("[console]\nrefresh = soon\n\ncolour = red\ntheme = light\n[keys]\ndrian = D\n"
                   "drain = Crtl-D\n[kyes]\na = b\nbroken\n"));
    cr_assert(told("console.ini:2: refresh: 'soon' is not allowed; it is a span such as"));
    cr_assert(told("console.ini:4: there is no setting 'colour'; `stoker console --help`"));
    cr_assert(told("console.ini:7: [keys] drian: no command is named 'drian'"));
    cr_assert(told("console.ini:8: [keys] drain: there is no key 'Crtl-D'"));
    cr_assert(told("console.ini:10: there is no section [kyes]"));
    cr_assert(told("console.ini:11: neither a [section]"));
    cr_assert_eq(settings.refresh, 500);
    cr_assert_str_eq(settings.theme, "light");
}

Test(settings, a_wrong_option_and_a_file_that_is_not_there_end_it)
{
    options[TUI_SETTING_bandwidth] = "fast";
    cr_assert_not(load(NULL));
    cr_assert(told("--bandwidth: 'fast' is not allowed"));
    options[TUI_SETTING_bandwidth] = "100";
    cr_assert_not(load(NULL), "less than a line a second is no console");
    options[TUI_SETTING_bandwidth] = NULL;
    cr_assert_not(tui_settings_load("/nowhere.ini", options, &settings, &keymap, &problems));
    cr_assert(told("/nowhere.ini: No such file"));
}

Test(settings, hostile_files_are_taken)
{
    static char text[70000];

    memset(text, 'x', sizeof(text) - 1);
    cr_assert(load(text));
    cr_assert(problems.count > 0);
    for (size_t i = 0; i + 1 < sizeof(text); i++)
        text[i] = "[k\033]=\n;\xff"[i % 8];
    cr_assert(load(text));
    for (size_t i = 0; i < TUI_PROBLEMS_MAX; i++)
        cr_assert_null(strchr(problems.texts[i], '\033'));
}

Test(settings, an_own_theme_is_a_file_beside)
{
    struct tui_theme theme;

    write_file("themes/mine.ini", "[theme]\nbase = light\n[style]\nok = #123456\n");
    write_file("themes/odd.ini", "[style]\nok = 5\n");
    cr_assert(load(NULL));
    cr_assert(tui_settings_theme(settings.folder, "mine", &theme, &problems));
    cr_assert_eq(theme.styles[TUI_ROLE_OK].fg.rgb, 0x123456);
    cr_assert_not(tui_settings_theme(settings.folder, "odd", &theme, &problems));
    cr_assert(told("themes/odd.ini:2: ok: '5' is no style"));
    cr_assert_str_eq(theme.name, "dark");
    cr_assert_not(tui_settings_theme(settings.folder, "../../etc/passwd", &theme, &problems));
    setenv("COLORFGBG", "0;15", 1);
    cr_assert(tui_settings_theme(settings.folder, "auto", &theme, &problems));
    cr_assert_str_eq(theme.name, "light");
}

/* What the sample shows, taken as it stands, is what there is without a file. */
Test(settings, the_sample_has_everything_at_its_default)
{
    struct tui_keymap before;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    tui_keymap_init(&before);
    tui_sample_print(out);
    fclose(out);
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (line[0] == ';' && line[1] != ' ')
            memmove(line, line + 1, strlen(line));
    }
    cr_assert(load(text));
    cr_assert_eq(problems.count, 0, "%s", problems.texts[0]);
    cr_assert_str_eq(settings.theme, "auto");
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        cr_assert_eq(memcmp(keymap.bindings[i].keys, before.bindings[i].keys,
                            sizeof(before.bindings[i].keys)),
                     0, "row %d", i);
        cr_assert(strstr(text, before.bindings[i].help), "%s", before.bindings[i].help);
    }
    free(text);
}

Test(settings, every_key_set_is_without_conflict)
{
    static const char *const sets[] = {"default", "vi", "emacs"};
    char why[TUI_KEYMAP_ERROR_SIZE] = "";

    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        cr_assert(tui_keymap_set(&keymap, sets[i]), "%s", sets[i]);
        cr_assert_not(tui_keymap_conflict(&keymap, why), "%s: %s", sets[i], why);
    }
    cr_assert_not(tui_keymap_set(&keymap, "nano"));
}

Test(settings, a_key_for_two_commands_is_told)
{
    cr_assert(load("[keys]\nfilter = j\n"));
    cr_assert(told("[keys]: j is both filter and down"));
    cr_assert(load("[keys]\nfirst = gg\nfilter = g\n"));
    cr_assert(told("is both"), "the first of two keys can't be a command");
}

static enum tui_command press(const char *name)
{
    return tui_keymap_find(&keymap, TUI_CONTEXT_AGENT, 1, tui_key_parse(name, strlen(name)));
}

Test(settings, keys_can_be_single_held_or_two)
{
    char text[64];

    cr_assert(load("[keys]\ndrain = Alt-d Ctrl-X,d F5\nfirst = gg\nlast = Shift-End Ctrl-Alt-e\n"
                   "cordon = none\n"));
    cr_assert_eq(problems.count, 0, "%s", problems.texts[0]);
    cr_assert_eq(press("Alt-d"), TUI_COMMAND_DRAIN);
    cr_assert_eq(press("F5"), TUI_COMMAND_DRAIN);
    cr_assert_eq(press("Ctrl-X"), TUI_COMMAND_PREFIX);
    cr_assert_eq(press("d"), TUI_COMMAND_DRAIN);
    cr_assert_eq(press("d"), TUI_COMMAND_NONE, "alone it means nothing any more");
    cr_assert_eq(press("g"), TUI_COMMAND_PREFIX);
    cr_assert_eq(press("g"), TUI_COMMAND_FIRST);
    cr_assert_eq(press("g"), TUI_COMMAND_PREFIX);
    cr_assert_eq(press("x"), TUI_COMMAND_NONE);
    cr_assert_eq(press("j"), TUI_COMMAND_DOWN, "a pair that is none is over");
    cr_assert_eq(press("g"), TUI_COMMAND_PREFIX);
    cr_assert_eq(press("Esc"), TUI_COMMAND_PREFIX, "Esc only takes the first key back");
    cr_assert_eq(press("Esc"), TUI_COMMAND_BACK);
    cr_assert_eq(press("Shift-End"), TUI_COMMAND_LAST);
    cr_assert_eq(press("c"), TUI_COMMAND_NONE);
    tui_binding_keys(text, sizeof(text), &keymap.bindings[TUI_COMMAND_DRAIN]);
    cr_assert_str_eq(text, "Alt-d Ctrl-X,d F5");
    tui_binding_key(text, sizeof(text), &keymap.bindings[TUI_COMMAND_FIRST]);
    cr_assert_str_eq(text, "gg");
}

Test(settings, every_key_has_a_name_that_reads_back)
{
    static const uint32_t keys[] = {'x',
                                    '?',
                                    ',',
                                    1,
                                    26,
                                    TUI_KEY_UP,
                                    TUI_KEY_F1,
                                    TUI_KEY_F12,
                                    ' ',
                                    'x' | TUI_KEY_ALT,
                                    1 | TUI_KEY_ALT,
                                    TUI_KEY_UP | TUI_KEY_CTRL | TUI_KEY_SHIFT,
                                    TUI_KEY_ESC};
    char name[64];

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        tui_key_name(name, sizeof(name), keys[i]);
        cr_assert_eq(tui_key_parse(name, strlen(name)), keys[i], "%s", name);
    }
    cr_assert_eq(tui_key_parse("Ctrl-1", 6), TUI_KEY_NONE, "no terminal sends it");
    cr_assert_eq(tui_key_parse("F13", 3), TUI_KEY_NONE);
    cr_assert_eq(tui_key_parse("", 0), TUI_KEY_NONE);
}
