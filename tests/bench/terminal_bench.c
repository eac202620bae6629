/*
 * What a full-screen program costs: bytes that it sends to its terminal and CPU time, after a
 * warm-up. Prints one line a figure: name value unit.
 *
 *   terminal_bench ROWS COLS SECONDS NAME PROGRAM [ARGUMENT...]
 */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_MS 4000

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* CPU time of the process so far, in clock ticks; -1 if it is gone. */
static long cpu_ticks(pid_t pid)
{
    char path[64];
    char text[1024] = "";
    unsigned long user;
    unsigned long system;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = 0;
    /* The name in parentheses may contain spaces. */
    const char *at = strrchr(text, ')');
    if (!at ||
        sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return -1;
    return (long)(user + system);
}

static long resident_kib(pid_t pid)
{
    char path[64];
    char line[256];
    long kib = -1;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "VmRSS: %ld", &kib);
    if (file)
        fclose(file);
    return kib;
}

/* Reads what the program writes until then; the bytes, or -1 if it ended. */
static long read_until(int fd, long until_ms)
{
    static char bytes[65536];
    long total = 0;

    for (long left = until_ms - now_ms(); left > 0; left = until_ms - now_ms()) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (poll(&pollfd, 1, (int)left) <= 0)
            continue;
        ssize_t got = read(fd, bytes, sizeof(bytes));
        if (got <= 0)
            return -1;
        total += got;
    }
    return total;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: terminal_bench ROWS COLS SECONDS NAME PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    struct winsize size = {.ws_row = (unsigned short)strtoul(argv[1], NULL, 10),
                           .ws_col = (unsigned short)strtoul(argv[2], NULL, 10)};
    long seconds = strtol(argv[3], NULL, 10);
    int fd;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);

    if (pid < 0 || seconds < 1) {
        perror("terminal_bench");
        return 1;
    }
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execvp(argv[5], &argv[5]);
        _exit(127);
    }
    long first = read_until(fd, now_ms() + WARM_UP_MS);
    long ticks = cpu_ticks(pid);
    long bytes = read_until(fd, now_ms() + seconds * 1000);
    ticks = cpu_ticks(pid) - ticks;
    long kib = resident_kib(pid);
    kill(pid, SIGTERM);
    close(fd);
    waitpid(pid, NULL, 0);
    if (first < 0 || bytes < 0) {
        fprintf(stderr, "terminal_bench: %s ended early\n", argv[5]);
        return 1;
    }
    printf("%s_%dx%d_bytes %ld B/s\n", argv[4], size.ws_col, size.ws_row, bytes / seconds);
    printf("%s_%dx%d_cpu %.2f %%\n", argv[4], size.ws_col, size.ws_row,
           100.0 * (double)ticks / (double)sysconf(_SC_CLK_TCK) / (double)seconds);
    printf("%s_%dx%d_memory %.1f MiB\n", argv[4], size.ws_col, size.ws_row, (double)kib / 1024);
    return 0;
}
