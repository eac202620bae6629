/* The submit form as an operator uses it: keys in, errands out; news of a disk and a coordinator
 * in. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "app/form.h"
#include "views/chrome.h"

static struct tui_canvas canvas;
static struct tui_app *app;

static void setup(void)
{
    static char text[65536];
    FILE *file = fopen(GOLDEN_DIR "/snapshot.json", "r");

    setlocale(LC_CTYPE, "C.UTF-8");
    canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&canvas, 24, 100));
    app = tui_app_create();
    app->now_ms = 1000;
    app->glyphs = TUI_GLYPHS_BLOCK;
    cr_assert(file);
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    tui_app_update(app, tui_update_parse(TUI_UPDATE_FLEET, text, len, app->now_ms));
}

static void teardown(void)
{
    tui_canvas_finish(&canvas);
    tui_app_destroy(app);
}

TestSuite(form, .init = setup, .fini = teardown);

static void keys(const char *text)
{
    for (; *text; text++)
        tui_app_key(app, (uint32_t)(*text == '\r' ? TUI_KEY_ENTER : *text));
}

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

/* The errand of that kind that the form has made; others are dropped. */
static struct tui_errand errand(enum tui_errand_kind kind)
{
    struct tui_errand taken;
    struct tui_errand found = {0};

    while (tui_form_take_errand(&app->form, &taken)) {
        if (taken.kind == kind) {
            tui_errand_finish(&found);
            found = taken;
        } else {
            tui_errand_finish(&taken);
        }
    }
    return found;
}

static void folder_comes(uint64_t token, const char *path, const char *const *names, size_t count)
{
    struct tui_folder *folder =
        calloc(1, sizeof(*folder) + count * sizeof(struct tui_folder_entry));
    struct tui_news *news = calloc(1, sizeof(*news));

    folder->path = strdup(path);
    folder->count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(folder->entries[i].name, TUI_FILE_NAME_SIZE, "%s", names[i]);
        folder->entries[i].bytes = 1000;
    }
    *news = (struct tui_news){.kind = TUI_ERRAND_FOLDER, .token = token, .folder = folder};
    tui_form_news(app, news);
}

static const char *const pictures[] = {"eight.png", "nine.png", "seven.png"};

static void open_with_pictures(void)
{
    keys("n");
    struct tui_errand asked = errand(TUI_ERRAND_FOLDER);
    cr_assert_str_eq(asked.path, "", "it begins in the working folder");
    folder_comes(asked.token, "/data/digits", pictures, 3);
    tui_errand_finish(&asked);
}

static void submitted_comes(uint64_t token, struct tui_submitted submitted)
{
    struct tui_news *news = calloc(1, sizeof(*news));

    *news = (struct tui_news){.kind = TUI_ERRAND_SUBMIT, .token = token, .submitted = submitted};
    tui_form_news(app, news);
}

Test(form, what_is_submitted_is_what_was_marked_when_the_button_was_pressed)
{
    open_with_pictures();
    cr_assert(find("< digits:1 >") > 0);
    keys("\tj"); /* to the files; a letter filters */
    cr_assert(find("no file here matches") > 0);
    tui_app_key(app, TUI_KEY_BACKSPACE);
    tui_app_key(app, TUI_KEY_DOWN); /* past ".." */
    keys("  ");
    cr_assert(find("[ Submit 2 files to digits:1 ]") > 0);
    keys("\t0\t30s\t\t\t\r");
    struct tui_errand sent = errand(TUI_ERRAND_SUBMIT);
    cr_assert(sent.submission);
    cr_assert_eq(sent.submission->count, 2);
    cr_assert_str_eq(sent.submission->paths[0], "/data/digits/eight.png");
    cr_assert_str_eq(sent.submission->paths[1], "/data/digits/nine.png");
    cr_assert_str_eq(sent.submission->model, "digits");
    cr_assert_eq(sent.submission->version, 1);
    cr_assert_eq(sent.submission->priority, 0);
    cr_assert_eq(sent.submission->deadline_ms, 30000);
    cr_assert(find("sending to digits:1: 0 of 2") > 0);
    submitted_comes(sent.token, (struct tui_submitted){.total = 2, .sent = 1, .last_id = 87});
    cr_assert(find("sending to digits:1: 1 of 2") > 0);
    submitted_comes(sent.token,
                    (struct tui_submitted){.over = true, .total = 2, .sent = 2, .last_id = 88});
    cr_assert_not(app->form.open);
    cr_assert_eq(app->view, TUI_VIEW_JOBS, "what was submitted is followed there");
    cr_assert(find("2 jobs submitted to digits:1, the last is 88") > 0);
    tui_errand_finish(&sent);
}

