/*
 * What a full-screen program costs, on a terminal of that size. One line a figure: name value unit.
 *
 *   terminal_bench [-k KEYS] [-w TEXT] ROWS COLS SECONDS NAME PROGRAM [ARGUMENT...]
 *
 * From a start to the first text on the screen, and with -w to that text; after a warm-up, bytes
 * that it sends, processor time and memory; with -k, which is two keys that change the whole screen
 * there and back, the time from such a key to the change, in the middle and at worst.
 */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_MS 4000
#define KEY_PRESSES 100
/* Between two keys: as a key that is held down repeats, and longer. */
static const int pauses_ms[] = {33, 33, 33, 71, 130};
#define KEY_GIVE_UP_MS 2000
#define SCREEN_CHANGES_BYTES 600 /* more than new figures in the same screen take */

struct terminal {
    pid_t pid;
    int fd;
    const char *name;
    struct winsize size;
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Processor time of the process so far; 0 if it is gone. */
static int64_t cpu_us(pid_t pid)
{
    clockid_t clock;
    struct timespec spent;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
        return 0;
    return spent.tv_sec * INT64_C(1000000) + spent.tv_nsec / 1000;
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

/* Reads what the program writes until then, or until `enough` bytes or `text` (NULL: none) came;
 * the bytes, or -1 if it ended. */
static long read_until(int fd, int64_t until_us, long enough, const char *text)
{
    static char bytes[65536 + 1];
    long total = 0;

    for (int64_t left = until_us - now_us(); left > 0; left = until_us - now_us()) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (poll(&pollfd, 1, (int)(left / 1000) + 1) <= 0)
            continue;
        ssize_t got = read(fd, bytes, sizeof(bytes) - 1);
        if (got <= 0)
            return -1;
        bytes[got] = 0;
        total += got;
        if (total >= enough || (text && memmem(bytes, (size_t)got, text, strlen(text))))
            return total;
    }
    return total;
}

static void print(const struct terminal *terminal, const char *what, double value, const char *unit)
{
    printf("%s_%dx%d_%s %.2f %s\n", terminal->name, terminal->size.ws_col, terminal->size.ws_row,
           what, value, unit);
}

static int start(struct terminal *terminal, char **program)
{
    terminal->pid = forkpty(&terminal->fd, NULL, NULL, &terminal->size);
    if (terminal->pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execvp(program[0], program);
        _exit(127);
    }
    return terminal->pid > 0;
}

/* Programs ask the terminal things before they draw: text is what comes after 200 bytes of that. */
static int measure_start(const struct terminal *terminal, int64_t began_us, const char *text)
{
    if (read_until(terminal->fd, began_us + 10000000, 200, NULL) < 0)
        return 0;
    print(terminal, "first_paint", (double)(now_us() - began_us) / 1000, "ms");
    if (text) {
        if (read_until(terminal->fd, began_us + 10000000, 1L << 40, text) < 0)
            return 0;
        print(terminal, "first_data", (double)(now_us() - began_us) / 1000, "ms");
    }
    return read_until(terminal->fd, began_us + WARM_UP_MS * 1000, 1L << 40, NULL) >= 0;
}

static int measure_rest(const struct terminal *terminal, long seconds)
{
    int64_t cpu = cpu_us(terminal->pid);
    long bytes = read_until(terminal->fd, now_us() + seconds * 1000000, 1L << 40, NULL);

    cpu = cpu_us(terminal->pid) - cpu;
    if (bytes < 0)
        return 0;
    print(terminal, "bytes", (double)bytes / (double)seconds, "B/s");
    print(terminal, "cpu", 100.0 * (double)cpu / 1e6 / (double)seconds, "%");
    print(terminal, "memory", (double)resident_kib(terminal->pid) / 1024, "MiB");
    return 1;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static int measure_keys(const struct terminal *terminal, const char *keys)
{
    int64_t took_us[KEY_PRESSES];

    for (int i = 0; i < KEY_PRESSES; i++) {
        if (read_until(terminal->fd, now_us() + pauses_ms[i % 5] * 1000, 1L << 40, NULL) < 0)
            return 0;
        int64_t began = now_us();
        if (write(terminal->fd, &keys[i % 2], 1) != 1 ||
            read_until(terminal->fd, began + KEY_GIVE_UP_MS * 1000, SCREEN_CHANGES_BYTES, NULL) < 0)
            return 0;
        took_us[i] = now_us() - began;
    }
    qsort(took_us, KEY_PRESSES, sizeof(took_us[0]), compare);
    print(terminal, "key_median", (double)took_us[KEY_PRESSES / 2] / 1000, "ms");
    print(terminal, "key_worst", (double)took_us[KEY_PRESSES - 1] / 1000, "ms");
    return 1;
}

int main(int argc, char **argv)
{
    const char *keys = NULL;
    const char *text = NULL;
    int option;

    while ((option = getopt(argc, argv, "+k:w:")) != -1) {
        if (option == 'k' && strlen(optarg) == 2)
            keys = optarg;
        else if (option == 'w')
            text = optarg;
        else
            argc = 0;
    }
    argv += optind;
    if (argc - optind < 5) {
        fprintf(stderr, "usage: terminal_bench [-k KEYS] [-w TEXT] ROWS COLS SECONDS NAME PROGRAM "
                        "[ARGUMENT...]\n");
        return 2;
    }
    struct terminal terminal = {.name = argv[3],
                                .size = {.ws_row = (unsigned short)strtoul(argv[0], NULL, 10),
                                         .ws_col = (unsigned short)strtoul(argv[1], NULL, 10)}};
    long seconds = strtol(argv[2], NULL, 10);
    int64_t began_us = now_us();

    if (seconds < 1 || !start(&terminal, &argv[4])) {
        perror("terminal_bench");
        return 1;
    }
    int ok = measure_start(&terminal, began_us, text) && measure_rest(&terminal, seconds) &&
             (!keys || measure_keys(&terminal, keys));
    kill(terminal.pid, SIGTERM);
    close(terminal.fd);
    waitpid(terminal.pid, NULL, 0);
    if (!ok)
        fprintf(stderr, "terminal_bench: %s ended early\n", argv[4]);
    return !ok;
}
