/* Log lines as they arrive on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "agent_log.h"

static char output[65536];
static int saved_fd, pipe_fds[2];

static void capture_start(void)
{
    cr_assert_eq(pipe(pipe_fds), 0);
    saved_fd = dup(STDERR_FILENO);
    dup2(pipe_fds[1], STDERR_FILENO);
    close(pipe_fds[1]);
}

static void capture_end(void)
{
    dup2(saved_fd, STDERR_FILENO);
    close(saved_fd);
    ssize_t used = read(pipe_fds[0], output, sizeof(output) - 1);
    output[used > 0 ? used : 0] = '\0';
    close(pipe_fds[0]);
}

static void expect_has(const char *part)
{
    cr_expect_not_null(strstr(output, part), "'%s' lacks '%s'", output, part);
}

Test(log, a_line_has_time_level_event_and_pairs)
{
    agent_log_open(AGENT_LOG_STDERR, AGENT_LOG_INFO, "agent");
    capture_start();
    agent_log(AGENT_LOG_WARNING, "device suspect", LOG_STR("device", "0:0-1f"),
              LOG_INT("deaths", 2), LOG_REAL("share", 0.5));
    capture_end();
    cr_expect(strncmp(output, "time=20", 7) == 0);
    expect_has(
        "Z level=warning part=agent event=\"device suspect\" device=0:0-1f deaths=2 share=0.5\n");
}

Test(log, a_peers_text_can_not_forge_a_line_or_reach_the_terminal)
{
    agent_log_open(AGENT_LOG_STDERR, AGENT_LOG_INFO, "agent");
    capture_start();
    agent_log(AGENT_LOG_INFO, "refused", LOG_STR("text", "a\nlevel=error \x1b[2J \"q\""));
    capture_end();
    expect_has("text=\"a\\nlevel=error \\x1b[2J \\\"q\\\"\"\n");
    cr_expect_null(strchr(output, '\x1b'));
}

Test(log, an_overlong_value_is_cut_and_the_line_still_ends)
{
    static char value[9000];
    memset(value, 'x', sizeof(value) - 1);
    agent_log_open(AGENT_LOG_STDERR, AGENT_LOG_INFO, "agent");
    capture_start();
    agent_log(AGENT_LOG_INFO, "long", LOG_STR("a", value), LOG_STR("b", value), LOG_STR("c", value),
              LOG_STR("d", value), LOG_STR("e", value));
    capture_end();
    cr_expect_leq(strlen(output), 4096u);
    cr_expect_eq(output[strlen(output) - 1], '\n');
}

Test(log, under_the_journal_the_priority_replaces_the_time)
{
    struct stat info;
    char stream[64];
    capture_start();
    fstat(STDERR_FILENO, &info);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    agent_log_open(agent_log_target_detect(), AGENT_LOG_INFO, "agent");
    agent_log_event(AGENT_LOG_ERROR, "ledger");
    setenv("JOURNAL_STREAM", "1:1", 1);
    enum agent_log_target elsewhere = agent_log_target_detect();
    capture_end();
    cr_expect_str_eq(output, "<3>level=error part=agent event=ledger\n");
    cr_expect_eq(elsewhere, AGENT_LOG_STDERR, "a redirected stderr is not the journal's");
}

Test(log, the_level_holds_back_and_can_be_changed)
{
    agent_log_open(AGENT_LOG_STDERR, AGENT_LOG_INFO, "agent");
    capture_start();
    agent_log_event(AGENT_LOG_DEBUG, "first");
    agent_log_set_level(AGENT_LOG_DEBUG);
    agent_log_event(AGENT_LOG_DEBUG, "second");
    capture_end();
    cr_expect_null(strstr(output, "first"));
    expect_has("event=second");
}

Test(log, a_repeated_event_is_limited_and_others_are_not)
{
    agent_log_open(AGENT_LOG_STDERR, AGENT_LOG_INFO, "agent");
    capture_start();
    for (int i = 0; i < 100; i++)
        agent_log(AGENT_LOG_INFO, "flapping", LOG_INT("i", i));
    agent_log_event(AGENT_LOG_INFO, "calm");
    capture_end();
    int lines = 0;
    for (const char *p = output; (p = strstr(p, "event=flapping")) != NULL; p++)
        lines++;
    cr_expect_eq(lines, 10);
    expect_has("event=calm");
}
