// What happens only once the ledger has committed: a queue in the order of its sequence numbers.
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/planted.h"

bool agent_coord_wait_reserve(struct agent_coord *core, size_t count)
{
    size_t need = core->waits_count + count + agent_coord_jobs_live(core);
    if (need <= core->waits_room)
        return true;
    size_t room = core->waits_room == 0 ? 256 : core->waits_room;
    while (room < need)
        room *= 2;
    struct coord_wait *waits = malloc(room * sizeof *waits);
    if (waits == NULL)
        return false;
    for (size_t i = 0; i < core->waits_count; i++)
        waits[i] = core->waits[(core->waits_first + i) & (core->waits_room - 1)];
    free(core->waits);
    core->waits = waits;
    core->waits_first = 0;
    core->waits_room = room;
    return true;
}

void agent_coord_wait_push(struct agent_coord *core, struct coord_wait wait)
{
    wait.seq = core->seq;
    core->waits[(core->waits_first + core->waits_count++) & (core->waits_room - 1)] = wait;
}

void agent_coord_wait_reply(struct agent_coord *core, uint64_t token, uint64_t id)
{
    if (token == 0)
        return;
    if (!core->ledger_ok) {
        agent_coord_reply(core, token, AGENT_REPLY_UNAVAILABLE, id,
                          "done, but not recorded yet, so that a restart would undo it: %s",
                          agent_coord_chars(core->ledger_error));
        return;
    }
    if (!agent_coord_wait_reserve(core, 1)) {
        agent_coord_reply(core, token, AGENT_REPLY_BUSY, id, "out of memory");
        return;
    }
    agent_coord_wait_push(core,
                          (struct coord_wait){.kind = COORD_WAIT_REPLY, .token = token, .id = id});
}

static void reply_ok(struct agent_coord *core, const struct coord_wait *wait, uint64_t id)
{
    if (wait->token == 0)
        return;
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_REPLY,
                                                 .token = wait->token,
                                                 .reply = AGENT_REPLY_OK,
                                                 .id = id,
                                                 .existing = wait->existing,
                                                 .text = ""});
}

void agent_coord_committed(struct agent_coord *core, uint64_t seq)
{
    if (seq > core->committed && seq <= core->seq)
        core->committed = seq;
    bool was_failing = !core->ledger_ok;
    if (was_failing) {
        core->ledger_ok = true;
        agent_coord_text_set(&core->ledger_error, NULL);
        agent_coord_notice(core, AGENT_NOTICE_LEDGER_ERROR, AGENT_NOTICE_INFO, "", 0,
                           "the ledger can be written again");
    }
    while (core->waits_count > 0 && core->waits[core->waits_first].seq <= core->committed) {
        struct coord_wait wait = core->waits[core->waits_first];
        core->waits_first = (core->waits_first + 1) & (core->waits_room - 1);
        core->waits_count--;
        switch (wait.kind) {
        case COORD_WAIT_NONE:
            break;
        case COORD_WAIT_ADMIT:
            agent_coord_admit(core, wait.job);
            reply_ok(core, &wait, wait.job->id);
            break;
        case COORD_WAIT_END:
            if (AGENT_PLANTED(END_LOST) && was_failing)
                break;
            agent_coord_ended(core, wait.job);
            break;
        case COORD_WAIT_REPLY:
            reply_ok(core, &wait, wait.id);
            break;
        case COORD_WAIT_OPERATION:
            agent_coord_operation_finished(core, wait.id);
            break;
        }
    }
}

// Nobody was told of these jobs: they are taken back, in the ledger too once it works again.
static void refuse_pending(struct agent_coord *core, struct coord_wait *wait, const char *what,
                           const char *text)
{
    struct coord_job *job = wait->job;
    uint64_t id = job->id;
    agent_coord_reply(core, wait->token, AGENT_REPLY_UNAVAILABLE, 0, "%s: %s", what, text);
    wait->kind = COORD_WAIT_NONE;
    agent_coord_left(core, job);
    agent_coord_job_leave(core, job);
    agent_coord_job_free(core, job);
    agent_coord_append(core, &(struct agent_record){.kind = AGENT_RECORD_FORGET,
                                                    .forget = {.ids = &id, .count = 1}});
    agent_coord_act(core, &(struct agent_action){.kind = AGENT_ACTION_FORGET, .id = id});
}

void agent_coord_ledger_damaged(struct agent_coord *core, const char *text)
{
    if (core->ledger_damage != NULL)
        return;
    agent_coord_text_set(&core->ledger_damage, text);
    agent_coord_notice(core, AGENT_NOTICE_LEDGER_ERROR, AGENT_NOTICE_ERROR, "", 0,
                       "%s; no jobs are taken, those that were are finished", text);
}

void agent_coord_ledger_refused(struct agent_coord *core, uint64_t seq, const char *text)
{
    agent_coord_notice(core, AGENT_NOTICE_LEDGER_ERROR, AGENT_NOTICE_ERROR, "", 0, "%s", text);
    uint64_t job = 0;
    for (size_t i = 0; i < core->waits_count; i++) {
        struct coord_wait *wait = &core->waits[(core->waits_first + i) & (core->waits_room - 1)];
        if (wait->kind == COORD_WAIT_ADMIT && wait->seq == seq) {
            job = wait->job->id;
            refuse_pending(core, wait, "the ledger does not take this job", text);
        } else if (wait->kind == COORD_WAIT_REPLY && wait->existing && job != 0 &&
                   wait->id == job) {
            // Submitted again with its key while it was on its way: there is no such job.
            agent_coord_reply(core, wait->token, AGENT_REPLY_UNAVAILABLE, 0,
                              "the ledger does not take this job: %s", text);
            wait->kind = COORD_WAIT_NONE;
        }
    }
}

void agent_coord_ledger_failed(struct agent_coord *core, const char *text)
{
    // What failed was written meanwhile: no commit would come to say that all is well again.
    if (core->committed == core->seq)
        return;
    if (core->ledger_ok) {
        core->ledger_ok = false;
        agent_coord_notice(core, AGENT_NOTICE_LEDGER_ERROR, AGENT_NOTICE_ERROR, "", 0,
                           "%s; no jobs are taken until it works again", text);
    }
    agent_coord_text_set(&core->ledger_error, text);
    for (size_t i = 0; i < core->waits_count; i++) {
        struct coord_wait *wait = &core->waits[(core->waits_first + i) & (core->waits_room - 1)];
        if (wait->kind == COORD_WAIT_ADMIT) {
            refuse_pending(core, wait, "the ledger can't be written", text);
        } else if (wait->kind == COORD_WAIT_REPLY) {
            agent_coord_reply(core, wait->token, AGENT_REPLY_UNAVAILABLE, wait->id,
                              "done, but not recorded yet, so that a restart would undo it: %s",
                              text);
            wait->kind = COORD_WAIT_NONE;
        }
    }
}
