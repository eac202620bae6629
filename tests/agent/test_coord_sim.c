// The real core among simulated agents, a simulated network and a simulated disk: thousands of
// random steps a seed, in which links break, agents die and come back, answers are late or double,
// the disk fails and the coordinator crashes with a part of its appends lost. Whatever happens, an
// acknowledged job ends exactly once on the disk, nobody hears of it before, and all counts agree.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord.h"
#include "agent/core/strategy.h"

#define AGENTS 4
#define CREDIT 6
#define JOBS 300
#define STEPS 6000
#define APPENDS 8192

struct append {
    uint64_t seq, job;
    enum agent_record_kind kind;
    uint8_t state;
};

struct work {
    uint64_t job, epoch;
    uint32_t attempt;
    bool started;
};

struct double_agent {
    uint64_t link; // 0 down
    struct work work[64];
    size_t count;
};

struct world {
    struct agent_coord *core;
    struct agent_sink sink;
    uint64_t seed, epoch, next_link;
    int64_t now_us;
    bool disk_fails;
    struct append appends[APPENDS]; // not on the disk yet
    size_t n_appends;
    bool on_disk[2 * JOBS + 2], acked[2 * JOBS + 2], told[2 * JOBS + 2];
    uint8_t disk_state[2 * JOBS + 2];
    uint64_t submitted, next_job;
    struct double_agent agents[AGENTS];
};

static struct world *w;

static void fail(const char *what, uint64_t id)
{
    fprintf(stderr, "seed %llu: %s (%llu)\n", (unsigned long long)w->seed, what,
            (unsigned long long)id);
    exit(1);
}

static uint32_t chance(uint32_t n)
{
    static uint64_t state;
    static uint64_t of_seed;
    if (of_seed != w->seed) {
        of_seed = w->seed;
        state = w->seed * 0x9e3779b97f4a7c15u + 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % n;
}

static struct double_agent *agent_of(uint64_t link)
{
    for (int i = 0; i < AGENTS; i++) {
        if (w->agents[i].link == link && link != 0)
            return &w->agents[i];
    }
    return NULL;
}

static void on_append(const struct agent_action *action)
{
    const struct agent_record *record = action->record;
    if (w->n_appends == APPENDS)
        fail("the ledger is not bounded", action->seq);
    struct append *append = &w->appends[w->n_appends++];
    *append = (struct append){.seq = action->seq, .kind = record->kind};
    if (record->kind == AGENT_RECORD_JOB || record->kind == AGENT_RECORD_END) {
        append->job = record->job.id;
        append->state = record->job.state;
    } else if (record->kind == AGENT_RECORD_FORGET) {
        append->job = record->id;
    }
}

static void act(void *user, const struct agent_action *action)
{
    (void)user;
    struct double_agent *agent = agent_of(action->link);
    switch (action->kind) {
    case AGENT_ACTION_APPEND:
        on_append(action);
        break;
    case AGENT_ACTION_REPLY:
        if (action->reply == AGENT_REPLY_OK && action->token >= 1000) {
            if (!w->on_disk[action->id])
                fail("acknowledged before it was on the disk", action->id);
            w->acked[action->id] = true;
        }
        break;
    case AGENT_ACTION_DISPATCH:
        if (agent == NULL)
            break;
        if (agent->count >= CREDIT)
            fail("more than the agent's credit", action->id);
        agent->work[agent->count++] =
            (struct work){.job = action->id, .epoch = w->epoch, .attempt = action->attempt};
        break;
    case AGENT_ACTION_ENDED:
        if (w->told[action->id])
            fail("told twice of its end", action->id);
        if (w->disk_state[action->id] < AGENT_JOB_DONE)
            fail("told of its end before it was on the disk", action->id);
        w->told[action->id] = true;
        break;
    case AGENT_ACTION_CLOSE:
        if (agent != NULL)
            agent->link = 0;
        break;
    default:
        break;
    }
}

static void step(const struct agent_event *event)
{
    struct agent_error err;
    agent_coord_step(w->core, event, event != NULL, w->now_us, &w->sink);
    if (!agent_coord_check(w->core, &err)) {
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)w->seed, err.text);
        exit(1);
    }
}

static void to_disk(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct append *append = &w->appends[i];
        if (append->kind == AGENT_RECORD_JOB) {
            w->on_disk[append->job] = true;
            w->disk_state[append->job] = AGENT_JOB_QUEUED;
        } else if (append->kind == AGENT_RECORD_FORGET) {
            w->on_disk[append->job] = false;
        } else if (append->kind == AGENT_RECORD_END) {
            if (w->disk_state[append->job] >= AGENT_JOB_DONE)
                fail("ended twice on the disk", append->job);
            w->disk_state[append->job] = append->state;
        }
    }
    memmove(w->appends, w->appends + count, (w->n_appends - count) * sizeof w->appends[0]);
    w->n_appends -= count;
}

