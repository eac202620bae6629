#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"
#include "agent/core/operation/coord_roll.h"

void agent_coord_roll_free(struct coord_operation *operation)
{
    struct coord_roll *roll = operation->roll;
    if (roll == NULL)
        return;
    for (uint32_t i = 0; i < roll->count; i++)
        agent_coord_text_unref(roll->agents[i].name);
    free(roll->agents);
    free(roll);
}

void agent_coord_roll_write(struct coord_operation *operation)
{
    const struct coord_roll *roll = operation->roll;
    size_t size = 256 + (size_t)roll->count * (AGENT_NAME_MAX + 80), used = 0;
    char *text = malloc(size);
    if (text == NULL)
        return; // what stands there is older, and true of its time
    used += (size_t)snprintf(text, size,
                             "keep=%" PRIu32 " credit=%" PRIu64 " force=%d drain_us=%" PRId64
                             " back_us=%" PRId64 " count=%" PRIu32 "\n",
                             roll->keep_percent, roll->credit, roll->force, roll->drain_us,
                             roll->back_us, roll->count);
    for (uint32_t i = 0; i < roll->count && used < size; i++) {
        const struct roll_agent *agent = &roll->agents[i];
        char hex[2 * sizeof agent->instance + 1];
        agent_coord_instance_hex(agent->instance, hex);
        used += (size_t)snprintf(text + used, size - used, "%s %u %" PRIu64 " %s %u\n",
                                 agent_coord_chars(agent->name), agent->step, agent->drain, hex,
                                 agent->before);
    }
    agent_coord_text_set(&operation->detail, text);
    free(text);
}

// Every name is at most AGENT_NAME_MAX characters without blanks: HELLO refuses others.
static bool read_agents(struct coord_roll *roll, const char *line)
{
    roll->agents = calloc(roll->count, sizeof *roll->agents);
    for (uint32_t i = 0; roll->agents != NULL && i < roll->count; i++) {
        struct roll_agent *agent = &roll->agents[i];
        char name[AGENT_NAME_MAX + 1], hex[2 * sizeof agent->instance + 1];
        unsigned step = 0, before = 0;
        line = strchr(line, '\n');
        if (line == NULL ||
            sscanf(++line, "%63s %u %" SCNu64 " %32s %u", name, &step, &agent->drain, hex,
                   &before) != 5 ||
            step >= ROLL_STEPS || before >= AGENT_ADMIN_STATES)
            return false;
        agent->name = agent_coord_text_new(name);
        agent->step = (uint8_t)step;
        agent->before = (uint8_t)before;
        agent_coord_instance_parse(hex, agent->instance);
        if (agent->name == NULL)
            return false;
    }
    return roll->agents != NULL;
}

struct coord_roll *agent_coord_roll_read(const struct agent_coord *core, const char *detail)
{
    struct coord_roll *roll = calloc(1, sizeof *roll);
    if (roll == NULL)
        return NULL;
    uint64_t count = agent_coord_detail_number(detail, "count=");
    roll->keep_percent = (uint32_t)agent_coord_detail_number(detail, "keep=");
    roll->credit = agent_coord_detail_number(detail, "credit=");
    roll->force = agent_coord_detail_number(detail, "force=") != 0;
    roll->drain_us = (int64_t)agent_coord_detail_number(detail, "drain_us=");
    roll->back_us = (int64_t)agent_coord_detail_number(detail, "back_us=");
    roll->count = count <= core->limits.agents_max ? (uint32_t)count : 0;
    if (roll->count == 0 || !read_agents(roll, detail)) {
        struct coord_operation broken = {.roll = roll};
        agent_coord_roll_free(&broken);
        return NULL;
    }
    while (roll->at < roll->count && roll->agents[roll->at].step == ROLL_DONE)
        roll->at++;
    roll->step_us = core->now_us;
    return roll;
}
