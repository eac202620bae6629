#include "tests/net/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define ARGS_MAX 8

extern char **environ;

void child_start(struct child *child, const char *const argv[])
{
    char *copy[ARGS_MAX + 1] = {NULL};
    for (int i = 0; i < ARGS_MAX && argv[i]; i++)
        copy[i] = strdup(argv[i]);
    int in[2], out[2];
    cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
    cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    cr_assert_eq(posix_spawnp(&child->pid, argv[0], &actions, NULL, copy, environ), 0);
    for (int i = 0; i < ARGS_MAX; i++)
        free(copy[i]);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    child->in = in[1];
    FILE *from = fdopen(out[0], "r");
    cr_assert(fgets(child->line, sizeof(child->line), from), "%s printed nothing", argv[0]);
    child->line[strcspn(child->line, "\n")] = '\0';
    fclose(from);
}

void child_stop(struct child *child)
{
    close(child->in);
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
}

void child_pause(struct child *child)
{
    int status = 0;
    kill(child->pid, SIGSTOP);
    cr_assert_eq(waitpid(child->pid, &status, WUNTRACED), child->pid);
    cr_assert(WIFSTOPPED(status));
}
