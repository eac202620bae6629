/* What updates do to the model: numbers, gaps, hostile text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/model.h"
#include "model/poll.h"

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
    cr_assert_eq(first->residents[1].bytes, 209715200);
    cr_assert_float_eq(first->residents[1].load_ms, 1840, 1e-9);
    cr_assert_eq(first->pinned, 1);
    cr_assert_float_eq(first->devices[0].power_w, 131.5, 1e-9);
    cr_assert_float_eq(first->devices[0].kernels_per_s, 4120.5, 1e-9);
    cr_assert(isnan(agent->devices[0].temperature_c) && isnan(agent->devices[0].copy),
              "what the driver doesn't tell is not 0");
    const struct tui_agent *second = tui_fleet_agent(model->fleet, "ember-02");
    cr_assert_eq(second->error_ms, 1780000002000);
    cr_assert(strstr(second->error, "CL_OUT_OF_RESOURCES"));
    cr_assert_eq(second->residents[1].device, TUI_NO_DEVICE, "it is still being fetched");
    /* lost ember-04, the suspect devices of ember-02 and ember-04, and 91 C */
    cr_assert_eq(model->alerts.total, 4);
    cr_assert_eq(tui_model_age_ms(model, 5800), 4800);
    tui_model_destroy(model);
}

Test(model, folds_what_the_models_do_and_where_they_are)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, golden(TUI_UPDATE_FLEET, "snapshot.json", 1000));
    const struct tui_fleet *fleet = model->fleet;
    cr_assert_eq(fleet->slo_p99_us, 25000);
    cr_assert_eq(fleet->hist.count, 2085);
    cr_assert_eq(fleet->hist.buckets[tui_hist_bucket(3072)], 615);
    cr_assert_eq(fleet->model_count, 4);
    const struct tui_served *resnet = tui_fleet_model(fleet, "resnet50:2");
    cr_assert(resnet);
    cr_assert_eq(resnet->total.p95_us, 14100);
    cr_assert_float_eq(resnet->mean_us[TUI_SPAN_COMPUTE], 5600, 1e-9);
    cr_assert_eq(resnet->resident_count, 2);
    cr_assert_str_eq(resnet->residents[0]->agent, "ember-01");
    cr_assert_str_eq(resnet->residents[0]->state, "resident");
    cr_assert_str_eq(resnet->residents[1]->agent, "ember-02");
    cr_assert_str_eq(resnet->residents[1]->state, "fetching");
    const struct tui_served *idle = tui_fleet_model(fleet, "whisper-tiny:3");
    cr_assert_eq(idle->resident_count, 0);
    cr_assert_eq(idle->total.count, 0);
    cr_assert(isnan(idle->done_per_s) && isnan(idle->load_ms) &&
              isnan(idle->mean_us[TUI_SPAN_QUEUE]));
    cr_assert_float_eq(fleet->caches[0].bytes, 282066944, 1);
    cr_assert(isnan(fleet->caches[1].evictions), "sticky evicts nothing");
    tui_model_destroy(model);
}

static struct tui_update *delta(const char *agents, unsigned int epoch)
{
    char text[1024];
    int len = snprintf(text, sizeof(text),
                       "{\"seq\":9,\"epoch\":%u,\"time_ms\":2000,\"totals\":{\"queued\":5},"
                       "\"models\":[{\"name\":\"digits\",\"version\":1}],\"agents\":[%s]}",
                       epoch, agents);
    struct tui_update *update = tui_update_parse(TUI_UPDATE_DELTA, text, (size_t)len, 2000);

    update->published = true;
    return update;
}

