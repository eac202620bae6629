/* Building a launch's description. Faults are kept in the spec and reported when it is used. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "device/launch.h"

void cx_launch_option(struct cx_launch_spec *spec, const char *format, ...)
{
    size_t used = strlen(spec->options);
    size_t left = sizeof spec->options - used;
    va_list args;
    va_start(args, format);
    int n = left > 2 ? vsnprintf(spec->options + used + 1, left - 1, format, args) : -1;
    va_end(args);
    if (n < 0 || (size_t)n >= left - 1) {
        spec->options[used] = '\0';
        spec->arg_n = CX_LAUNCH_ARG_MAX + 1;
        return;
    }
    spec->options[used] = ' ';
}

void cx_launch_arg(struct cx_launch_spec *spec, struct cx_arg arg)
{
    if (spec->arg_n >= CX_LAUNCH_ARG_MAX) {
        spec->arg_n = CX_LAUNCH_ARG_MAX + 1;
        return;
    }
    spec->args[spec->arg_n++] = arg;
}
