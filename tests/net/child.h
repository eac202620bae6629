// Another process of a test, started by exec.
#ifndef TESTS_NET_CHILD_H
#define TESTS_NET_CHILD_H

#include <sys/types.h>

struct child {
    pid_t pid;
    int in;         // closing it ends the child
    char line[256]; // the first line it printed
};

// Starts `argv[0]` and waits for its first line; fails the test on error. A child that prints
// nothing within the test's time limit is the test's failure.
void child_start(struct child *child, const char *const argv[]);
void child_pause(struct child *child); // SIGSTOP; returns when it has stopped
void child_stop(struct child *child);  // ends and reaps it; also after SIGKILL or SIGSTOP

#endif
