#include "terminal/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LAST_TRIES 10
#define LAST_WAIT_MS 50
/* More than so many bytes that wait in the line are a frame that the operator has not seen yet. */
#define QUEUED_MAX 256

bool tui_output_open(struct tui_output *output, int tty, unsigned int rate, int64_t now_ms)
{
    char name[256];
    const int flags = O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

    *output =
        (struct tui_output){.fd = -1, .rate = rate, .tokens = (double)rate, .tokens_at_ms = now_ms};
    if (ttyname_r(tty, name, sizeof(name)) == 0)
        output->fd = open(name, flags);
    if (output->fd < 0)
        output->fd = open("/dev/tty", flags);
    return output->fd >= 0;
}

void tui_output_close(struct tui_output *output)
{
    if (output->fd >= 0)
        close(output->fd);
    output->fd = -1;
    tui_bytes_finish(&output->pending);
}

bool tui_output_flush(struct tui_output *output)
{
    struct tui_bytes *pending = &output->pending;

    while (output->sent < pending->len) {
        ssize_t got = write(output->fd, pending->data + output->sent, pending->len - output->sent);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return false;
        if (got <= 0) {
            /* The terminal is gone; reading says so, too, and ends the console. */
            tui_bytes_clear(pending);
            break;
        }
        output->sent += (size_t)got;
        output->total += (uint64_t)got;
    }
    output->sent = 0;
    tui_bytes_clear(pending);
    return true;
}

static double needed(const struct tui_output *output, bool key)
{
    return key ? 1 : (double)output->rate / 4;
}

static void count_tokens(struct tui_output *output, int64_t now_ms)
{
    output->tokens += (double)(now_ms - output->tokens_at_ms) * output->rate / 1000;
    output->tokens_at_ms = now_ms;
    if (output->tokens > output->rate)
        output->tokens = output->rate;
}

size_t tui_output_room(struct tui_output *output, bool key, int64_t now_ms)
{
    int queued = 0;

    if (!tui_output_flush(output))
        return 0;
    /* Pseudo-terminals say 0 here; a serial line tells what it has still to send. */
    if (ioctl(output->fd, TIOCOUTQ, &queued) == 0 && queued > QUEUED_MAX)
        return 0;
    if (output->rate == 0)
        return SIZE_MAX;
    count_tokens(output, now_ms);
    return output->tokens >= needed(output, key) ? (size_t)output->tokens : 0;
}

int64_t tui_output_wait_ms(const struct tui_output *output, bool key)
{
    double missing = needed(output, key) - output->tokens;

    if (output->rate == 0 || missing <= 0)
        return 0;
    return (int64_t)(missing * 1000 / output->rate) + 1;
}

void tui_output_send(struct tui_output *output, struct tui_bytes *bytes)
{
    if (output->rate > 0)
        output->tokens -= (double)bytes->len;
    tui_bytes_add(&output->pending, bytes->data ? bytes->data : "", bytes->len);
    tui_bytes_clear(bytes);
    tui_output_flush(output);
}

void tui_output_last(struct tui_output *output, const char *text)
{
    struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

    tui_bytes_text(&output->pending, text);
    for (int i = 0; i < LAST_TRIES && !tui_output_flush(output); i++)
        poll(&fd, 1, LAST_WAIT_MS);
}
