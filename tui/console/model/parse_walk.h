/*
 * A snapshot's text, read member by member. Its agents are nearly all of it: each is parsed by
 * itself, so that a snapshot of 1,000 never takes the memory of 1,000 parsed objects.
 */
#ifndef TUI_CONSOLE_MODEL_PARSE_WALK_H
#define TUI_CONSOLE_MODEL_PARSE_WALK_H

#include <cjson/cJSON.h>

#include "model/fleet.h"
#include "model/parse.h"

/*
 * The agents go to the fleet, whose `agents` stay NULL where there is no list of them; the other
 * members to an object, for cJSON_Delete whatever is returned.
 */
enum tui_parse tui_parse_walk(const char *text, size_t len, cJSON **ret_root,
                              struct tui_fleet *fleet);

#endif
