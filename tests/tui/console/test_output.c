/* Bytes to a terminal that is slow, or doesn't read at all. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "terminal/output.h"

static int master, slave;
static struct tui_output output;

static void start(unsigned int rate)
{
    cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
    cr_assert_eq(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    cr_assert(tui_output_open(&output, slave, rate, 0));
}

static void teardown(void)
{
    tui_output_close(&output);
}

TestSuite(output, .fini = teardown);

static void send_frame(size_t len)
{
    struct tui_bytes frame = {0};

    while (frame.len < len)
        tui_bytes_add(&frame, "x", 1);
    tui_output_send(&output, &frame);
    tui_bytes_finish(&frame);
}

/* All that the terminal has got so far. */
static size_t drain(void)
{
    char bytes[4096];
    size_t total = 0;

    for (ssize_t got; (got = read(master, bytes, sizeof(bytes))) > 0;)
        total += (size_t)got;
    return total;
}

Test(output, a_line_that_takes_nothing_gets_no_second_frame)
{
    start(0);
    cr_assert_eq(tui_output_room(&output, true, 0), SIZE_MAX);
    send_frame(1 << 20);
    cr_assert_eq(tui_output_room(&output, true, 0), 0, "the frame before has not left");
    cr_assert_gt(output.pending.len, 0);
    size_t got = 0;
    for (int i = 0; i < 100000 && !tui_output_flush(&output); i++)
        got += drain();
    got += drain();
    cr_assert_eq(got, 1 << 20, "nothing was lost");
    cr_assert_eq(tui_output_room(&output, false, 0), SIZE_MAX);
    cr_assert_eq(fcntl(slave, F_GETFL) & O_NONBLOCK, 0, "the shell's descriptor still blocks");
}

Test(output, a_rate_is_kept_whatever_frames_there_are)
{
    start(1000);
    for (int64_t now = 0; now < 60000; now += 50) {
        size_t room = tui_output_room(&output, now % 500 == 0, now);
        if (room > 0)
            send_frame(room + 200); /* a row more than there is room for */
        drain();
    }
    cr_assert_leq(output.total, 62000, "60 s at 1000 bytes/s, and what was there at first");
    cr_assert_geq(output.total, 55000, "and no less than that allows");
}

Test(output, frames_for_data_leave_something_for_keys)
{
    start(1000);
    send_frame(900);
    drain();
    cr_assert_eq(tui_output_room(&output, false, 0), 0);
    cr_assert_eq(tui_output_room(&output, true, 0), 100);
    cr_assert_eq(tui_output_wait_ms(&output, true), 0);
    cr_assert_leq(tui_output_wait_ms(&output, false), 151);
    cr_assert_gt(tui_output_room(&output, false, 151), 0);
    send_frame(2000);
    drain();
    cr_assert_eq(tui_output_room(&output, true, 200), 0, "what was too much is paid back");
    cr_assert_gt(tui_output_wait_ms(&output, true), 1000);
}

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

Test(output, a_console_whose_terminal_is_not_read_still_ends, .timeout = 30)
{
    struct winsize size = {.ws_row = 50, .ws_col = 200};
    char byte;
    int status;
    int fd;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);

    start(0);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execl(STOKER, STOKER, "console", "--fresh", "--coordinator", "tcp://127.0.0.1:9",
              (char *)NULL);
        _exit(127);
    }
    cr_assert_gt(pid, 0);
    cr_assert_eq(read(fd, &byte, 1), 1, "it paints");
    /* Whole screens are asked for until the terminal's buffer is full, and nobody reads them. */
    for (int i = 0; i < 100; i++) {
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        poll(&room, 1, 20);
        if (room.revents & POLLOUT)
            cr_assert_eq(write(fd, "\f", 1), 1);
    }
    long before = now_ms();
    kill(pid, SIGTERM);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_lt(now_ms() - before, 5000, "it did not wait for the terminal");
}
