/* The objects inside the messages; parse.c puts them together. Each fills a zeroed struct. */
#ifndef TUI_CONSOLE_MODEL_PARSE_PART_H
#define TUI_CONSOLE_MODEL_PARSE_PART_H

#include <cjson/cJSON.h>

#include "model/fleet.h"

/* The next free places of a fleet's pools; advanced past what an agent takes. */
struct tui_parse_pools {
    struct tui_device *devices;
    char (*models)[TUI_NAME_SIZE];
    struct tui_batch *batches;
};

/* Everything of a snapshot but its agents and operations. */
void tui_parse_summary(const cJSON *root, struct tui_fleet *ret_fleet);

/* False, with nothing taken from the pools, for an agent without a name. */
bool tui_parse_agent(const cJSON *object, struct tui_parse_pools *pools,
                     struct tui_agent *ret_agent);

void tui_parse_operation(const cJSON *object, struct tui_operation *ret_operation);
void tui_parse_event(const cJSON *object, struct tui_event *ret_event);
void tui_parse_job_fields(const cJSON *object, struct tui_job *ret_job);
void tui_parse_step(const cJSON *object, struct tui_job_step *ret_step);
void tui_parse_move(const cJSON *object, struct tui_move *ret_move);
void tui_parse_refusal(const cJSON *root, struct tui_refusal *ret_refusal);

#endif