static void commit(void)
{
    if (w->n_appends == 0)
        return;
    if (w->disk_fails) {
        step(&(struct agent_event){.kind = AGENT_EVENT_LEDGER_FAILED, .reason = "no space"});
        return;
    }
    size_t count = 1 + chance((uint32_t)w->n_appends);
    uint64_t seq = w->appends[count - 1].seq;
    to_disk(count);
    step(&(struct agent_event){.kind = AGENT_EVENT_COMMITTED, .seq = seq});
}

static void start_core(void)
{
    struct agent_coord_limits limits;
    agent_coord_limits_init(&limits);
    limits.epoch = ++w->epoch;
    limits.seed = w->seed;
    limits.attempts_max = 1000; // so that bad luck alone fails no job
    limits.strategy = agent_strategy_at(chance(6))->name;
    struct agent_error err;
    if (agent_coord_create(&limits, &w->core, &err) != AGENT_OK)
        fail(err.text, 0);
}

static void crash(void)
{
    to_disk(w->n_appends > 0 && !w->disk_fails ? chance((uint32_t)w->n_appends + 1) : 0);
    w->n_appends = 0;
    agent_coord_destroy(w->core);
    for (int i = 0; i < AGENTS; i++) {
        w->agents[i].link = 0;
        if (chance(2))
            w->agents[i].count = 0; // else it goes on with work of the old epoch
    }
    start_core();
    uint64_t next = 1;
    for (uint64_t id = 1; id < 2 * JOBS; id++) {
        if (!w->on_disk[id])
            continue;
        next = id + 1;
        static const uint8_t hash[AGENT_HASH_SIZE] = {9};
        struct agent_job_record record = {.id = id,
                                          .model = "m",
                                          .version = 1,
                                          .key = "",
                                          .agent = "",
                                          .error_code = "",
                                          .error_text = "",
                                          .state = w->disk_state[id],
                                          .priority = id % 4,
                                          .submitted_us = w->now_us,
                                          .input_bytes = 10};
        memcpy(record.hash, hash, sizeof hash);
        step(&(struct agent_event){.kind = AGENT_EVENT_RECOVER_JOB, .job = &record});
    }
    step(&(struct agent_event){.kind = AGENT_EVENT_RECOVER_NEXT_ID, .id = next});
}

static void submit(void)
{
    static const uint8_t hashes[2][AGENT_HASH_SIZE] = {{9}, {8}};
    if (w->submitted == JOBS)
        return;
    w->submitted++;
    struct agent_event event = {.kind = AGENT_EVENT_SUBMIT, .token = 1000 + w->submitted};
    event.submit = (struct agent_submit){.model = "m",
                                         .version = 1,
                                         .hash = hashes[chance(2)],
                                         .priority = (uint8_t)chance(4),
                                         .key = "",
                                         .input_bytes = 10,
                                         .rows = 1};
    if (chance(20) == 0)
        event.submit.deadline_us = w->now_us + chance(3000000);
    step(&event);
}

static void answer(struct double_agent *agent, uint64_t link)
{
    static const enum agent_outcome outcomes[] = {AGENT_OUTCOME_DONE,
                                                  AGENT_OUTCOME_DONE,
                                                  AGENT_OUTCOME_DONE,
                                                  AGENT_OUTCOME_DONE,
                                                  AGENT_OUTCOME_FAILED_RETRYABLE,
                                                  AGENT_OUTCOME_RETURNED,
                                                  AGENT_OUTCOME_FAILED_PERMANENT};
    if (agent->count == 0)
        return;
    size_t i = chance((uint32_t)agent->count);
    struct work *work = &agent->work[i];
    struct agent_event event = {.link = link};
    if (!work->started && chance(2)) {
        work->started = true;
        event.kind = AGENT_EVENT_STARTED;
        event.started.ref = (struct agent_job_ref){work->job, work->epoch, work->attempt};
        step(&event);
        return;
    }
    event.kind = AGENT_EVENT_RESULT;
    event.result = (struct agent_result){.ref = {work->job, work->epoch, work->attempt},
                                         .outcome = outcomes[chance(7)],
                                         .compute_us = 5,
                                         .output_bytes = 3,
                                         .error_code = "device",
                                         .error_text = "it failed"};
    bool twice = chance(10) == 0;
    agent->work[i] = agent->work[--agent->count];
    step(&event);
    if (twice)
        step(&event);
}

