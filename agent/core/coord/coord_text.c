#include <stdlib.h>
#include <string.h>

#include "agent/core/coord/coord_internal.h"

struct agent_text *agent_coord_text_new(const char *chars)
{
    if (chars == NULL || chars[0] == '\0')
        return NULL;
    size_t size = strnlen(chars, AGENT_TEXT_MAX) + 1;
    struct agent_text *text = malloc(sizeof *text + size);
    if (text == NULL)
        return NULL;
    text->refs = 1;
    memcpy(text->chars, chars, size - 1);
    text->chars[size - 1] = '\0';
    return text;
}

struct agent_text *agent_coord_text_ref(struct agent_text *text)
{
    if (text != NULL)
        text->refs++;
    return text;
}

void agent_coord_text_unref(struct agent_text *text)
{
    if (text != NULL && --text->refs == 0)
        free(text);
}

void agent_coord_text_set(struct agent_text **slot, const char *chars)
{
    struct agent_text *fresh = agent_coord_text_new(chars);
    agent_coord_text_unref(*slot);
    *slot = fresh;
}

const char *agent_coord_chars(const struct agent_text *text)
{
    return text != NULL ? text->chars : "";
}
