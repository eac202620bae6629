/* Bounded reads of fields of a JSON object; a missing field or one of a wrong type is its default.
 */
#ifndef TUI_CONSOLE_MODEL_JSON_H
#define TUI_CONSOLE_MODEL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/* A non-negative integer, at most `max`; 0 by default and for what is negative. */
uint64_t tui_json_integer(const cJSON *object, const char *name, uint64_t max);

/* An index; UINT32_MAX by default and for what is negative. */
uint32_t tui_json_index(const cJSON *object, const char *name);

/* A number between 0 and TUI_REAL_MAX; NAN by default. */
double tui_json_real(const cJSON *object, const char *name);

/* false by default. */
bool tui_json_flag(const cJSON *object, const char *name);

/* A string passed through tui_text_clean; "" by default. */
void tui_json_text(const cJSON *object, const char *name, char *ret_text, size_t size);

/* The member if it is an array (or an object), else NULL: both iterate as empty. */
const cJSON *tui_json_array(const cJSON *object, const char *name);
const cJSON *tui_json_object(const cJSON *object, const char *name);

/* The members of an array, at most `max`. */
size_t tui_json_count(const cJSON *array, size_t max);

#endif