Test(model, a_delta_changes_the_agents_that_it_names)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, delta("{\"name\":\"ember-02\",\"state\":\"ready\"}", 0));
    cr_assert_null(model->fleet, "nothing is known that it could go on from");
    tui_model_apply(model, golden(TUI_UPDATE_FLEET, "snapshot.json", 1000));
    tui_model_apply(model, delta("{\"name\":\"ember-03\",\"state\":\"drained\",\"resident\":["
                                 "{\"model\":\"digits:1\",\"device\":1,\"state\":\"resident\"}]},"
                                 "{\"name\":\"ember-77\",\"state\":\"ready\"},"
                                 "{\"name\":\"ember-01\",\"state\":\"cordoned\"}",
                                 0));
    const struct tui_fleet *fleet = model->fleet;
    cr_assert_eq(fleet->agent_count, 4, "who is new comes with the next whole snapshot");
    cr_assert_str_eq(fleet->agents[0].name, "ember-01", "the order stays");
    cr_assert_str_eq(fleet->agents[0].state, "cordoned");
    cr_assert_str_eq(fleet->agents[1].state, "ready");
    cr_assert_str_eq(fleet->agents[1].devices[0].name, "Radeon R9 290");
    cr_assert_str_eq(fleet->agents[2].state, "drained");
    cr_assert_str_eq(fleet->agents[3].state, "lost");
    cr_assert_eq(fleet->totals.queued, 5);
    cr_assert_eq(model->fleet_at_ms, 2000);
    const struct tui_served *digits = tui_fleet_model(fleet, "digits:1");
    cr_assert_eq(digits->resident_count, 2);
    cr_assert_str_eq(digits->residents[0]->agent, "ember-02");
    cr_assert_str_eq(digits->residents[1]->agent, "ember-03");
    tui_model_apply(model, delta("{\"name\":\"ember-01\",\"state\":\"lost\"}", 4));
    cr_assert_str_eq(model->fleet->agents[0].state, "cordoned", "another coordinator's");
    tui_model_destroy(model);
}

Test(model, buckets_of_latencies_cover_every_duration)
{
    cr_assert_eq(tui_hist_upper_us(0), 8);
    cr_assert_eq(tui_hist_upper_us(1), 12);
    cr_assert_eq(tui_hist_bucket(0), 0);
    cr_assert_eq(tui_hist_bucket(UINT64_MAX), TUI_HIST_BUCKETS - 1);
    for (size_t i = 1; i < TUI_HIST_BUCKETS; i++) {
        cr_assert_gt(tui_hist_upper_us(i), tui_hist_upper_us(i - 1));
        cr_assert_eq(tui_hist_bucket(tui_hist_upper_us(i)), i);
        cr_assert_eq(tui_hist_bucket(tui_hist_upper_us(i - 1) + 1), i);
    }
}

static struct tui_model *polled(enum tui_update_kind kind, const char *name, uint64_t job)
{
    struct tui_model *model = tui_model_create();
    struct tui_update *update = golden(kind, name, 1000);

    cr_assert_eq(update->kind, kind, "%s: %s", name, update->refusal.message);
    update->asked.job = job;
    tui_model_apply(model, update);
    return model;
}

Test(model, folds_what_polls_are_answered)
{
    struct tui_model *model = polled(TUI_UPDATE_WHY, "why.json", 88122);
    const struct tui_why *why = tui_model_why(model);

    cr_assert_eq(model->polled[TUI_POLL_WHY].asked.job, 88122);
    cr_assert_eq(why->count, 2);
    cr_assert(!why->decisions[0].kept && why->decisions[1].kept);
    cr_assert_eq(why->decisions[1].candidate_count, 3);
    cr_assert_str_eq(why->decisions[1].candidates[2].rule, "draining");
    cr_assert(isnan(why->decisions[1].candidates[2].score), "who is out has no score");
    tui_model_destroy(model);

    model = polled(TUI_UPDATE_HISTORY, "history.json", 88122);
    cr_assert_eq(tui_model_life(model)->count, 2);
    cr_assert_str_eq(tui_model_life(model)->attempts[0].outcome, "failed");
    cr_assert_str_eq(tui_model_life(model)->job.tenant, "vision");
    tui_model_destroy(model);

    model = polled(TUI_UPDATE_MODELS, "models.json", 0);
    const struct tui_card_page *cards = tui_model_cards(model);
    cr_assert_eq(cards->count, 4);
    cr_assert_str_eq(cards->cards[1].id, "resnet50:2");
    cr_assert_str_eq(cards->cards[1].inputs[0].shape, "?x3x224x224");
    cr_assert_eq(cards->cards[1].preprocess.width, 224);
    cr_assert(!cards->cards[2].preprocess.given);
    cr_assert_str_eq(cards->cards[3].state, "invalid");
    tui_model_destroy(model);

    model = polled(TUI_UPDATE_MODEL, "model.json", 0);
    cr_assert_eq(tui_model_card(model)->count, 10);
    cr_assert_str_eq(tui_model_card(model)->labels[9], "9");
    tui_model_destroy(model);
}

