/* What updates do to the model: numbers, gaps, hostile text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/model.h"

static char *read_golden(const char *name, size_t *ret_len)
{
    char path[1024];
    char *text = malloc(65536);

    snprintf(path, sizeof(path), "%s/%s", GOLDEN_DIR, name);
    FILE *file = fopen(path, "r");
    cr_assert(file, "can't open %s", path);
    *ret_len = fread(text, 1, 65535, file);
    fclose(file);
    text[*ret_len] = 0;
    return text;
}

static struct tui_update *golden(enum tui_update_kind kind, const char *name, int64_t at_ms)
{
    size_t len;
    char *text = read_golden(name, &len);
    struct tui_update *update = tui_update_parse(kind, text, len, at_ms);

    free(text);
    return update;
}

static struct tui_update *snapshot(unsigned int seq, unsigned int done, int64_t at_ms)
{
    char text[512];
    int len = snprintf(text, sizeof(text),
                       "{\"seq\":%u,\"epoch\":3,\"time_ms\":%u,\"totals\":{\"done\":%u},"
                       "\"rates\":{\"done_per_s\":%u},\"agents\":[],"
                       "\"caches\":{\"model\":{\"hits\":%u,\"misses\":%u}}}",
                       seq, 1000 + seq, done, done, done * 9, done);
    struct tui_update *update = tui_update_parse(TUI_UPDATE_FLEET, text, (size_t)len, at_ms);

    update->published = true;
    return update;
}

Test(model, folds_a_snapshot)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, golden(TUI_UPDATE_FLEET, "snapshot.json", 1000));
    cr_assert(model->fleet);
    cr_assert_str_eq(model->fleet->cluster, "lab-east");
    cr_assert_eq(model->fleet->agent_count, 4);
    const struct tui_agent *agent = tui_fleet_agent(model->fleet, "ember-03");
    cr_assert(agent);
    cr_assert_str_eq(agent->state, "draining");
    cr_assert_eq(agent->device_count, 2);
    cr_assert_str_eq(agent->devices[1].name, "Tesla K80");
    cr_assert_eq(agent->batch_count, 0, "an older agent tells nothing of its batches");
    cr_assert_str_eq(agent->models[0], "yolo:1");
    const struct tui_agent *first = tui_fleet_agent(model->fleet, "ember-01");
    cr_assert_eq(first->batch_count, 2);
    cr_assert_str_eq(first->batches[1].model, "resnet50:2");
    cr_assert_eq(first->batches[1].rows, 4);
    cr_assert_float_eq(first->batches[1].rows_per_s, 35.5, 1e-9);
    cr_assert_float_eq(tui_agent_busy(agent), 0.22, 1e-9);
    cr_assert_eq(model->fleet->operations[0].blockers[0].job, 88121);
    /* lost ember-04, and the suspect devices of ember-02 and ember-04 */
    cr_assert_eq(tui_model_alerts(model), 3);
    cr_assert_eq(tui_model_age_ms(model, 5800), 4800);
    tui_model_destroy(model);
}

Test(model, a_missed_snapshot_is_flagged_and_leaves_a_gap)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, snapshot(10, 100, 1000));
    tui_model_apply(model, snapshot(11, 110, 1250));
    cr_assert_eq(model->snapshots_lost, 0);
    tui_model_apply(model, snapshot(14, 120, 1500));
    cr_assert_eq(model->snapshots_lost, 2);
    cr_assert_eq(model->lost_at_ms, 1500);
    const struct tui_series *rate = &model->history.done_per_s;
    cr_assert_eq(rate->pushed, 5);
    cr_assert(isnan(tui_series_at(rate, 2)) && isnan(tui_series_at(rate, 3)));
    cr_assert_float_eq(tui_series_last(rate), 120, 1e-6);
    tui_model_destroy(model);
}

Test(model, silence_is_a_gap_as_long_as_it_was)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, snapshot(10, 100, 1000));
    tui_model_apply(model, snapshot(11, 100, 11000));
    cr_assert_eq(model->history.done_per_s.pushed, 41);
    cr_assert(isnan(tui_series_at(&model->history.done_per_s, 20)));
    tui_model_destroy(model);
}

Test(model, the_same_snapshot_twice_is_one_sample)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, snapshot(10, 100, 1000));
    tui_model_apply(model, snapshot(10, 100, 1100));
    cr_assert_eq(model->history.done_per_s.pushed, 1);
    tui_model_destroy(model);
}

Test(model, a_rate_of_hits_is_of_the_window_not_of_all_time)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, snapshot(1, 100, 1000));
    cr_assert(isnan(tui_series_last(model->caches[0].rate)), "nothing is known from one sample");
    tui_model_apply(model, snapshot(2, 110, 1250));
    cr_assert_float_eq(tui_series_last(model->caches[0].rate), 0.9, 1e-6);
    /* A restarted coordinator counts from zero: no negative, no 100 percent. */
    tui_model_apply(model, snapshot(3, 5, 1500));
    cr_assert(isnan(tui_series_last(model->caches[0].rate)));
    tui_model_destroy(model);
}

