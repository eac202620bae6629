/* Replies to `models` and `model`, for parse_record.c's table. */
#ifndef TUI_CONSOLE_MODEL_PARSE_CARD_H
#define TUI_CONSOLE_MODEL_PARSE_CARD_H

#include "model/parse_part.h"
#include "model/record.h"

enum tui_parse tui_parse_cards(const cJSON *root, void **ret_record);
enum tui_parse tui_parse_card(const cJSON *root, void **ret_record);

#endif