Test(form, without_a_mark_the_file_in_focus_goes)
{
    open_with_pictures();
    keys("\tseven");
    cr_assert(find("[ Submit 1 file to digits:1 ]") > 0);
    keys("\t\t\t\t\t\r");
    struct tui_errand sent = errand(TUI_ERRAND_SUBMIT);
    cr_assert(sent.submission);
    cr_assert_str_eq(sent.submission->paths[0], "/data/digits/seven.png");
    keys("\r");
    cr_assert_eq(errand(TUI_ERRAND_SUBMIT).kind, TUI_ERRAND_NONE,
                 "a second press while it is sent sends nothing");
    tui_errand_finish(&sent);
}

Test(form, enter_alone_never_submits)
{
    open_with_pictures();
    keys("\r\r\r\r\r\r");
    cr_assert_eq(errand(TUI_ERRAND_SUBMIT).kind, TUI_ERRAND_NONE,
                 "the button is reached by Tab only after Cancel");
}

Test(form, models_are_found_by_a_part_of_their_name)
{
    open_with_pictures();
    keys("yo");
    cr_assert(find("< yolo:1 >") > 0);
    keys("x");
    cr_assert(find("no model's name contains 'yox'") > 0);
    keys("\t\t\t\t\t\t\r");
    cr_assert_eq(errand(TUI_ERRAND_SUBMIT).kind, TUI_ERRAND_NONE);
    cr_assert(find("no model's name contains that") > 0);
    keys("\t");
    tui_app_key(app, 'U' - '@');
    cr_assert(find("< digits:1 >") > 0);
    tui_app_key(app, TUI_KEY_RIGHT);
    cr_assert(find("< resnet50:2 >") > 0);
    tui_app_key(app, TUI_KEY_LEFT);
    tui_app_key(app, TUI_KEY_LEFT);
    cr_assert(find("< whisper-tiny:3 >") > 0, "it goes round");
}

Test(form, folders_are_walked_and_a_refused_one_leaves_the_old_one)
{
    open_with_pictures();
    keys("\t");
    tui_app_key(app, TUI_KEY_LEFT);
    struct tui_errand asked = errand(TUI_ERRAND_FOLDER);
    cr_assert_str_eq(asked.path, "/data");
    struct tui_news *news = calloc(1, sizeof(*news));
    *news = (struct tui_news){.kind = TUI_ERRAND_FOLDER, .token = asked.token};
    snprintf(news->error, sizeof(news->error), "Permission denied");
    tui_form_news(app, news);
    cr_assert(find("can't go there: Permission denied") > 0);
    cr_assert(find("seven.png") > 0);
    tui_errand_finish(&asked);
    keys("/mnt/slow\r");
    asked = errand(TUI_ERRAND_FOLDER);
    cr_assert_str_eq(asked.path, "/mnt/slow");
    app->now_ms += 5000;
    cr_assert(find("waiting for the disk for 5 s") > 0);
    folder_comes(asked.token + 100, "/other", pictures, 1);
    cr_assert_eq(find("/other"), -1, "news that nobody waits for are dropped");
    tui_errand_finish(&asked);
}

Test(form, what_is_typed_is_seen_however_long_it_is)
{
    static const char *const none[] = {"a.png"};
    char path[TUI_TEXT_SIZE] = "/data";

    for (int used = 5; used < 140;)
        used += snprintf(path + used, sizeof(path) - (size_t)used, "/pictures");
    keys("n");
    struct tui_errand asked = errand(TUI_ERRAND_FOLDER);
    folder_comes(asked.token, path, none, 1);
    tui_errand_finish(&asked);
    keys("\tseven");
    cr_assert(find("/pictures  /seven_") > 0);
    keys("\t\t\t");
    for (int i = 0; i < 120; i++)
        keys("x");
    keys("the end");
    cr_assert(find("xxxthe end_") > 0);
}

