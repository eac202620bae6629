/* Graphs, keys, lists and dialogs on a canvas, without a terminal. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "views/chrome.h"

static struct tui_canvas canvas;
static struct tui_app *app;

static void setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 24, 80));
    app = tui_app_create();
    app->now_ms = 1000;
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
}

TestSuite(screen, .init = setup, .fini = teardown);

static void load(enum tui_update_kind kind, const char *name)
{
    static char text[65536];
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "r");
    cr_assert(file);
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    tui_app_update(app, tui_update_parse(kind, text, len, app->now_ms));
}

static void type(const char *keys)
{
    for (; *keys; keys++)
        tui_app_key(app, (uint32_t)(*keys == '\r' ? TUI_KEY_ENTER : *keys));
}

/* Whether a row of the canvas contains the (ASCII) text; the row's number, or -1. */
static int find(const char *text)
{
    tui_chrome_draw(app, &canvas);
    for (int y = 0; y < canvas.rows; y++) {
        char line[TUI_CANVAS_COLS_MAX + 1];
        for (int x = 0; x < canvas.cols; x++) {
            wchar_t ch = canvas.cells[y * canvas.cols + x].ch;
            line[x] = ch > 0 && ch < 0x7f ? (char)ch : '~';
        }
        line[canvas.cols] = 0;
        if (strstr(line, text))
            return y;
    }
    return -1;
}

static wchar_t at(int y, int x)
{
    return tui_canvas_at(&canvas, y, x)->ch;
}

Test(screen, hostile_text_stays_in_its_cells)
{
    static const char text[] =
        "{\"totals\":{},\"cluster\":\"\\u001b[2J\\u0007evil\\r\\n\\u009b1m\\u202egnp\","
        "\"agents\":[{\"name\":\"a\\u001b]0;owned\\u0007\xff\xfe\",\"state\":\"\\u200bready\"}]}";

    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, sizeof(text) - 1, app->now_ms));
    cr_assert(tui_canvas_resize(&canvas, 24, 150));
    type("2");
    cr_assert_geq(find("?[2J?evil???1m?gnp"), 0);
    cr_assert_geq(find("a?]0;owned???"), 0);
    for (int i = 0; i < canvas.rows * canvas.cols; i++) {
        wchar_t ch = canvas.cells[i].ch;
        cr_assert(ch == 0 || (ch >= 0x20 && !(ch >= 0x7f && ch < 0xa0)), "control %x",
                  (unsigned int)ch);
    }
}

Test(screen, text_that_is_cut_says_so)
{
    tui_canvas_clear(&canvas);
    cr_assert_eq(tui_canvas_text(&canvas, 0, 0, 5, TUI_ROLE_NORMAL, "ember-01"), 5);
    cr_assert_eq(at(0, 4), L'~');
    cr_assert_eq(at(0, 5), L' ');
    /* A wide character that would stand over the edge is left out whole. */
    tui_canvas_text(&canvas, 1, 0, 4, TUI_ROLE_NORMAL, "\u65e5\u672c\u8a9e");
    cr_assert_eq(at(1, 0), 0x65e5);
    cr_assert_eq(at(1, 1), 0);
    cr_assert_eq(at(1, 2), L'~');
}

Test(screen, every_key_stands_in_the_help)
{
    load(TUI_UPDATE_FLEET, "snapshot.json");
    tui_canvas_resize(&canvas, 300, 120);
    type("?");
    for (int i = 0; i < TUI_COMMAND_COUNT; i++) {
        char keys[64];
        char line[200];
        tui_binding_keys(keys, sizeof(keys), &app->keymap.bindings[i]);
        snprintf(line, sizeof(line), "%-18s %s", keys, app->keymap.bindings[i].help);
        cr_assert_geq(find(line), 0, "not in the help: %s", line);
    }
    for (size_t i = 0; i < TUI_VIEW_COUNT; i++)
        cr_assert_geq(find(tui_views[i].help), 0);
}

Test(screen, the_help_follows_a_remapped_key)
{
    app->keymap.bindings[TUI_COMMAND_DRAIN].keys[0] = 'D';
    tui_canvas_resize(&canvas, 300, 120);
    type("?");
    cr_assert_geq(find("D                  Drain the agent"), 0);
}

