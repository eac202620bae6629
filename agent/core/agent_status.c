#include "agent_status.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

const char *agent_status_text(enum agent_status status)
{
    static const char *const texts[] = {
#define AGENT_STATUS(name, text) text,
#include "agent_status.def"
#undef AGENT_STATUS
    };
    return (unsigned)status < AGENT_STATUS_COUNT ? texts[status] : "unknown";
}

enum agent_status agent_error_set(struct agent_error *err, enum agent_status status,
                                  const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        err->status = status;
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return status;
}
