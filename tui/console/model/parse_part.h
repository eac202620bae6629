/* The objects inside the messages; parse.c puts them together. Each fills a zeroed struct. */
#ifndef TUI_CONSOLE_MODEL_PARSE_PART_H
#define TUI_CONSOLE_MODEL_PARSE_PART_H

#include <cjson/cJSON.h>

#include "model/fleet.h"
#include "model/parse.h"

/* Opens a message. A publication carries no "ok"; a reply without it is taken as one, too. On
 * TUI_PARSE_OK alone ret_root has it, for cJSON_Delete. */
enum tui_parse tui_parse_open(const char *text, size_t len, cJSON **ret_root,
                              struct tui_refusal *ret_refusal);

/* Everything of a snapshot but its agents and operations. */
void tui_parse_summary(const cJSON *root, struct tui_fleet *ret_fleet);

/* With its lists, in one block of the heap. An agent without a name stays without. False when
 * memory ran out. */
bool tui_parse_agent(const cJSON *object, struct tui_agent *ret_agent);

/* NAME:VERSION, as agents list their models. */
void tui_parse_model_id(const char *name, uint64_t version, char ret_id[TUI_NAME_SIZE]);

/* One without an id where the name is missing. */
void tui_parse_served(const cJSON *object, struct tui_served *ret_model);

void tui_parse_operation(const cJSON *object, struct tui_operation *ret_operation);
void tui_parse_event(const cJSON *object, struct tui_event *ret_event);
void tui_parse_refusal(const cJSON *root, struct tui_refusal *ret_refusal);

#endif