Test(screen, no_key_means_two_things)
{
    const enum tui_context own[] = {TUI_CONTEXT_AGENT, TUI_CONTEXT_JOB, TUI_CONTEXT_OPERATION,
                                    TUI_CONTEXT_GRAPH};

    for (int a = 0; a < TUI_COMMAND_COUNT; a++) {
        const struct tui_binding *x = &app->keymap.bindings[a];
        cr_assert_neq(x->keys[0], TUI_KEY_NONE, "row %d has no key", a);
        for (int b = a + 1; b < TUI_COMMAND_COUNT; b++) {
            const struct tui_binding *y = &app->keymap.bindings[b];
            bool together = x->context == y->context;
            for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
                together =
                    together || ((x->context == own[i] || x->context == TUI_CONTEXT_LIST) &&
                                 (y->context == TUI_CONTEXT_LIST || y->context == TUI_CONTEXT_ANY));
            for (size_t k = 0; together && k < TUI_KEYS_PER_COMMAND && x->keys[k]; k++) {
                for (size_t l = 0; l < TUI_KEYS_PER_COMMAND && y->keys[l]; l++)
                    cr_assert_neq(x->keys[k], y->keys[l], "%s / %s", x->help, y->help);
            }
        }
    }
}

Test(screen, selection_follows_the_name_through_a_new_order)
{
    load(TUI_UPDATE_FLEET, "snapshot.json");
    type("2");
    find("");
    type("j");
    cr_assert_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02");
    type("r");
    find("");
    cr_assert_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02");
    cr_assert_eq(app->lists[TUI_VIEW_AGENTS].at, 2);
}

Test(screen, a_row_that_leaves_takes_the_selection_along)
{
    static const char text[] = "{\"totals\":{},\"agents\":[{\"name\":\"ember-02\"}]}";

    load(TUI_UPDATE_FLEET, "snapshot.json");
    type("2");
    find("");
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, sizeof(text) - 1, app->now_ms));
    find("");
    cr_assert_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "",
                     "the row that slid into its place was not chosen");
    type("d");
    cr_assert_not(app->dialog.open);
    type("j");
    cr_assert_str_eq(tui_app_target(app, TUI_CONTEXT_AGENT), "ember-02");
}

Test(screen, commands_complete_and_say_what_is_wrong)
{
    load(TUI_UPDATE_FLEET, "snapshot.json");
    type("2");
    find("");
    type(":cor\tember-0");
    cr_assert_str_eq(app->palette.text, "cordon ember-0");
    type("9\r");
    cr_assert_geq(find("no agent is named 'ember-09'"), 0);
    type(":nonsense\r");
    cr_assert_geq(find("no command, view, agent, model or job is named 'nonsense'"), 0);
}

Test(screen, filters_keep_and_drop_rows)
{
    load(TUI_UPDATE_FLEET, "snapshot.json");
    type("2");
    find("");
    type("/k80\r");
    find("");
    cr_assert_eq(app->row_count, 2);
    tui_app_key(app, TUI_KEY_ESC);
    type("/!k80\r");
    find("");
    cr_assert_eq(app->row_count, 2);
    cr_assert_geq(find("ember-01"), 0);
    type("/");
    tui_app_key(app, 21);
    type("zzz\r");
    cr_assert_geq(find("nothing matches the filter 'zzz'"), 0);
}

Test(screen, old_data_says_how_old)
{
    load(TUI_UPDATE_FLEET, "snapshot.json");
    cr_assert_eq(find("live"), 0);
    app->now_ms += 4800;
    cr_assert_eq(find("data 4.8s old"), 0);
    tui_app_update(app, tui_update_silence("timed out", app->now_ms));
    app->now_ms += 8000;
    snprintf(app->address, sizeof(app->address), "tcp://10.0.0.5:7411");
    cr_assert_geq(find("no answer from tcp://10.0.0.5:7411 for 12s; retrying"), 0);
}

Test(screen, every_view_draws_at_every_size)
{
    const int sizes[][2] = {{1, 1}, {15, 200}, {16, 60}, {24, 80}, {30, 100}, {50, 200}};

    load(TUI_UPDATE_FLEET, "snapshot.json");
    load(TUI_UPDATE_EVENTS, "events.json");
    load(TUI_UPDATE_JOBS, "jobs.json");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        cr_assert(tui_canvas_resize(&canvas, sizes[i][0], sizes[i][1]));
        for (const char *keys = "12\r4\r78?"; *keys; keys++) {
            type((const char[]){*keys, 0});
            tui_chrome_draw(app, &canvas);
        }
    }
    cr_assert(tui_canvas_resize(&canvas, 10, 40));
    cr_assert_eq(find("40x10 is too small"), 0);
    cr_assert_eq(find("stoker needs 60x16"), 1);
}
