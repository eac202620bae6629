#include "act_lab.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "views/chrome.h"

struct tui_canvas lab_canvas;
struct tui_app *lab_app;
const char *lab_models = "";
static uint64_t token; /* of the request that was taken last */
char *lab_sent;        /* its text; NULL: nothing was lab_sent */

void lab_draw(void)
{
    tui_chrome_draw(lab_app, &lab_canvas);
}

/* The operator has looked at the screen. */
void lab_settle(void)
{
    lab_draw();
    lab_app->now_ms += TUI_DIALOG_SETTLE_MS;
}

void lab_setup(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    lab_canvas = (struct tui_canvas){0};
    cr_assert(tui_canvas_resize(&lab_canvas, 30, 100));
    lab_app = tui_app_create();
    lab_app->now_ms = 1000;
    snprintf(lab_app->by, sizeof(lab_app->by), "eve@lab");
    tui_app_show(lab_app, TUI_VIEW_AGENTS);
    lab_sent = NULL;
    token = 0;
}

void lab_teardown(void)
{
    free(lab_sent);
    tui_canvas_finish(&lab_canvas);
    tui_app_destroy(lab_app);
}

static void feed(enum tui_update_kind kind, const char *text, uint64_t answers)
{
    struct tui_update *update = tui_update_parse(kind, text, strlen(text), lab_app->now_ms);

    cr_assert(update);
    update->token = answers;
    tui_app_update(lab_app, update);
}

/* A snapshot with these agents, "name:state:instance ...", and operations as JSON. */
void lab_cluster_of(unsigned int epoch, const char *agents, const char *operations)
{
    static char text[131072];
    static char copy[65536];
    char *save = NULL;
    size_t used = (size_t)snprintf(text, sizeof(text),
                                   "{\"ok\":true,\"epoch\":%u,\"uptime_ms\":%lld,\"totals\":{},"
                                   "\"operations\":[%s],\"models\":[%s],\"agents\":[",
                                   epoch, (long long)lab_app->now_ms, operations, lab_models);

    snprintf(copy, sizeof(copy), "%s", agents);
    for (char *at = strtok_r(copy, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
        char name[64];
        char state[24];
        char instance[40];
        cr_assert_eq(sscanf(at, "%63[^:]:%23[^:]:%39s", name, state, instance), 3);
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "%s{\"name\":\"%s\",\"state\":\"%s\",\"instance\":\"%s\"}",
                                 at == copy ? "" : ",", name, state, instance);
    }
    snprintf(text + used, sizeof(text) - used, "]}");
    feed(TUI_UPDATE_FLEET, text, 0);
}

void lab_cluster(const char *agents)
{
    lab_cluster_of(3, agents, "");
    lab_draw();
}

void lab_jobs(const char *list)
{
    char text[4096];

    snprintf(text, sizeof(text), "{\"ok\":true,\"total\":9,\"jobs\":[%s]}", list);
    feed(TUI_UPDATE_POLL + TUI_POLL_JOBS, text, 0);
    lab_draw();
}

void lab_key(uint32_t code)
{
    tui_app_key(lab_app, code);
}

/* Each key after the screen was seen. */
void lab_press(const char *keys)
{
    for (; *keys; keys++) {
        lab_key(*keys == '\r' ? TUI_KEY_ENTER : (uint32_t)*keys);
        lab_settle();
    }
}

/* All of them before the next frame: a burst, a paste, a slow line. */
void lab_burst(const char *keys)
{
    for (; *keys; keys++)
        lab_key(*keys == '\r' ? TUI_KEY_ENTER : (uint32_t)*keys);
}

/* What was asked of the coordinator next; NULL nothing. */
const char *lab_next(void)
{
    struct tui_request request;

    free(lab_sent);
    lab_sent = NULL;
    if (tui_app_take_request(lab_app, &request)) {
        lab_sent = request.text;
        token = request.token;
    }
    return lab_sent;
}

bool lab_has(const char *json)
{
    return lab_sent && strstr(lab_sent, json);
}

void lab_answer_unseen(const char *text)
{
    feed(TUI_UPDATE_ANSWER, text, token);
}

void lab_answer(const char *text)
{
    lab_answer_unseen(text);
    lab_settle();
}

void lab_expect_nothing(const char *why)
{
    cr_assert_null(lab_next(), "%s, and yet: %s", why, lab_sent);
}

/* Whether a row of the screen has the (ASCII) text. */
bool lab_shows(const char *text)
{
    lab_draw();
    for (int y = 0; y < lab_canvas.rows; y++) {
        char line[TUI_CANVAS_COLS_MAX + 1];
        for (int x = 0; x < lab_canvas.cols; x++) {
            wchar_t ch = lab_canvas.cells[y * lab_canvas.cols + x].ch;
            line[x] = ch > 0 && ch < 0x7f ? (char)ch : '~';
        }
        line[lab_canvas.cols] = 0;
        if (strstr(line, text))
            return true;
    }
    return false;
}
