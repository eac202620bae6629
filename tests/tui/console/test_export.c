/* Screens as files: what is saved under which name, and what stands in it. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <criterion/criterion.h>

#include "export/export.h"
#include "views/chrome.h"

static struct tui_app *app;
static struct tui_canvas canvas;
static struct tui_theme theme;

static void setup(void)
{
    static const char text[] =
        "{\"seq\":1,\"cluster\":\"a<b>&c\",\"totals\":{\"agents\":2,\"done\":7},"
        "\"rates\":{\"done_per_s\":1.5},\"agents\":["
        "{\"name\":\"ember-01\",\"state\":\"ready\",\"done_per_s\":12,\"p95_us\":8100,"
        "\"devices\":[{\"index\":0,\"busy\":0.91}]},"
        "{\"name\":\"ember-02\",\"state\":\"lost\"}]}";

    setlocale(LC_CTYPE, "C.UTF-8");
    app = tui_app_create();
    cr_assert(app);
    app->now_ms = 1000;
    app->clock_ms = 1700000000000;
    app->glyphs = TUI_GLYPHS_BRAILLE;
    cr_assert(tui_theme_find("dark", &theme));
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 24, 100));
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, sizeof(text) - 1, app->now_ms));
    tui_app_key(app, '2');
    tui_chrome_draw(app, &canvas);
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
}

TestSuite(export, .init = setup, .fini = teardown);

static char *export_as(enum tui_format format)
{
    size_t len;
    char *text = tui_export(format, app, &canvas, &theme, &len);

    cr_assert(text);
    cr_assert_eq(strlen(text), len);
    return text;
}

Test(export, text_is_the_screen_without_what_cant_be_seen)
{
    char *text = export_as(TUI_FORMAT_TEXT);

    cr_assert(strstr(text, "ember-01   ready"));
    cr_assert(strstr(text, "▸ ember-01"), "marks stay what they are");
    cr_assert_not(strstr(text, " \n\n \n"), "no blanks at the ends");
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    cr_assert_eq(lines, 24);
    free(text);
}

Test(export, colours_come_with_ansi_and_end_with_the_line)
{
    char *text = export_as(TUI_FORMAT_ANSI);

    cr_assert(strstr(text, "\033[0;1;38;2;"));
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        cr_assert(at == text || at[-1] == '\n' || strncmp(at - 4, "\033[0m", 4) == 0);
    free(text);
}

Test(export, names_from_the_cluster_cant_break_a_page)
{
    char *html = export_as(TUI_FORMAT_HTML);
    char *svg = export_as(TUI_FORMAT_SVG);

    cr_assert(strstr(html, "a&lt;b&gt;&amp;c"));
    cr_assert_not(strstr(html, "a<b>"));
    cr_assert(strstr(svg, "a&lt;b&gt;&amp;c"));
    cr_assert_eq(strncmp(svg, "<svg xmlns=", 11), 0);
    cr_assert(strstr(svg, "</svg>"));
    /* Bars are drawn, so that a font can't pull them apart. */
    cr_assert(strstr(svg, "<rect x="));
    cr_assert_not(strstr(svg, "█"));
    free(html);
    free(svg);
}

Test(export, json_has_numbers_with_their_units_in_the_names)
{
    char *text = export_as(TUI_FORMAT_JSON);
    cJSON *root = cJSON_Parse(text);
    cJSON *rows = cJSON_GetObjectItem(root, "rows");
    cJSON *row = cJSON_GetArrayItem(rows, 0);

    cr_assert_str_eq(cJSON_GetObjectItem(root, "view")->valuestring, "agents");
    cr_assert_eq(cJSON_GetArraySize(rows), 2);
    cr_assert_str_eq(cJSON_GetObjectItem(row, "agent")->valuestring, "ember-01");
    cr_assert_float_eq(cJSON_GetObjectItem(row, "load_share")->valuedouble, 0.91, 1e-9);
    cr_assert_float_eq(cJSON_GetObjectItem(row, "p95_us")->valuedouble, 8100, 1e-9);
    cr_assert_float_eq(cJSON_GetObjectItem(row, "jobs_per_s")->valuedouble, 12, 1e-9);
    cr_assert(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 1), "load_share")),
              "what isn't known is null, not 0");
    cJSON_Delete(root);
    free(text);
}

Test(export, s_asks_for_a_name_whose_end_is_the_format)
{
    tui_app_key(app, 's');
    cr_assert(app->save.open);
    cr_assert_eq(strncmp(app->save.path, "stoker-agents-2023", 18), 0, "%s", app->save.path);
    cr_assert_eq(tui_format_of_path(app->save.path), TUI_FORMAT_TEXT);
    for (int i = 1; i < TUI_FORMAT_COUNT; i++) {
        tui_app_key(app, TUI_KEY_TAB);
        cr_assert_eq((int)tui_format_of_path(app->save.path), i);
    }
    tui_app_key(app, 21);
    for (const char *at = "q.html"; *at; at++)
        tui_app_key(app, (uint32_t)*at);
    cr_assert_not(app->quit, "a q is typed, not obeyed");
    tui_app_key(app, TUI_KEY_ENTER);
    cr_assert_not(app->save.open);
    cr_assert_eq(app->save.wish, TUI_SAVE_NEW);
    cr_assert_str_eq(app->save.path, "q.html");
}

Test(export, writing_over_takes_a_y)
{
    tui_app_key(app, 's');
    app->save.exists = true;
    tui_app_key(app, TUI_KEY_ENTER);
    cr_assert_eq(app->save.wish, TUI_SAVE_NOTHING, "Enter alone does not write over");
    app->save.exists = true;
    tui_app_key(app, 'n');
    cr_assert(app->save.open && !app->save.exists);
    app->save.exists = true;
    tui_app_key(app, 'y');
    cr_assert_eq(app->save.wish, TUI_SAVE_OVER);
}
