// A disk that is a double: SQLite writes through it, and at a chosen write it ends the process,
// tears the write, or gives errors until it is told to work again.
#ifndef DISK_DOUBLE_H
#define DISK_DOUBLE_H

#include <stdbool.h>

enum disk_double_mode {
    DISK_WORKS,
    DISK_ENDS,  // the process, before that write
    DISK_TEARS, // half of it is written, then the process ends
    DISK_FAILS, // from that write on every one: an I/O error
    DISK_FULL,  // from that write on every one: no space
};

// Becomes SQLite's default file system. Files that are opened from now on go through it.
void disk_double_install(void);
// Writes and syncs count from now on; the mode begins at the `at`-th.
void disk_double_set(enum disk_double_mode mode, int at);
int disk_double_count(void);

#endif
