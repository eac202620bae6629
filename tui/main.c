/* stoker: the operator's program. Bare on a terminal it is the console, else a command. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "net_client.h"

enum { TIMEOUT_MS = 5000 };

static const char default_address[] = "tcp://127.0.0.1:7411";

static const char *coordinator_address(void)
{
    const char *address = getenv("STOKER_COORDINATOR");
    return address != NULL && address[0] != '\0' ? address : default_address;
}

static enum tui_exit run_command(const char *name, int argc, char **argv)
{
    struct tui_cli cli = {.address = coordinator_address(),
                          .tls_files = {.ca = getenv("STOKER_TLS_CA"),
                                        .cert = getenv("STOKER_TLS_CERT"),
                                        .key = getenv("STOKER_TLS_KEY"),
                                        .name = getenv("STOKER_TLS_NAME")},
                          .timeout_ms = TIMEOUT_MS};
    const struct tui_command_entry *entry = tui_command_find(name);
    enum tui_exit exit_code;

    if (entry == NULL) {
        tui_complain("stoker --help lists the commands", "there is no command '%s'", name);
        return TUI_EXIT_USAGE;
    }
    if (tui_args_parse(entry, argc, argv, &cli, &exit_code))
        exit_code = entry->command->run(&cli);
    net_client_close(cli.client);
    net_tls_unref(cli.tls);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        tui_complain(NULL, "can't write to standard output");
        return TUI_EXIT_INTERNAL;
    }
    return exit_code;
}

/* The first argument is the command; options of every command may stand before it. */
int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    /* Numbers are read and written the C way whatever the locale. */
    setlocale(LC_NUMERIC, "C");
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
                     (argc == 2 && strcmp(argv[1], "help") == 0))) {
        tui_help_print();
        return TUI_EXIT_OK;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("stoker %s\n", STOKER_VERSION);
        return TUI_EXIT_OK;
    }
    if (argc > 1 && argv[1][0] != '-')
        return run_command(argv[1], argc - 1, argv + 1);
    return run_command("console", argc, argv);
}
