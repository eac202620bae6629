// Operations as docs/control.md has them.
#include <stdio.h>
#include <string.h>

#include "agent/coordinator/io.h"
#include "agent/core/operation/coord_plan.h"

#define BLOCKERS_MAX 16 // of one operation, in its object
#define AGENTS_MAX 64

static void add_number(cJSON *object, const char *name, double value)
{
    cJSON_AddNumberToObject(object, name, value);
}

static void add_text(cJSON *object, const char *name, const char *value)
{
    cJSON_AddStringToObject(object, name, value != NULL ? value : "");
}

static void add_blockers(struct agent_coordinator *c, cJSON *json, const char *agent)
{
    struct agent_blocker_view blockers[BLOCKERS_MAX];
    cJSON *list = cJSON_AddArrayToObject(json, "blockers");
    uint32_t count =
        agent != NULL ? agent_coord_blockers(c->core, agent, blockers, BLOCKERS_MAX) : 0;
    for (uint32_t i = 0; i < count && i < BLOCKERS_MAX; i++) {
        const struct agent_blocker_view *view = &blockers[i];
        cJSON *blocker = cJSON_CreateObject();
        add_number(blocker, "job", (double)view->job);
        add_text(blocker, "model", view->model);
        add_text(blocker, "state", agent_job_state_name(view->state));
        add_number(blocker, "running_ms", agent_io_ms(view->running_us));
        add_number(blocker, "expected_ms", agent_io_ms(view->expected_us));
        if (view->left_us >= 0)
            add_number(blocker, "left_ms", agent_io_ms(view->left_us));
        cJSON_AddItemToArray(list, blocker);
    }
}

void agent_io_instance_hex(const uint8_t *instance, char ret_hex[2 * NET_INSTANCE_SIZE + 1])
{
    ret_hex[0] = '\0';
    for (size_t i = 0; instance != NULL && i < NET_INSTANCE_SIZE; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", instance[i]);
}

static void add_agents(struct agent_coordinator *c, cJSON *json,
                       const struct agent_operation_view *operation)
{
    struct agent_roll_view agents[AGENTS_MAX];
    uint32_t count = agent_coord_operation_agents(c->core, operation->id, agents, AGENTS_MAX);
    cJSON *list = cJSON_AddArrayToObject(json, "agents");
    for (uint32_t i = 0; i < count && i < AGENTS_MAX; i++) {
        cJSON *agent = cJSON_CreateObject();
        add_text(agent, "agent", agents[i].agent);
        add_text(agent, "step", agents[i].step);
        add_number(agent, "drain", (double)agents[i].drain);
        cJSON_AddItemToArray(list, agent);
    }
    add_number(json, "agents_total", operation->agents);
    add_number(json, "agents_done", operation->agents_done);
}

cJSON *agent_io_json_operation(struct agent_coordinator *c,
                               const struct agent_operation_view *operation)
{
    char instance[2 * NET_INSTANCE_SIZE + 1];
    cJSON *json = cJSON_CreateObject();
    bool is_drain = strcmp(operation->kind, "drain") == 0;
    add_number(json, "id", (double)operation->id);
    add_text(json, "kind", operation->kind);
    add_text(json, "target", operation->target);
    add_text(json, "state", operation->state);
    add_text(json, "by", operation->by);
    add_text(json, "reason", operation->reason);
    add_number(json, "started_ms", agent_io_ms(operation->started_us));
    add_number(json, "deadline_ms", agent_io_ms(operation->deadline_us));
    add_number(json, "finished_ms", agent_io_ms(operation->finished_us));
    add_number(json, "expected_end_ms", agent_io_ms(operation->expected_us));
    add_number(json, "remaining", operation->remaining);
    add_number(json, "requeued", operation->requeued);
    add_number(json, "parent", (double)operation->parent);
    add_blockers(c, json, is_drain && !operation->finished ? operation->target : NULL);
    cJSON_AddBoolToObject(json, "safe_to_remove", operation->safe_to_remove);
    add_text(json, "text", operation->text);
    if (operation->instance != NULL) {
        agent_io_instance_hex(operation->instance, instance);
        add_text(json, "instance", instance);
    }
    if (operation->agents > 0)
        add_agents(c, json, operation);
    if (operation->moves > 0) {
        add_number(json, "moves", operation->moves);
        add_number(json, "moved", operation->moved);
        add_number(json, "stayed", operation->stayed);
    }
    if (operation->tune != NULL)
        cJSON_AddItemToObject(json, "tune", agent_io_json_tune(operation->tune));
    return json;
}
