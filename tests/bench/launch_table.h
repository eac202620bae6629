/* What a profiled run of a plan spent, for people to read. */
#ifndef LAUNCH_TABLE_H
#define LAUNCH_TABLE_H

#include "cx.h"

/* Prints a line a launch and then a line a kernel, those that took longest first, each behind "# ".
 * The plan's last run is the one told of; CX_ARGUMENT on a device without profiling. */
enum cx_status launch_table_print(struct cx_plan *plan, struct cx_error *err);

#endif
