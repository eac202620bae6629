#include "terminal/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define HANDLED (sizeof(handled) / sizeof(handled[0]))
#define FATAL (sizeof(fatal) / sizeof(fatal[0]))

/* Signals belong to the process, and so does this. */
static struct {
    int pipe[2];
    struct sigaction before[HANDLED];
    struct sigaction fatal_before[FATAL];
    struct termios modes;
    bool has_modes;
    const char *volatile restore;
    volatile sig_atomic_t ended, resized, stopped, continued;
} state = {.pipe = {-1, -1}};

/* A stack that has run over can't carry its own handler. */
static char fatal_stack[16384];

static void on_signal(int number)
{
    int saved = errno;
    ssize_t ignored;

    if (number == SIGWINCH)
        state.resized = 1;
    else if (number == SIGTSTP)
        state.stopped = 1;
    else if (number == SIGCONT)
        state.continued = 1;
    else
        state.ended = number;
    ignored = write(state.pipe[1], "", 1);
    (void)ignored;
    errno = saved;
}

/* SA_RESETHAND has put the default back: raising the signal again ends the process. */
static void on_fatal(int number)
{
    const char *text = state.restore;
    ssize_t ignored;

    if (text) {
        ignored = write(STDOUT_FILENO, text, strlen(text));
        (void)ignored;
    }
    if (state.has_modes)
        tcsetattr(STDIN_FILENO, TCSANOW, &state.modes);
    raise(number);
}

bool tui_signals_open(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction last = {.sa_handler = on_fatal,
                             .sa_flags = (int)SA_RESETHAND | SA_NODEFER | SA_ONSTACK};
    stack_t stack = {.ss_sp = fatal_stack, .ss_size = sizeof(fatal_stack)};

    if (pipe2(state.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    state.ended = state.resized = state.stopped = state.continued = 0;
    state.restore = NULL;
    state.has_modes = tcgetattr(STDIN_FILENO, &state.modes) == 0;
    sigaltstack(&stack, NULL);
    sigemptyset(&action.sa_mask);
    sigemptyset(&last.sa_mask);
    for (size_t i = 0; i < HANDLED; i++)
        sigaction(handled[i], &action, &state.before[i]);
    for (size_t i = 0; i < FATAL; i++) {
        sigaction(fatal[i], NULL, &state.fatal_before[i]);
        if (state.fatal_before[i].sa_handler == SIG_DFL)
            sigaction(fatal[i], &last, NULL);
    }
    return true;
}

void tui_signals_restore(const char *restore)
{
    state.restore = restore;
}

void tui_signals_close(void)
{
    for (size_t i = 0; i < HANDLED; i++)
        sigaction(handled[i], &state.before[i], NULL);
    for (size_t i = 0; i < FATAL; i++)
        sigaction(fatal[i], &state.fatal_before[i], NULL);
    state.restore = NULL;
    close(state.pipe[0]);
    close(state.pipe[1]);
    state.pipe[0] = state.pipe[1] = -1;
}

int tui_signals_fd(void)
{
    return state.pipe[0];
}

struct tui_signals tui_signals_take(void)
{
    struct tui_signals taken;
    char bytes[64];

    while (read(state.pipe[0], bytes, sizeof(bytes)) > 0)
        continue;
    taken.ended = state.ended;
    taken.resized = state.resized != 0;
    taken.stopped = state.stopped != 0;
    taken.continued = state.continued != 0;
    state.resized = state.stopped = state.continued = 0;
    return taken;
}
