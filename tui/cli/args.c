#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/duration.h"

#define COMMAND(command_name, arguments, help) \
    extern const struct tui_command tui_command_##command_name;
#define COMMAND_AS(command_name, spelled, arguments, help) COMMAND(command_name, arguments, help)
#include "cli/commands.def"
#undef COMMAND_AS
#undef COMMAND

const struct tui_command_entry tui_commands[] = {
#define COMMAND(command_name, arguments, help) \
    {#command_name, arguments, help, &tui_command_##command_name},
#define COMMAND_AS(command_name, spelled, arguments, help) \
    {spelled, arguments, help, &tui_command_##command_name},
#include "cli/commands.def"
#undef COMMAND_AS
#undef COMMAND
    {NULL, NULL, NULL, NULL}};

static const struct {
    int number;
    const char *help;
} exit_codes[] = {
#define EXIT_CODE(number, name, help) {number, help},
#include "cli/exit_codes.def"
#undef EXIT_CODE
};

static const char global_help[] =
    "Options of every command:\n"
    "  --coordinator ADDRESS   control socket (default $STOKER_COORDINATOR, else "
    "tcp://127.0.0.1:7411)\n"
    "  --tls-ca FILE           PEM of who signed a tls+tcp:// coordinator's certificate; "
    "--tls-cert FILE\n"
    "                          and --tls-key FILE show it yours, --tls-name NAME is the name its\n"
    "                          must be for ($STOKER_TLS_CA, _CERT, _KEY, _NAME)\n"
    "  --timeout SPAN          longest wait for an answer, e.g. 500ms, 5s (default 5s)\n"
    "  --output table|json     how to print (default table)\n"
    "  --help                  this text\n";

const struct tui_command_entry *tui_command_find(const char *name)
{
    for (const struct tui_command_entry *entry = tui_commands; entry->name != NULL; entry++)
        if (strcmp(entry->name, name) == 0)
            return entry;
    return NULL;
}

void tui_complain(const char *hint, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("stoker: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    if (hint != NULL && hint[0] != '\0')
        fprintf(stderr, "; %s", hint);
    fputc('\n', stderr);
}

void tui_help_print(void)
{
    printf("usage: stoker                     open the console\n"
           "       stoker COMMAND [ARGUMENTS]  (stoker COMMAND --help says more)\n\nCommands:\n");
    for (const struct tui_command_entry *entry = tui_commands; entry->name != NULL; entry++) {
        int used = printf("  %s %s", entry->name, entry->arguments);
        printf("%*s%s\n", used < 26 ? 26 - used : 1, "", entry->help);
    }
    printf("\n%s\nExit codes:\n", global_help);
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++)
        printf("  %3d  %s\n", exit_codes[i].number, exit_codes[i].help);
}

static void print_command_help(const struct tui_command_entry *entry)
{
    const struct tui_option *options = entry->command->options;

    printf("usage: stoker %s%s%s%s\n%s.\n", entry->name, entry->arguments[0] != '\0' ? " " : "",
           entry->arguments, options != NULL ? " [OPTIONS]" : "", entry->help);
    if (options != NULL)
        printf("\nOptions:\n");
    for (; options != NULL && options->name != NULL; options++) {
        int used = printf("  --%s %s", options->name, options->argument ? options->argument : "");
        printf("%*s%s\n", used < 26 ? 26 - used : 1, "", options->help);
    }
    printf("\n%s\nExamples:\n%s", global_help, entry->command->examples);
}

enum {
    GLOBAL_COORDINATOR = 256,
    GLOBAL_TLS_CA,
    GLOBAL_TLS_CERT,
    GLOBAL_TLS_KEY,
    GLOBAL_TLS_NAME,
    GLOBAL_TIMEOUT,
    GLOBAL_OUTPUT,
    GLOBAL_HELP,
    LOCAL_FIRST
};

static const struct option globals[] = {
    {"coordinator", required_argument, NULL, GLOBAL_COORDINATOR},
    {"tls-ca", required_argument, NULL, GLOBAL_TLS_CA},
    {"tls-cert", required_argument, NULL, GLOBAL_TLS_CERT},
    {"tls-key", required_argument, NULL, GLOBAL_TLS_KEY},
    {"tls-name", required_argument, NULL, GLOBAL_TLS_NAME},
    {"timeout", required_argument, NULL, GLOBAL_TIMEOUT},
    {"output", required_argument, NULL, GLOBAL_OUTPUT},
    {"help", no_argument, NULL, GLOBAL_HELP},
};
enum { N_GLOBALS = sizeof(globals) / sizeof(globals[0]) };

static size_t fill_long_options(const struct tui_option *options, struct option *ret_options)
{
    size_t n = 0;
    for (; n < N_GLOBALS; n++)
        ret_options[n] = globals[n];
    for (int i = 0; options != NULL && options[i].name != NULL && i < TUI_OPTIONS_MAX; i++)
        ret_options[n++] = (struct option){
            options[i].name, options[i].argument != NULL ? required_argument : no_argument, NULL,
            LOCAL_FIRST + i};
    ret_options[n] = (struct option){NULL, 0, NULL, 0};
    return n;
}

static bool take_global(int option, const char *value, struct tui_cli *cli)
{
    int64_t ms = 0;

    switch (option) {
    case GLOBAL_COORDINATOR:
        cli->address = value;
        return true;
    case GLOBAL_TLS_CA:
        cli->tls_files.ca = value;
        return true;
    case GLOBAL_TLS_CERT:
        cli->tls_files.cert = value;
        return true;
    case GLOBAL_TLS_KEY:
        cli->tls_files.key = value;
        return true;
    case GLOBAL_TLS_NAME:
        cli->tls_files.name = value;
        return true;
    case GLOBAL_TIMEOUT:
        if (!tui_duration_parse(value, &ms) || ms < 1 || ms > 3600000) {
            tui_complain("give a span such as 500ms, 5s or 1m", "--timeout '%s' is no span", value);
            return false;
        }
        cli->timeout_ms = (uint32_t)ms;
        return true;
    default:
        if (strcmp(value, "json") != 0 && strcmp(value, "table") != 0) {
            tui_complain("it is 'table' or 'json'", "--output '%s' is unknown", value);
            return false;
        }
        cli->json = value[0] == 'j';
        return true;
    }
}

static bool parse_options(const struct tui_command_entry *entry, int argc, char **argv,
                          struct tui_cli *cli, bool *ret_help)
{
    struct option options[TUI_OPTIONS_MAX + N_GLOBALS + 1];
    int found;

    fill_long_options(entry->command->options, options);
    opterr = 0;
    optind = 0; /* from the start, also of a second command line */
    while ((found = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (found == GLOBAL_HELP) {
            *ret_help = true;
        } else if (found == '?' || found == ':') {
            char hint[64];
            snprintf(hint, sizeof(hint), "see stoker %s --help", entry->name);
            tui_complain(hint, found == ':' ? "option '%s' needs a value" : "unknown option '%s'",
                         argv[optind - 1]);
            return false;
        } else if (found >= LOCAL_FIRST) {
            cli->values[found - LOCAL_FIRST] = optarg != NULL ? optarg : "1";
        } else if (!take_global(found, optarg, cli)) {
            return false;
        }
    }
    return true;
}

bool tui_args_parse(const struct tui_command_entry *entry, int argc, char **argv,
                    struct tui_cli *cli, enum tui_exit *ret_exit)
{
    bool help = false;
    const struct tui_command *command = entry->command;

    *ret_exit = TUI_EXIT_USAGE;
    cli->options = command->options;
    if (!parse_options(entry, argc, argv, cli, &help))
        return false;
    if (help) {
        print_command_help(entry);
        *ret_exit = TUI_EXIT_OK;
        return false;
    }
    cli->n_args = argc - optind;
    cli->args = argv + optind;
    if (cli->n_args < command->args_min ||
        (command->args_max >= 0 && cli->n_args > command->args_max)) {
        fprintf(stderr, "stoker: usage: stoker %s%s%s; see stoker %s --help\n", entry->name,
                entry->arguments[0] != '\0' ? " " : "", entry->arguments, entry->name);
        return false;
    }
    return true;
}

const char *tui_option_value(const struct tui_cli *cli, const char *name)
{
    for (int i = 0; cli->options != NULL && cli->options[i].name != NULL; i++)
        if (strcmp(cli->options[i].name, name) == 0)
            return cli->values[i];
    return NULL;
}

bool tui_argument_number(const char *what, const char *text, int64_t min, int64_t max,
                         int64_t *ret_number)
{
    char *end;

    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < min || number > max) {
        tui_complain(NULL, "%s '%s' is no whole number from %lld to %lld", what, text,
                     (long long)min, (long long)max);
        return false;
    }
    *ret_number = number;
    return true;
}

bool tui_option_number(const struct tui_cli *cli, const char *name, int64_t min, int64_t max,
                       int64_t *ret_number)
{
    char what[64];
    const char *text = tui_option_value(cli, name);

    if (text == NULL)
        return true;
    snprintf(what, sizeof(what), "--%s", name);
    return tui_argument_number(what, text, min, max, ret_number);
}

bool tui_option_duration(const struct tui_cli *cli, const char *name, int64_t *ret_ms)
{
    const char *text = tui_option_value(cli, name);

    if (text == NULL || tui_duration_parse(text, ret_ms))
        return true;
    tui_complain("give a span such as 500ms, 30s, 10m or 1h", "--%s '%s' is no span", name, text);
    return false;
}