Test(form, what_went_wrong_stays_on_the_screen)
{
    open_with_pictures();
    keys("\tseven\t\t\t\t\t\r");
    struct tui_errand sent = errand(TUI_ERRAND_SUBMIT);
    struct tui_submitted failed = {.over = true, .total = 1, .failed = 1};
    snprintf(failed.error, sizeof(failed.error), "seven.png: not a whole PNG");
    submitted_comes(sent.token, failed);
    cr_assert(app->form.open);
    cr_assert(find("0 sent, 1 not: seven.png: not a whole PNG") > 0);
    tui_errand_finish(&sent);
}

Test(form, a_read_only_console_has_no_form)
{
    app->read_only = true;
    keys("n");
    cr_assert_not(app->form.open);
    cr_assert(find("nothing is changed from it") > 0);
}

Test(form, leaving_stops_what_is_being_sent)
{
    open_with_pictures();
    keys("\tseven\t\t\t\t\t\r");
    tui_app_key(app, TUI_KEY_ESC);
    cr_assert_eq(errand(TUI_ERRAND_STOP).kind, TUI_ERRAND_STOP);
    cr_assert_not(app->form.open);
}

Test(form, hostile_names_reach_the_screen_clean_and_the_disk_as_they_are)
{
    static const char *const hostile[] = {"a\x1b[2Jb.png"};

    keys("n");
    struct tui_errand asked = errand(TUI_ERRAND_FOLDER);
    folder_comes(asked.token, "/data", hostile, 1);
    tui_errand_finish(&asked);
    keys("\t");
    tui_app_key(app, TUI_KEY_DOWN);
    cr_assert(find("a?[2Jb.png") > 0);
    struct tui_errand looked = errand(TUI_ERRAND_PREVIEW);
    cr_assert_str_eq(looked.path, "/data/a\x1b[2Jb.png");
    tui_errand_finish(&looked);
}

Test(form, a_picture_is_shown_in_half_blocks_or_shades)
{
    open_with_pictures();
    keys("\tseven");
    struct tui_errand asked = errand(TUI_ERRAND_PREVIEW);
    cr_assert(asked.path);
    struct tui_preview *preview = calloc(1, sizeof(*preview) + 3 * 4);
    struct tui_news *news = calloc(1, sizeof(*news));
    *preview = (struct tui_preview){.text = "PNG, 2 x 2", .width = 2, .height = 2};
    memcpy(preview->pixels, "\xff\xff\xff\xff\0\0\0\xff\0\0\0\xff", 12);
    *news = (struct tui_news){.kind = TUI_ERRAND_PREVIEW, .token = asked.token, .preview = preview};
    tui_form_news(app, news);
    int y = find("PNG, 2 x 2");
    cr_assert(y > 0);
    /* Enlarged to what can be seen: white and red over green and blue. */
    const struct tui_cell *cell = tui_canvas_at(&canvas, y + 1, 62);
    cr_assert_eq(cell->ch, 0x2588, "white is the lightest shade without colours");
    app->pixels = true;
    find("PNG");
    cr_assert_eq(cell->ch, 0x2580);
    cr_assert_eq(cell->fg, 0xffffff);
    cr_assert_eq(cell->bg, 0xffffff);
    uint32_t seen = 0;
    for (int i = 0; i < canvas.rows * canvas.cols; i++) {
        seen |= canvas.cells[i].fg == 0xff0000 ? 1 : 0;
        seen |= canvas.cells[i].bg == 0x00ff00 ? 2 : 0;
        seen |= canvas.cells[i].bg == 0x0000ff ? 4 : 0;
    }
    cr_assert_eq(seen, 7);
    tui_errand_finish(&asked);
}

Test(form, it_fits_every_size)
{
    open_with_pictures();
    for (int rows = 16; rows <= 100; rows += 7) {
        for (int cols = 60; cols <= 300; cols += 17) {
            cr_assert(tui_canvas_resize(&canvas, rows, cols));
            cr_assert(find("Submit files as jobs") == 2);
            cr_assert(find("eight.png") > 0);
            cr_assert(find("[ Submit ") == rows - 3);
            cr_assert(find("Tenant") == rows - 5);
        }
    }
}
