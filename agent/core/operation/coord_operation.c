#include "coord_operation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

static const struct coord_operation_kind *const kinds[] = {
#define AGENT_OPERATION(symbol, name, help) &agent_coord_kind_##symbol,
#include "agent/core/operation/operations.def"
#undef AGENT_OPERATION
};

static const struct coord_operation_kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    }
    return NULL;
}

struct coord_operation *agent_coord_operation_find(const struct agent_coord *core, uint64_t id)
{
    struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->id == id)
            return operation;
    }
    return NULL;
}

void agent_coord_operation_free(struct coord_operation *operation)
{
    if (operation->kind->free != NULL)
        operation->kind->free(operation);
    agent_coord_text_unref(operation->target);
    agent_coord_text_unref(operation->by);
    agent_coord_text_unref(operation->reason);
    agent_coord_text_unref(operation->text);
    agent_coord_text_unref(operation->detail);
    free(operation);
}

void agent_coord_operation_changed(struct agent_coord *core,
                                   const struct coord_operation *operation)
{
    agent_coord_act(core,
                    &(struct agent_action){.kind = AGENT_ACTION_OPERATION, .id = operation->id});
}

static struct coord_operation *add(struct agent_coord *core, uint64_t id,
                                   const struct coord_operation_kind *kind)
{
    if (core->n_operations >= core->limits.operations_max) {
        struct coord_operation *oldest = TAILQ_LAST(&core->operations, coord_operations);
        while (oldest != NULL && oldest->state == AGENT_OPERATION_RUNNING)
            oldest = TAILQ_PREV(oldest, coord_operations, all);
        if (oldest == NULL)
            return NULL;
        TAILQ_REMOVE(&core->operations, oldest, all);
        core->n_operations--;
        agent_coord_operation_free(oldest);
    }
    struct coord_operation *operation = calloc(1, sizeof *operation);
    if (operation == NULL)
        return NULL;
    operation->id = id;
    operation->kind = kind;
    TAILQ_INSERT_HEAD(&core->operations, operation, all);
    core->n_operations++;
    return operation;
}

struct coord_operation *agent_coord_operation_new(struct agent_coord *core,
                                                  const struct coord_operation_kind *kind,
                                                  const struct agent_event *event)
{
    struct coord_operation *operation = add(core, core->next_operation, kind);
    if (operation == NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_BUSY, 0, "too many operations run");
        return NULL;
    }
    core->next_operation++;
    return operation;
}

void agent_coord_operation_start(struct agent_coord *core, struct coord_operation *operation,
                                 const char *agent, const struct agent_event *event)
{
    operation->by = agent_coord_text_new(event->by);
    operation->reason = agent_coord_text_new(event->reason);
    operation->started_us = core->now_us;
    agent_coord_append_operation(core, operation);
    agent_coord_append_audit(core, event->by, operation->kind->name,
                             agent_coord_chars(operation->target), event->reason);
    agent_coord_notice(core, AGENT_NOTICE_OPERATION_STARTED, AGENT_NOTICE_INFO, agent, 0,
                       "%s %" PRIu64 " of %s by %s%s%s", operation->kind->name, operation->id,
                       agent_coord_chars(operation->target), agent_coord_chars(operation->by),
                       operation->reason ? ": " : "", agent_coord_chars(operation->reason));
}

static void tell_end(struct agent_coord *core, const struct coord_operation *operation,
                     const char *agent, const char *by)
{
    static const char *const ends[] = {
        [AGENT_OPERATION_DONE] = "is done",
        [AGENT_OPERATION_CANCELLED] = "was cancelled",
        [AGENT_OPERATION_FAILED] = "has failed",
    };
    bool failed = operation->state == AGENT_OPERATION_FAILED;
    agent_coord_notice(core, AGENT_NOTICE_OPERATION_FINISHED,
                       failed ? AGENT_NOTICE_WARNING : AGENT_NOTICE_INFO, agent, 0,
                       "%s %" PRIu64 " of %s %s%s%s%s%s", operation->kind->name, operation->id,
                       agent_coord_chars(operation->target), ends[operation->state],
                       by != NULL && by[0] != '\0' ? " by " : "", by != NULL ? by : "",
                       operation->text != NULL ? ": " : "", agent_coord_chars(operation->text));
    agent_coord_operation_changed(core, operation);
}

