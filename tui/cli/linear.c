#include "cli/linear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/linear.h"
#include "net_client.h"

#define WORDS_MAX 64

/* Takes a line apart in place: words, or what is between quotes. More than WORDS_MAX: too many. */
static int split(char *line, char *words[WORDS_MAX + 1])
{
    int count = 0;
    char *out = line;

    for (;;) {
        line += strspn(line, " \t\r");
        if (*line == 0)
            break;
        if (count == WORDS_MAX)
            return count + 1;
        words[count++] = out;
        char quote = 0;
        for (; *line != 0 && (quote != 0 || !strchr(" \t\r", *line)); line++) {
            if (quote == 0 && (*line == '"' || *line == '\''))
                quote = *line;
            else if (*line == quote)
                quote = 0;
            else
                *out++ = *line;
        }
        bool last = *line == 0;
        *out++ = 0;
        if (last)
            break;
        line++;
    }
    words[count] = NULL;
    return count;
}

static void print_commands(void)
{
    for (const struct tui_command_entry *entry = tui_commands; entry->name; entry++)
        printf("%s%s%s: %s\n", entry->name, entry->arguments[0] ? " " : "", entry->arguments,
               entry->help);
    printf("quit: leave\n");
}

/* What changes nothing, alone or with one argument at most where that changes something. */
static bool only_reads(int count, char **words)
{
    static const char *const always[] = {"status",  "agents", "jobs",    "job",     "why",
                                         "why-not", "models", "result",  "tenants", "history",
                                         "audit",   "events", "version", "verify"};
    static const char *const alone[] = {"operations", "strategy", "settings"};

    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        if (strcmp(words[0], always[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        if (strcmp(words[0], alone[i]) == 0)
            return count == 1;
    }
    return false;
}

/* As if it had been typed after `stoker`, with this one's coordinator and certificates. */
static void run_command(const struct tui_cli *parent, int count, char **words)
{
    const struct tui_command_entry *entry = tui_command_find(words[0]);
    struct tui_cli cli = {.address = parent->address,
                          .tls_files = parent->tls_files,
                          .timeout_ms = parent->timeout_ms};
    enum tui_exit exit_code;

    if (!entry || entry->command == tui_command_find("console")->command) {
        tui_complain("help lists the commands", "there is no command '%s' here", words[0]);
        return;
    }
    if (tui_option_value(parent, "read-only") && !only_reads(count, words)) {
        tui_complain("leave out --read-only to act", "%s is refused: started read-only", words[0]);
        return;
    }
    if (tui_args_parse(entry, count, words, &cli, &exit_code))
        exit_code = entry->command->run(&cli);
    tui_interrupt_release();
    net_client_close(cli.client);
    net_tls_unref(cli.tls);
    if (exit_code != TUI_EXIT_OK)
        printf("%s: not done (exit code %d)\n", words[0], (int)exit_code);
}

static bool run_line(void *user, char *line)
{
    char *words[WORDS_MAX + 1];
    int count = split(line, words);

    if (count == 0)
        return true;
    if (count > WORDS_MAX) {
        tui_complain("take several", "a line has %d words at most; nothing was done", WORDS_MAX);
        return true;
    }
    if (strcmp(words[0], "quit") == 0 || strcmp(words[0], "exit") == 0)
        return false;
    if (strcmp(words[0], "help") == 0)
        print_commands();
    else
        run_command(user, count, words);
    return true;
}

enum tui_exit tui_linear(struct tui_cli *cli, const struct tui_console_options *console)
{
    const struct tui_linear_commands commands = {.run = run_line, .user = cli};
    int status = tui_linear_run(console, &commands);

    return status == 0 ? TUI_EXIT_OK : status == 2 ? TUI_EXIT_USAGE : TUI_EXIT_UNREACHABLE;
}