Test(model, folds_who_did_what_for_whom_and_what_is_set)
{
    struct tui_model *model = polled(TUI_UPDATE_AUDIT, "audit.json", 0);

    cr_assert_eq(tui_model_acts(model)->count, 3);
    cr_assert_str_eq(tui_model_acts(model)->acts[1].target, "digits:1 on ember-01");
    tui_model_destroy(model);

    model = polled(TUI_UPDATE_TENANTS, "tenants.json", 0);
    cr_assert_str_eq(tui_model_tenants(model)->tenants[0].name, "vision");
    cr_assert_float_eq(tui_model_tenants(model)->tenants[0].share_due, 0.75, 1e-9);
    cr_assert(tui_model_tenants(model)->tenants[0].rate_set);
    cr_assert(!tui_model_tenants(model)->tenants[0].burst_set);
    tui_model_destroy(model);

    model = polled(TUI_UPDATE_SETTINGS, "settings.json", 0);
    cr_assert_eq(tui_model_settings(model)->count, 3);
    cr_assert_str_eq(tui_model_settings(model)->settings[1].fallback, "1000000");
    tui_model_destroy(model);
}

Test(model, a_refused_poll_says_why_and_shows_nothing_old)
{
    static const char refused[] = "{\"ok\":false,\"error\":{\"code\":\"not_found\","
                                  "\"message\":\"no job 7\",\"hint\":\"look\"}}";
    struct tui_model *model = polled(TUI_UPDATE_WHY, "why.json", 88122);
    struct tui_update *update =
        tui_update_parse(TUI_UPDATE_WHY, refused, sizeof(refused) - 1, 2000);

    tui_model_apply(model, update);
    cr_assert_null(tui_model_why(model));
    cr_assert_str_eq(model->polled[TUI_POLL_WHY].refusal.message, "no job 7");
    tui_model_destroy(model);
}

Test(model, a_missed_snapshot_is_flagged_and_leaves_a_gap)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, snapshot(10, 100, 1000));
    tui_model_apply(model, snapshot(11, 110, 1250));
    cr_assert_eq(model->snapshots_lost, 0);
    tui_model_apply(model, snapshot(14, 120, 2000));
    cr_assert_eq(model->snapshots_lost, 2);
    cr_assert_eq(model->lost_at_ms, 2000);
    const struct tui_series *rate = &model->history.metrics[TUI_METRIC_DONE];
    cr_assert_eq(tui_series_over(rate, 4, 5).count, 3);
    cr_assert_eq(tui_series_over(rate, 6, 2).count, 0, "of 1.5 s and 1.75 s nothing is known");
    cr_assert_float_eq(tui_history_now(&model->history, TUI_METRIC_DONE), 120, 1e-6);
    tui_model_destroy(model);
}

Test(model, the_same_snapshot_twice_is_one_sample)
{
    struct tui_model *model = tui_model_create();

    tui_model_apply(model, snapshot(10, 100, 1000));
    tui_model_apply(model, snapshot(10, 100, 1100));
    cr_assert_eq(model->history.next, 5);
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
        "{\"totals\":{},\"agents\":[{\"name\":\"a\"}",
        "{\"totals\":{},\"agents\":[{\"name\":\"a\"},]}",
        "{\"totals\":{},\"agents\":[{\"name\":\"a\"} {}]}",
        "{\"totals\":{},\"agents\":[],\"agents\":[]}",
        "{\"totals\":{},\"agents\":[]",
        "{\"totals\" {},\"agents\":[]}",
        "{totals:{},\"agents\":[]}",
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

Test(model, older_jobs_are_asked_for_by_the_oldest_that_is_known)
{
    struct tui_want want;
    struct tui_want read;

    memset(&want, 0, sizeof(want));
    want.polls[TUI_POLL_JOBS_OLDER] = true;
    cr_assert_not(tui_poll_wanted(TUI_POLL_JOBS_OLDER, &want), "before which one?");
    want.before = 301;
    tui_want_text(want.jobs.state, sizeof(want.jobs.state), "failed");
    cr_assert(tui_poll_wanted(TUI_POLL_JOBS_OLDER, &want));
    char *text = tui_poll_text(TUI_POLL_JOBS_OLDER, &want);
    cr_assert_str_eq(text, "{\"v\":1,\"op\":\"jobs\",\"state\":\"failed\",\"before\":301,"
                           "\"limit\":200}");
    tui_poll_read(text, &read);
    cr_assert_eq(memcmp(&read, &want, sizeof(want)), 0, "a recording tells what was asked for");
    free(text);
}
