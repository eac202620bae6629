/* The scripted half of `stoker`: one table of commands, one file a command. */
#ifndef TUI_CLI_CLI_H
#define TUI_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "net_tls.h"

enum tui_exit {
#define EXIT_CODE(number, name, help) TUI_EXIT_##name = number,
#include "cli/exit_codes.def"
#undef EXIT_CODE
};

/* One option of a command. `argument` is NULL for a switch; its value then reads "1". */
struct tui_option {
    const char *name;
    const char *argument;
    const char *help;
};

enum { TUI_OPTIONS_MAX = 32 };

struct net_client;

/* What a command is given. Strings belong to the caller of the command and outlive it. */
struct tui_cli {
    const char *address;            /* control socket of the coordinator */
    struct net_tls_files tls_files; /* for a tls+tcp:// one */
    struct net_tls *tls;            /* read by the first that needs it; NULL: none is wanted */
    uint32_t timeout_ms;            /* for one request */
    bool json;                      /* --output json */
    struct net_client *client;      /* opened by the first request */
    const struct tui_option *options;
    const char *values[TUI_OPTIONS_MAX]; /* by row of `options`; NULL: not given */
    int n_args;
    char **args;
};

struct tui_command {
    const struct tui_option *options; /* ends with a NULL name; may be NULL */
    int args_min, args_max;           /* args_max < 0: any number */
    const char *examples;             /* lines for --help */
    enum tui_exit (*run)(struct tui_cli *cli);
};

struct tui_command_entry {
    const char *name, *arguments, *help;
    const struct tui_command *command;
};

/* The table made from commands.def; ends with a NULL name. */
extern const struct tui_command_entry tui_commands[];
const struct tui_command_entry *tui_command_find(const char *name);

/* Parses argv (argv[0] is the command's name) against the entry's options into `cli`.
 * Prints what is wrong, or the help. Returns true when the command should run; otherwise
 * *ret_exit holds the exit code. */
bool tui_args_parse(const struct tui_command_entry *entry, int argc, char **argv,
                    struct tui_cli *cli, enum tui_exit *ret_exit);
void tui_help_print(void);

/* The value of an option by name; NULL where it was not given. */
const char *tui_option_value(const struct tui_cli *cli, const char *name);
/* A whole number from an option or an argument. On a bad one prints which and what is allowed and
 * returns false. An option that is not given leaves *ret_number alone and returns true. */
bool tui_option_number(const struct tui_cli *cli, const char *name, int64_t min, int64_t max,
                       int64_t *ret_number);
bool tui_argument_number(const char *what, const char *text, int64_t min, int64_t max,
                         int64_t *ret_number);
/* As tui_duration_parse. */
bool tui_option_duration(const struct tui_cli *cli, const char *name, int64_t *ret_ms);

/* Reads the certificates that the options name, once, into cli->tls. Prints what is wrong with
 * them and returns false. */
bool tui_tls_open(struct tui_cli *cli);

/* Sends {"v":1,"op":op} plus the fields of `request` (consumed; may be NULL) and waits for the
 * reply at most the timeout plus `extra_ms`. A refusal or a dead coordinator is printed to stderr
 * with its way out. On TUI_EXIT_OK *ret_reply is the caller's to cJSON_Delete. */
enum tui_exit tui_request(struct tui_cli *cli, const char *op, cJSON *request, uint32_t extra_ms,
                          cJSON **ret_reply);
/* As tui_request, and asks again while the answer is `busy`, when it says so, and while nobody
 * answers or the coordinator is about to stop, so that its restart is survived: until *waited_ms,
 * what was waited so far, would pass `patience_ms`. So the request must be one that may be sent
 * twice. `request` stays the caller's. */
enum tui_exit tui_request_patiently(struct tui_cli *cli, const char *op, const cJSON *request,
                                    uint32_t extra_ms, uint32_t patience_ms, double *waited_ms,
                                    cJSON **ret_reply);
/* Waits as long as a busy coordinator said, and says so the first time. False, at once: that is
 * longer than the patience. */
bool tui_busy_wait(double retry_ms, const char *text, uint32_t patience_ms, double *waited_ms);

/* Prints one line to stderr, "stoker: …" with the way out behind it (may be NULL). */
void tui_complain(const char *hint, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a reply as JSON without the protocol's own fields. */
void tui_print_json(const cJSON *reply);

/* Commands that wait long catch SIGINT, wait in slices of TUI_WAIT_SLICE_MS and look at the flag.
 */
enum { TUI_WAIT_SLICE_MS = 1000 };
void tui_interrupt_catch(void);
/* Ctrl-C ends the program again, and what was caught is forgotten. */
void tui_interrupt_release(void);
bool tui_interrupted(void);

#endif
