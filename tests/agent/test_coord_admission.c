// What is let in, and what is told to those who are not.
#include "agent/core/coord/coord.h"
#include "tests/agent/coord_rig.h"
#include "tests/agent/queue_rig.h"

static void set_tenant(struct queue_rig *rig, const char *name, struct agent_tenant_set set)
{
    struct agent_event event = {.kind = AGENT_EVENT_TENANT, .token = ++rig->token, .by = "test"};
    event.tenant.name = name;
    event.tenant.set = set;
    queue_rig_step(rig, &event);
    queue_rig_commit(rig);
}

static void set_rate(struct queue_rig *rig, const char *name, uint64_t rate_milli, uint32_t burst)
{
    set_tenant(rig, name,
               (struct agent_tenant_set){
                   .rate_set = true, .burst_set = true, .rate_milli = rate_milli, .burst = burst});
    cr_assert_eq(rig->reply, AGENT_REPLY_OK);
}

// ---- rates

Test(coord_admission, a_rate_is_kept_to)
{
    struct queue_rig *rig = queue_rig_new(NULL, 0);
    uint32_t taken = 0, others = 0;
    set_rate(rig, "t1", 250500, 20);
    for (int i = 0; i < 10000; i++) { // ten seconds
        taken += queue_rig_submit(rig, 1, 0, 2, 0) != 0;
        others += queue_rig_submit(rig, 2, 0, 2, 0) != 0;
        rig->now_us += 1000;
    }
    cr_assert(taken >= 2505 + 20 - 2 && taken <= 2505 + 20 + 1, "%u", taken);
    cr_assert_eq(others, 10000);
    struct agent_tenant_view view;
    cr_assert(agent_coord_tenant(rig->core, "t1", &view));
    cr_assert_eq(view.throttled, 10000 - taken);
    queue_rig_free(rig);
}

// Of many who are told to come back, each that waits for as long as it was told is taken.
Test(coord_admission, who_waits_for_the_rate_as_told_is_taken)
{
    enum { WAITING = 50 };
    struct queue_rig *rig = queue_rig_new(NULL, 0);
    int64_t again_us[WAITING];
    set_rate(rig, "t1", 100000, 1);
    cr_assert_neq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    for (int i = 0; i < WAITING; i++) {
        cr_assert_eq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
        cr_assert_eq(rig->reply, AGENT_REPLY_BUSY);
        again_us[i] = rig->now_us + rig->retry_after_ms * 1000;
        cr_assert(i == 0 || again_us[i] > again_us[i - 1], "two are told the same time");
    }
    cr_assert_leq(again_us[WAITING - 1] - rig->now_us, 510000, "told to wait for too long");
    for (int i = 0; i < WAITING; i++) {
        rig->now_us = again_us[i];
        cr_assert_neq(queue_rig_submit(rig, 1, 0, 2, 0), 0, "the %dth was not taken", i);
    }
    queue_rig_free(rig);
}

// A submitter with many at once comes back with the rest when it is told, and loses no time by it.
Test(coord_admission, who_comes_with_many_is_let_in_at_its_rate)
{
    for (uint32_t burst = 1; burst <= 64; burst *= 8) {
        struct queue_rig *rig = queue_rig_new(NULL, 0);
        set_rate(rig, "t1", 100000, burst);
        int64_t start = rig->now_us;
        uint32_t left = 200;
        while ((left -= queue_rig_submit_many(rig, "t1", left)) > 0)
            rig->now_us += rig->retry_after_ms * 1000;
        int64_t due = (200 - burst) * 10000;
        cr_assert(rig->now_us - start <= due * 115 / 100, "burst %u: %lld us, not %lld", burst,
                  (long long)(rig->now_us - start), (long long)due);
        queue_rig_free(rig);
    }
}

// A promise that was made a while ago is not given to the next one.
Test(coord_admission, who_is_told_later_comes_later)
{
    struct queue_rig *rig = queue_rig_new(NULL, 0);
    set_rate(rig, "t1", 10000, 1); // one in 100 ms
    cr_assert_neq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    cr_assert_eq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    int64_t first_us = rig->now_us + rig->retry_after_ms * 1000;
    rig->now_us += 70000;
    cr_assert_eq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    int64_t second_us = rig->now_us + rig->retry_after_ms * 1000;
    rig->now_us = first_us;
    cr_assert_neq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    rig->now_us = second_us;
    cr_assert_neq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    queue_rig_free(rig);
}

