#include "kernels/source.h"

#include <stddef.h>
#include <string.h>

const struct cx_source *cx_source_find(const char *name)
{
    for (const struct cx_source *source = cx_sources; source->name != NULL; source++)
        if (strcmp(source->name, name) == 0)
            return source;
    return NULL;
}
