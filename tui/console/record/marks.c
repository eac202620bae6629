#include "record/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "model/json.h"
#include "model/parse.h"

static unsigned int event_marks(const struct tui_record *record, int64_t began_wall_ms,
                                char *ret_text)
{
    struct tui_event_page *page;
    unsigned int marks = 0;

    if (tui_parse_events(record->text, record->len, &page) != TUI_PARSE_OK)
        return 0;
    for (size_t i = 0; i < page->count; i++) {
        const struct tui_event *event = &page->events[i];
        if (event->severity[0] == 0 || strcmp(event->severity, "info") == 0 ||
            (int64_t)event->time_ms < began_wall_ms)
            continue;
        marks++;
        if (ret_text)
            snprintf(ret_text, TUI_TEXT_SIZE, "%s %s %.160s", event->kind, event->agent,
                     event->text);
    }
    free(page);
    return marks;
}

/* "ada@ops: drain ember-03 (new fan)" */
static unsigned int request_marks(const struct tui_record *record, char *ret_text)
{
    cJSON *root = cJSON_ParseWithLength(record->text, record->len);
    char by[TUI_NAME_SIZE];
    char op[TUI_WORD_SIZE];
    char target[TUI_NAME_SIZE];
    char model[TUI_NAME_SIZE];
    char reason[TUI_TEXT_SIZE / 4];
    uint64_t id = tui_json_integer(root, "id", TUI_INTEGER_MAX);

    tui_json_text(root, "by", by, sizeof(by));
    tui_json_text(root, "model", model, sizeof(model));
    tui_json_text(root, "op", op, sizeof(op));
    tui_json_text(root, "agent", target, sizeof(target));
    tui_json_text(root, "reason", reason, sizeof(reason));
    /* A plan asks and changes nothing, and a question has nobody who answers for it. */
    bool act = by[0] != 0 && !tui_json_flag(root, "plan");
    cJSON_Delete(root);
    if (id != 0)
        snprintf(target, sizeof(target), "%llu", (unsigned long long)id);
    if (act && ret_text)
        snprintf(ret_text, TUI_TEXT_SIZE, "%.32s: %s %s%s%s%s%s%s", by, op, model,
                 model[0] && target[0] ? " on " : "", target, reason[0] ? " (" : "", reason,
                 reason[0] ? ")" : "");
    return act;
}

unsigned int tui_record_marks(const struct tui_record *record, int64_t began_wall_ms,
                              char ret_text[TUI_TEXT_SIZE])
{
    if (strcmp(record->kind, "events") == 0)
        return event_marks(record, began_wall_ms, ret_text);
    if (strcmp(record->kind, "request") == 0)
        return request_marks(record, ret_text);
    return 0;
}

size_t tui_record_events(const struct tui_record *record)
{
    struct tui_event_page *page;
    size_t count;

    if (strcmp(record->kind, "events") != 0 ||
        tui_parse_events(record->text, record->len, &page) != TUI_PARSE_OK)
        return 0;
    count = page->count;
    free(page);
    return count;
}