Test(model, events_are_kept_once_and_newest_first)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, golden(TUI_UPDATE_EVENTS, "events.json", 1000));
    tui_model_apply(model, golden(TUI_UPDATE_EVENTS, "events.json", 2000));
    cr_assert_eq(tui_model_event_count(model), 3);
    cr_assert_eq(tui_model_event(model, 0)->seq, 914);
    cr_assert_str_eq(tui_model_event(model, 2)->kind, "agent.lost");
    tui_model_destroy(model);
}

Test(model, silence_has_an_age_until_something_is_heard)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, snapshot(1, 1, 1000));
    cr_assert_eq(tui_model_silent_ms(model, 1100), 0);
    tui_model_apply(model, tui_update_silence("connection refused", 3000));
    tui_model_apply(model, tui_update_silence("connection refused", 5000));
    cr_assert_eq(tui_model_silent_ms(model, 13000), 12000, "counted from the last message");
    tui_model_apply(model, snapshot(2, 1, 13100));
    cr_assert_eq(tui_model_silent_ms(model, 14000), 0);
    tui_model_destroy(model);
}

Test(model, malformed_messages_are_counted_and_change_nothing)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "null",
        "\"text\"",
        "{\"v\":1,\"ok\":true}",
        "{\"agents\":{},\"totals\":{}}",
        "{\"agents\":[]}",
        "{\"ok\":false,\"error\":{\"message\":\"no\"},\"agents\":[],\"totals\":{}}",
    };
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, golden(TUI_UPDATE_FLEET, "snapshot.json", 1000));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tui_update *update =
            tui_update_parse(TUI_UPDATE_FLEET, bad[i], strlen(bad[i]), 2000);
        cr_assert_eq(update->kind, TUI_UPDATE_MALFORMED, "taken: %s", bad[i]);
        tui_model_apply(model, update);
        cr_assert_eq(model->malformed, i + 1);
    }
    cr_assert_eq(model->fleet->agent_count, 4, "the last good snapshot stays");
    cr_assert_eq(model->fleet_at_ms, 1000, "and keeps its age");
    tui_model_destroy(model);
}

Test(model, numbers_out_of_range_are_bounded)
{
    static const char text[] =
        "{\"seq\":-5,\"epoch\":1e300,\"totals\":{\"done\":1e999,\"queued\":-1e999,"
        "\"failed\":\"7\",\"running\":null},\"rates\":{\"done_per_s\":-3},"
        "\"agents\":[{\"name\":\"a\",\"devices\":[{\"index\":1e18,\"busy\":1e9}]},{},7,null]}";
    struct tui_update *update = tui_update_parse(TUI_UPDATE_FLEET, text, sizeof(text) - 1, 1000);

    cr_assert_eq(update->kind, TUI_UPDATE_FLEET);
    const struct tui_fleet *fleet = update->fleet;
    cr_assert_eq(fleet->seq, 0);
    cr_assert_eq(fleet->epoch, TUI_INTEGER_MAX);
    cr_assert_eq(fleet->totals.done, TUI_INTEGER_MAX);
    cr_assert_eq(fleet->totals.queued, 0);
    cr_assert_eq(fleet->totals.failed, 0);
    cr_assert_float_eq(fleet->done_per_s, 0, 1e-9);
    cr_assert_eq(fleet->agent_count, 1, "what has no name can't be acted on");
    cr_assert_eq(fleet->agents[0].devices[0].index, UINT32_MAX);
    cr_assert_float_eq(tui_agent_busy(&fleet->agents[0]), 1, 1e-9);
    tui_update_destroy(update);
}

Test(model, lists_are_bounded)
{
    size_t size = 400000;
    char *text = malloc(size);
    size_t used = (size_t)snprintf(text, size, "{\"totals\":{},\"agents\":[");

    for (int i = 0; i < TUI_AGENTS_MAX + 50; i++)
        used += (size_t)snprintf(text + used, size - used, "%s{\"name\":\"a%d\"}", i ? "," : "", i);
    used += (size_t)snprintf(text + used, size - used, "]}");
    struct tui_update *update = tui_update_parse(TUI_UPDATE_FLEET, text, used, 1);
    cr_assert_eq(update->kind, TUI_UPDATE_FLEET);
    cr_assert_eq(update->fleet->agent_count, TUI_AGENTS_MAX);
    tui_update_destroy(update);
    free(text);
}

Test(model, an_answer_without_ok_is_not_a_success)
{
    static const char text[] = "{\"v\":1}";
    struct tui_update *update = tui_update_parse(TUI_UPDATE_ANSWER, text, sizeof(text) - 1, 1);

    cr_assert(update->answer && !update->answer->ok);
    tui_update_destroy(update);
}
