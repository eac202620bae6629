/* The submitter's thread, on a disk that doesn't answer: a pipe that nobody writes to. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "submit/submitter.h"

static char folder[] = "/tmp/submitter.XXXXXX";
static char pipe_path[64];
static struct tui_submitter *submitter;

static void setup(void)
{
    char error[TUI_TEXT_SIZE];

    cr_assert(mkdtemp(folder));
    snprintf(pipe_path, sizeof(pipe_path), "%s/slow", folder);
    cr_assert_eq(mkfifo(pipe_path, 0600), 0);
    cr_assert(tui_submitter_create("ipc:///tmp/nobody-listens.sock", NULL, &submitter, error));
}

static void teardown(void)
{
    tui_submitter_destroy(submitter);
    unlink(pipe_path);
    rmdir(folder);
}

TestSuite(submitter, .init = setup, .fini = teardown);

static void ask(enum tui_errand_kind kind, uint64_t token, const char *path)
{
    struct tui_errand errand = {.kind = kind, .token = token, .path = path ? strdup(path) : NULL};

    if (kind == TUI_ERRAND_SUBMIT) {
        errand.submission = calloc(1, sizeof(*errand.submission));
        errand.submission->count = 2;
        errand.submission->paths[0] = strdup("/one");
        errand.submission->paths[1] = strdup("/two");
    }
    tui_submitter_ask(submitter, &errand);
    cr_assert_eq(errand.kind, TUI_ERRAND_NONE, "it was taken over");
}

static struct tui_news *wait_for_news(void)
{
    struct pollfd fd = {.fd = tui_submitter_fd(submitter), .events = POLLIN};

    cr_assert_eq(poll(&fd, 1, 10000), 1, "news come");
    return tui_submitter_take(submitter);
}

/* Ends when the thread has opened the pipe to read it: it is held up from then on. */
static int open_pipe(void)
{
    return open(pipe_path, O_WRONLY);
}

Test(submitter, what_is_stopped_before_it_begins_ends_too)
{
    ask(TUI_ERRAND_PREVIEW, 1, pipe_path);
    int writer = open_pipe();
    ask(TUI_ERRAND_SUBMIT, 2, NULL);
    ask(TUI_ERRAND_STOP, 3, NULL);
    struct tui_news *news = wait_for_news();
    cr_assert_eq(news->kind, TUI_ERRAND_SUBMIT);
    cr_assert_eq(news->token, 2);
    cr_assert(news->submitted.over);
    cr_assert_eq(news->submitted.sent + news->submitted.failed, 0);
    cr_assert_eq(news->submitted.total, 2);
    tui_news_destroy(news);
    close(writer);
    news = wait_for_news();
    cr_assert_eq(news->kind, TUI_ERRAND_PREVIEW);
    cr_assert_str_eq(news->preview->text, "the file is empty");
    tui_news_destroy(news);
}