Test(coord_admission, the_default_rate_is_for_tenants_without_one)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.tenant_rate_milli = 1000;
    struct queue_rig *rig = queue_rig_new(&limits, 0);
    set_rate(rig, "t2", 0, 1); // no limit
    cr_assert_neq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    cr_assert_eq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    cr_assert_neq(queue_rig_submit(rig, 2, 0, 2, 0), 0);
    cr_assert_neq(queue_rig_submit(rig, 2, 0, 2, 0), 0);
    queue_rig_free(rig);
}

Test(coord_admission, operators_hear_of_refusals_once_a_minute)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.tenant_rate_milli = 1;
    struct rig rig;
    rig_init(&rig, &limits);
    for (uint64_t i = 0; i < 5; i++) {
        struct agent_event event = rig_submission(10 + i, "");
        rig_step(&rig, &event);
        rig_commit(&rig);
        rig.now_us += i == 3 ? 61000000 : 1000;
    }
    size_t said = 0;
    for (size_t i = 0; i < rig.count; i++)
        said += rig.actions[i].kind == AGENT_ACTION_NOTICE &&
                rig.actions[i].notice == AGENT_NOTICE_TENANT_REFUSED;
    cr_assert_eq(said, 2);
    rig_finish(&rig);
}

// ---- places

Test(coord_admission, a_tenant_alone_takes_its_share_and_leaves_places_for_others)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.jobs_live_max = 1000;
    struct queue_rig *rig = queue_rig_new(&limits, 1);
    uint32_t taken[4] = {0};
    for (uint8_t t = 0; t < 4; t++) {
        while (queue_rig_submit(rig, t, 0, 2, 0) != 0)
            taken[t]++;
        cr_assert_eq(rig->reply, AGENT_REPLY_BUSY);
        cr_assert_gt(taken[t], 0, "tenant %u found no place", t);
    }
    cr_assert_eq(taken[0], 900);
    cr_assert(taken[1] > 80 && taken[1] <= 90, "%u", taken[1]);
    // It is full. What becomes free is for those who have little, until all have their shares.
    cr_assert(queue_rig_answer(rig));
    cr_assert_eq(queue_rig_submit(rig, 0, 0, 2, 0), 0);
    cr_assert_neq(queue_rig_submit(rig, 4, 0, 2, 0), 0);
    queue_rig_free(rig);
}

// The table drains at a pace: who comes back when told finds a place.
Test(coord_admission, who_waits_for_a_place_as_told_is_taken)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.jobs_live_max = 500;
    struct queue_rig *rig = queue_rig_new(&limits, 4);
    rig->took_us[0] = 2000;
    while (queue_rig_submit(rig, 0, 0, 2, 0) != 0)
        ;
    for (int i = 0; i < 300; i++) {
        queue_rig_answer(rig);
        queue_rig_submit(rig, 0, 0, 2, 0);
    }
    for (int round = 0; round < 5; round++) {
        int64_t again_us[20], told_us = rig->now_us;
        while (queue_rig_submit(rig, 0, 0, 2, 0) != 0)
            ;
        for (int i = 0; i < 20; i++) {
            cr_assert_eq(queue_rig_submit(rig, 0, 0, 2, 0), 0);
            again_us[i] = rig->now_us + rig->retry_after_ms * 1000;
        }
        cr_assert_leq(again_us[19] - told_us, 60000, "told to wait for too long");
        for (int i = 0; i < 20; i++) {
            while (rig->now_us < again_us[i])
                queue_rig_answer(rig);
            cr_assert_neq(queue_rig_submit(rig, 0, 0, 2, 0), 0, "not taken after %lld us",
                          (long long)(again_us[i] - told_us));
        }
    }
    queue_rig_free(rig);
}

Test(coord_admission, inputs_are_bounded_in_bytes)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.input_bytes_max = 64 * 100;
    struct queue_rig *rig = queue_rig_new(&limits, 0);
    uint32_t taken = 0;
    while (queue_rig_submit(rig, 0, 0, 2, 0) != 0)
        taken++;
    cr_assert_eq(taken, 90);
    cr_assert_eq(rig->reply, AGENT_REPLY_BUSY);
    cr_assert_neq(queue_rig_submit(rig, 1, 0, 2, 0), 0);
    queue_rig_free(rig);
}

Test(coord_admission, what_never_fits_is_not_told_to_come_back)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.input_bytes_max = 1000;
    struct rig rig;
    rig_init(&rig, &limits);
    struct agent_event event = rig_submission(10, "");
    event.submit.input_bytes = 1001;
    rig_step(&rig, &event);
    cr_assert_eq(rig_find(&rig, AGENT_ACTION_REPLY, 10, 0)->reply, AGENT_REPLY_BAD_REQUEST);
    rig_finish(&rig);
}

