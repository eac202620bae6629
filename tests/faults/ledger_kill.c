/* Preloaded into a coordinator: kills the process at its Nth write or sync of the ledger's files.
 *
 *   LD_PRELOAD=ledger_kill.so FAULT_KILL_AT=17 FAULT_KILL_HOW=before|after|torn stokerd coordinator
 *
 * The files are those whose path contains FAULT_KILL_PATH, or "/ledger". Before: the write is not
 * made. After: it is, and nobody hears of it. Torn: half of it is. */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long writes;

static bool is_ledger(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    const char *part = getenv("FAULT_KILL_PATH");
    return strstr(path, part != NULL ? part : "/ledger") != NULL;
}

/* Whether this is the one. */
static bool is_due(int fd)
{
    const char *at = getenv("FAULT_KILL_AT");
    if (at == NULL || !is_ledger(fd))
        return false;
    return atomic_fetch_add(&writes, 1) + 1 == strtol(at, NULL, 10);
}

static bool is_how(const char *how)
{
    const char *wanted = getenv("FAULT_KILL_HOW");
    return strcmp(wanted != NULL ? wanted : "after", how) == 0;
}

static void now(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause(); /* another thread may run a moment longer */
}

/* The function that we stand before. */
#define FIND(name, ret_function)                      \
    do {                                              \
        void *symbol = dlsym(RTLD_NEXT, name);        \
        memcpy(ret_function, &symbol, sizeof symbol); \
    } while (0)

static ssize_t torn(size_t n)
{
    return is_how("before") ? 0 : (ssize_t)(is_how("torn") ? n / 2 : n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t);
    FIND("pwrite64", &real);
    if (!is_due(fd))
        return real(fd, bytes, n, at);
    ssize_t done = real(fd, bytes, (size_t)torn(n), at);
    now();
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    return pwrite64(fd, bytes, n, at);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    ssize_t (*real)(int, const void *, size_t);
    FIND("write", &real);
    if (!is_due(fd))
        return real(fd, bytes, n);
    ssize_t done = real(fd, bytes, (size_t)torn(n));
    now();
    return done;
}

static int sync_it(const char *name, int fd)
{
    int (*real)(int);
    FIND(name, &real);
    bool due = is_due(fd);
    int status = due && is_how("before") ? 0 : real(fd);
    if (due)
        now();
    return status;
}

int fdatasync(int fd)
{
    return sync_it("fdatasync", fd);
}

int fsync(int fd)
{
    return sync_it("fsync", fd);
}