static void join(int i)
{
    struct double_agent *agent = &w->agents[i];
    char name[8];
    snprintf(name, sizeof name, "a%d", i);
    if (agent->link != 0)
        return;
    agent->count = 0; // what came by the old link is dropped
    struct agent_event event = {.kind = AGENT_EVENT_HELLO, .link = ++w->next_link};
    event.hello.name = name;
    event.hello.instance[0] = (uint8_t)i;
    event.hello.credit = CREDIT;
    agent->link = event.link;
    step(&event);
}

static void operate(void)
{
    char name[8];
    snprintf(name, sizeof name, "a%u", chance(AGENTS));
    static const enum agent_event_kind kinds[] = {
        AGENT_EVENT_CORDON, AGENT_EVENT_UNCORDON,         AGENT_EVENT_UNCORDON,
        AGENT_EVENT_DRAIN,  AGENT_EVENT_OPERATION_CANCEL, AGENT_EVENT_CANCEL};
    struct agent_event event = {.kind = kinds[chance(6)],
                                .token = 1,
                                .agent = name,
                                .by = "me",
                                .deadline_us = 500000,
                                .force = true};
    event.id = event.kind == AGENT_EVENT_CANCEL ? 1 + chance(JOBS) : 1 + chance(8);
    step(&event);
}

static void random_step(void)
{
    int i = (int)chance(AGENTS);
    struct double_agent *agent = &w->agents[i];
    w->now_us += chance(20000);
    uint32_t dice = chance(1000);
    if (dice < 150)
        submit();
    else if (dice < 550)
        answer(agent, agent->link != 0 || chance(2) ? agent->link : chance(20));
    else if (dice < 750)
        commit();
    else if (dice < 850)
        join(i);
    else if (dice < 950 && agent->link != 0)
        step(&(struct agent_event){.kind = AGENT_EVENT_HEARD, .link = agent->link});
    else if (dice < 960) {
        uint64_t link = agent->link;
        agent->link = 0;
        step(&(struct agent_event){.kind = AGENT_EVENT_LINK_LOST, .link = link});
    } else if (dice < 962)
        crash();
    else if (dice < 966)
        w->disk_fails = !w->disk_fails;
    else if (dice < 970)
        operate();
    else
        step(&(struct agent_event){.kind = AGENT_EVENT_TICK});
}

// Quiet times: everything that was acknowledged must come to its end.
static void settle(void)
{
    w->disk_fails = false;
    for (int round = 0; round < 20000; round++) {
        struct agent_totals totals;
        agent_coord_totals(w->core, &totals);
        if (totals.queued + totals.assigned + totals.running == 0 && w->n_appends == 0)
            return;
        w->now_us += 20000;
        commit();
        int i = round % AGENTS;
        char name[8];
        snprintf(name, sizeof name, "a%d", i);
        step(&(struct agent_event){.kind = AGENT_EVENT_OPERATION_CANCEL,
                                   .id = (uint64_t)(1 + round % 12)});
        step(&(struct agent_event){.kind = AGENT_EVENT_UNCORDON, .agent = name});
        join(i);
        for (int k = 0; k < AGENTS; k++)
            step(&(struct agent_event){.kind = AGENT_EVENT_HEARD, .link = w->agents[k].link});
        answer(&w->agents[i], w->agents[i].link);
        step(&(struct agent_event){.kind = AGENT_EVENT_TICK});
    }
    fail("jobs are left for ever", 0);
}

int main(int argc, char **argv)
{
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 20;
    uint64_t ended = 0, acked = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        w = calloc(1, sizeof *w);
        if (w == NULL)
            return 1;
        w->seed = seed;
        w->now_us = 1000000000;
        w->sink.act = act;
        start_core();
        for (int i = 0; i < STEPS; i++)
            random_step();
        settle();
        for (uint64_t id = 1; id < 2 * JOBS; id++) {
            if (w->acked[id] && w->disk_state[id] < AGENT_JOB_DONE)
                fail("acknowledged and never ended", id);
            acked += w->acked[id];
            ended += w->disk_state[id] >= AGENT_JOB_DONE;
        }
        agent_coord_destroy(w->core);
        free(w);
    }
    printf("%llu seeds, %llu jobs acknowledged, %llu ended once\n", (unsigned long long)seeds,
           (unsigned long long)acked, (unsigned long long)ended);
    return acked > 0 && ended >= acked ? 0 : 1;
}