void agent_coord_operation_end(struct agent_coord *core, struct coord_operation *operation,
                               enum agent_operation_state state, const char *text,
                               const char *agent, const char *by)
{
    operation->state = (uint8_t)state;
    operation->finished_us = core->now_us;
    operation->finishing = false;
    agent_coord_text_set(&operation->text, text);
    agent_coord_append_operation(core, operation);
    tell_end(core, operation, agent, by);
}

bool agent_coord_operation_finish(struct agent_coord *core, struct coord_operation *operation,
                                  void (*also)(struct agent_coord *core,
                                               struct coord_operation *operation))
{
    if (!agent_coord_wait_reserve(core, 1))
        return false;
    operation->finishing = true;
    operation->finished_us = core->now_us;
    agent_coord_append_operation(core, operation);
    if (also != NULL)
        also(core, operation);
    operation->need_seq = core->seq;
    agent_coord_wait_push(core,
                          (struct coord_wait){.kind = COORD_WAIT_OPERATION, .id = operation->id});
    return true;
}

void agent_coord_operation_finished(struct agent_coord *core, uint64_t id)
{
    struct coord_operation *operation = agent_coord_operation_find(core, id);
    if (operation == NULL || !operation->finishing)
        return;
    operation->finishing = false;
    operation->state = AGENT_OPERATION_DONE;
    if (operation->kind->finished != NULL)
        operation->kind->finished(core, operation);
    tell_end(core, operation, agent_coord_chars(operation->target), NULL);
}

void agent_coord_operation_cancel(struct agent_coord *core, const struct agent_event *event)
{
    struct coord_operation *operation = agent_coord_operation_find(core, event->id);
    if (operation == NULL) {
        agent_coord_reply(core, event->token, AGENT_REPLY_NOT_FOUND, 0, "no operation %" PRIu64,
                          event->id);
        return;
    }
    if (operation->state != AGENT_OPERATION_RUNNING || operation->finishing) {
        agent_coord_reply(core, event->token, AGENT_REPLY_CONFLICT, operation->id,
                          "operation %" PRIu64 " has ended", operation->id);
        return;
    }
    char what[64];
    snprintf(what, sizeof what, "cancel %s", operation->kind->name);
    agent_coord_append_audit(core, event->by, what, agent_coord_chars(operation->target),
                             event->reason);
    operation->kind->cancel(core, operation, event);
    agent_coord_wait_reply(core, event->token, operation->id);
}

void agent_coord_instance_hex(const uint8_t instance[16], char ret_hex[33])
{
    for (size_t i = 0; i < 16; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", instance[i]);
}

void agent_coord_instance_parse(const char *hex, uint8_t ret_instance[16])
{
    for (size_t i = 0; i < 16; i++) {
        unsigned byte = 0;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            break;
        ret_instance[i] = (uint8_t)byte;
    }
}

uint64_t agent_coord_detail_number(const char *detail, const char *name)
{
    const char *at = strstr(detail, name);
    return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

void agent_coord_operations_tick(struct agent_coord *core)
{
    // The newest first, so that one that starts another does not meet it in the same tick.
    struct coord_operation *operation;
    TAILQ_FOREACH(operation, &core->operations, all)
    {
        if (operation->state == AGENT_OPERATION_RUNNING && operation->kind->tick != NULL)
            operation->kind->tick(core, operation);
    }
}

void agent_coord_recover_operation(struct agent_coord *core,
                                   const struct agent_operation_record *record)
{
    if (record->id >= core->next_operation)
        core->next_operation = record->id + 1;
    const struct coord_operation_kind *kind = kind_find(record->kind);
    struct coord_operation *operation = kind != NULL ? add(core, record->id, kind) : NULL;
    if (operation == NULL)
        return;
    operation->target = agent_coord_text_new(record->target);
    operation->by = agent_coord_text_new(record->by);
    operation->reason = agent_coord_text_new(record->reason);
    operation->text = agent_coord_text_new(record->text);
    operation->detail = agent_coord_text_new(record->detail);
    operation->state =
        record->state < AGENT_OPERATION_STATES ? record->state : AGENT_OPERATION_CANCELLED;
    operation->was_cordoned = record->was_cordoned;
    operation->started_us = record->started_us;
    operation->deadline_us = record->deadline_us;
    operation->finished_us = record->finished_us;
    operation->requeued = record->requeued;
    kind->recover(core, operation);
}
