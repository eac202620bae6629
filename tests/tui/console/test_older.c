/* Jobs before the newest page: asked for on the way down, and kept within bounds. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "find_lab.h"

static void setup(void)
{
    find_setup();
    cr_assert(tui_canvas_resize(&find_canvas, 40, 120));
}

TestSuite(older, .init = setup, .fini = find_teardown);

/* Answers what the view asks for: of jobs 1..newest, those that its filter of the state lets
 * through (every tenth has failed). Returns how many pages of older ones that were. */
static unsigned int answer_jobs(unsigned int newest)
{
    static char text[1 << 16];
    struct tui_want want = tui_app_want(find_app);
    unsigned int asked = 0;

    for (int poll = 0; poll < 2; poll++) {
        bool older = poll == 1;
        unsigned int id = older ? (unsigned int)want.before - 1 : newest;
        int used = snprintf(text, sizeof(text), "{\"ok\":true,\"total\":%u,\"jobs\":[", newest);
        unsigned int count = 0;
        if (older && !want.polls[TUI_POLL_JOBS_OLDER])
            break;
        for (; id > 0 && count < 200; id--) {
            const char *state = id % 10 == 0 ? "failed" : "done";
            if (want.jobs.state[0] && strcmp(want.jobs.state, state) != 0)
                continue;
            used += snprintf(text + used, sizeof(text) - (size_t)used,
                             "%s{\"id\":%u,\"state\":\"%s\",\"model\":\"%s\"}",
                             count++ > 0 ? "," : "", id, state, id == 7 ? "rare" : "digits");
        }
        snprintf(text + used, sizeof(text) - (size_t)used, "]}");
        struct tui_update *update = tui_update_parse(
            older ? TUI_UPDATE_JOBS_OLDER : TUI_UPDATE_JOBS, text, strlen(text), find_app->now_ms);
        update->asked = want;
        tui_app_update(find_app, update);
        asked += older;
        tui_chrome_draw(find_app, &find_canvas);
    }
    return asked;
}

Test(older, jobs_go_on_where_the_newest_page_ends)
{
    find_press("4");
    answer_jobs(500);
    cr_assert_eq(answer_jobs(500), 0, "who is at the top needs no older ones");
    SHOWS("the newest 200 of 500");
    find_press("G");
    cr_assert_str_eq(find_app->lists[TUI_VIEW_JOBS].selected, "301");
    SHOWS("the newest 200 of 500, older: loading...");
    cr_assert_eq(answer_jobs(503), 1);
    cr_assert_str_eq(find_app->lists[TUI_VIEW_JOBS].selected, "301", "what was selected stays so");
    SHOWS("the newest 403 of 503");
    find_press("jj");
    cr_assert_str_eq(find_app->lists[TUI_VIEW_JOBS].selected, "299");
    find_press("G");
    answer_jobs(503);
    find_press("G");
    cr_assert_str_eq(find_app->lists[TUI_VIEW_JOBS].selected, "1");
    SHOWS("the newest 503 of 503, end");
    cr_assert_eq(answer_jobs(503), 0, "there are none before the first");
    find_press("g");
    answer_jobs(504);
    SHOWS("the newest 200 of 504");
}

Test(older, the_jobs_that_are_kept_have_a_bound_and_what_is_read_stays)
{
    find_press("4");
    answer_jobs(20000);
    for (int i = 0; i < 60; i++) {
        find_press("G");
        answer_jobs(20000);
    }
    SHOWS("the newest 5000 of 20.0k, no more are kept");
    cr_assert_str_eq(find_app->lists[TUI_VIEW_JOBS].selected, "15001");
    answer_jobs(20150);
    cr_assert_str_eq(find_app->lists[TUI_VIEW_JOBS].selected, "15001",
                     "newer ones don't push out what is read");
    cr_assert_eq(find_app->row_count, TUI_JOBS_KEPT_MAX);
}

Test(older, a_filter_reaches_the_jobs_before_the_newest_page)
{
    find_press("4");
    answer_jobs(900);
    find_press("/model:rare\r");
    SHOWS("older: loading...");
    for (int i = 0; i < 5; i++)
        answer_jobs(900);
    SHOWS("rare:0");
    SHOWS("the newest 900 of 900, end");
    find_press("\033fffff"); /* failed */
    answer_jobs(4000);
    find_press("G");
    cr_assert_eq(answer_jobs(4000), 1, "the coordinator's filter goes with the older ones");
    find_press("G");
    SHOWS("failed");
    cr_assert_eq(tui_model_jobs(find_app->model)->count, 400,
                 "and nothing of another filter is kept");
}
