// What agents say of themselves, kept as text: 1,000 agents' parsed objects would take more memory
// than all the rest.
#include <stdlib.h>
#include <string.h>

#include "agent/coordinator/io.h"

static void clear(struct io_json *json)
{
    free(json->text);
    cJSON_Delete(json->parsed);
    *json = (struct io_json){NULL, NULL};
}

static const cJSON *parsed(struct io_json *json)
{
    if (json->parsed == NULL && json->text != NULL)
        json->parsed = cJSON_Parse(json->text);
    return json->parsed;
}

const cJSON *agent_io_capabilities_of(const struct io_link *link)
{
    return link->told != NULL ? parsed(&link->told->capabilities) : NULL;
}

const cJSON *agent_io_telemetry_of(const struct io_link *link)
{
    return link->told != NULL ? parsed(&link->told->telemetry) : NULL;
}

static bool has_told(struct io_link *link)
{
    if (link->told == NULL)
        link->told = calloc(1, sizeof *link->told);
    return link->told != NULL;
}

// In a block of its own size: cJSON's has room for as much again.
static char *copy(const char *text, size_t len)
{
    char *fitted = malloc(len + 1);
    if (fitted != NULL) {
        memcpy(fitted, text, len);
        fitted[len] = '\0';
    }
    return fitted;
}

static bool tell(struct io_json *json, const char *text, size_t len)
{
    char *kept = copy(text, len);
    if (kept == NULL)
        return false;
    clear(json);
    json->text = kept;
    return true;
}

bool agent_io_told_capabilities(struct io_link *link, const char *text, size_t len)
{
    return has_told(link) && tell(&link->told->capabilities, text, len);
}

bool agent_io_told_telemetry(struct io_link *link, const char *text, size_t len)
{
    return has_told(link) && tell(&link->told->telemetry, text, len);
}

void agent_io_told_free(struct io_link *link)
{
    if (link->told == NULL)
        return;
    clear(&link->told->capabilities);
    clear(&link->told->telemetry);
    free(link->told);
    link->told = NULL;
}

void agent_io_told_shed(struct agent_coordinator *c)
{
    for (size_t i = 0; i < c->n_links; i++) {
        struct io_told *told = c->link_list[i]->told;
        if (told == NULL)
            continue;
        cJSON_Delete(told->capabilities.parsed);
        cJSON_Delete(told->telemetry.parsed);
        told->capabilities.parsed = told->telemetry.parsed = NULL;
    }
}