// ---- what operators set

Test(coord_admission, weights_share_the_devices)
{
    struct queue_rig *rig = queue_rig_new(NULL, 8);
    uint32_t waiting[3] = {0};
    rig->took_us[0] = 300;
    rig->took_us[1] = 4000;
    set_tenant(rig, "t0", (struct agent_tenant_set){.weight_set = true, .weight = 300});
    set_tenant(rig, "t2", (struct agent_tenant_set){.weight_set = true, .weight = 50});
    for (uint32_t i = 0; i < 20000; i++) {
        for (uint8_t t = 0; t < 3; t++)
            for (; waiting[t] < 64; waiting[t]++)
                queue_rig_submit(rig, t, t, 2, 0);
        uint32_t went = rig->n_went;
        cr_assert(queue_rig_answer(rig));
        for (; went < rig->n_went; went++)
            waiting[rig->tenant_of[rig->went[went]]]--;
    }
    static const int64_t due[3] = {300, 100, 50};
    int64_t all = rig->device_us[0] + rig->device_us[1] + rig->device_us[2];
    for (int t = 0; t < 3; t++)
        cr_assert(rig->device_us[t] * 45000 > all * due[t] * 95 &&
                      rig->device_us[t] * 45000 < all * due[t] * 105,
                  "tenant %d got %lld of %lld us", t, (long long)rig->device_us[t], (long long)all);
    queue_rig_free(rig);
}

static void keep_meta(void *user, const struct agent_action *action)
{
    char(*kept)[2][80] = user;
    if (action->kind != AGENT_ACTION_APPEND || action->record->kind != AGENT_RECORD_META)
        return;
    strncpy((*kept)[0], action->record->meta.key, 79);
    strncpy((*kept)[1], action->record->meta.value, 79);
}

Test(coord_admission, what_was_set_outlives_the_coordinator)
{
    char kept[2][80] = {"", ""};
    struct queue_rig *rig = queue_rig_new(NULL, 0), *next = queue_rig_new(NULL, 0);
    rig->sink = (struct agent_sink){.act = keep_meta, .user = kept};
    set_tenant(rig, "team-a",
               (struct agent_tenant_set){
                   .weight_set = true, .weight = 250, .rate_set = true, .rate_milli = 12500});
    cr_assert_str_neq(kept[0], "");
    struct agent_event event = {.kind = AGENT_EVENT_RECOVER_META};
    event.meta.key = kept[0];
    event.meta.value = kept[1];
    queue_rig_step(next, &event);
    struct agent_tenant_view view;
    cr_assert(agent_coord_tenant(next->core, "team-a", &view));
    cr_assert_eq(view.weight, 250);
    cr_assert_eq(view.rate_milli, 12500);
    cr_assert_eq(view.burst, 12);
    cr_assert(view.set.weight_set && view.set.rate_set && !view.set.burst_set);
    queue_rig_free(rig);
    queue_rig_free(next);
}

Test(coord_admission, a_damaged_setting_in_the_ledger_is_passed_over)
{
    static const char *const pairs[][2] = {
        {"tenant:", "1 1 1"},  {"tenant:x", ""},         {"tenant:x", "0 - -"},
        {"tenant:x", "- - 0"}, {"tenant:x y", "10 - -"}, {"tenant:x", "99999999999999999999 - -"},
        {"model:x", "1 1 1"},  {"tenant:x", "- - -"}};
    struct queue_rig *rig = queue_rig_new(NULL, 0);
    struct agent_tenant_view view;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct agent_event event = {.kind = AGENT_EVENT_RECOVER_META};
        event.meta.key = pairs[i][0];
        event.meta.value = pairs[i][1];
        queue_rig_step(rig, &event);
        cr_assert_not(agent_coord_tenant(rig->core, "x", &view), "%s", pairs[i][1]);
    }
    queue_rig_free(rig);
}

Test(coord_admission, wrong_settings_are_refused)
{
    struct queue_rig *rig = queue_rig_new(NULL, 0);
    set_tenant(rig, "a b", (struct agent_tenant_set){.weight_set = true, .weight = 1});
    cr_assert_eq(rig->reply, AGENT_REPLY_BAD_REQUEST);
    set_tenant(rig, "", (struct agent_tenant_set){.weight_set = true, .weight = 1});
    cr_assert_eq(rig->reply, AGENT_REPLY_BAD_REQUEST);
    set_tenant(rig, "a", (struct agent_tenant_set){.weight_set = true, .weight = 0});
    cr_assert_eq(rig->reply, AGENT_REPLY_BAD_REQUEST);
    queue_rig_free(rig);
}
