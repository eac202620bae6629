#include "main.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "executor_main.h"
#include "tune_local.h"
#include "worker.h"

extern char **environ;

struct command {
    const char *name; /* "": without a command */
    const char *usage;
    const char *help;
    int (*run)(const struct main_args *args);
    const char *details; /* NULL: takes nothing but settings; else its own help */
};

_Static_assert((int)EXIT_NO_DEVICES == (int)AGENT_DEVICES_EXIT_NONE, "the agent reads this code");

static int run_both(const struct main_args *args)
{
    return agent_serve(args, true, true);
}

static int run_agent(const struct main_args *args)
{
    return agent_serve(args, false, true);
}

static int run_coordinator(const struct main_args *args)
{
    return agent_serve(args, true, false);
}

static int run_devices(const struct main_args *args)
{
    char error[AGENT_DEVICES_ERROR_MAX];
    int n = agent_devices_print(stdout, args->as_json, error);
    if (n < 0) {
        fprintf(stderr, "stokerd: %s\n", error);
        return EXIT_FAILED;
    }
    if (n == 0)
        fprintf(stderr, "stokerd: %s\n",
                error[0] != '\0' ? error
                                 : "no OpenCL device; install your card's OpenCL driver, or "
                                   "pocl-opencl-icd for the processor");
    return n == 0 ? EXIT_NO_DEVICES : EXIT_OK;
}

static int run_config(const struct main_args *args)
{
    char error[AGENT_CONFIG_ERROR_MAX];
    static struct agent_config_loaded loaded;
    if (args->is_sample) {
        agent_config_print_sample(stdout);
        return EXIT_OK;
    }
    struct agent_config_sources sources = args->sources;
    sources.with_live = true;
    if (agent_config_load(&sources, &loaded, error) != 0) {
        fprintf(stderr, "stokerd: %s\n", error);
        return EXIT_CONFIG;
    }
    if (!args->as_json)
        agent_config_print(&loaded, stdout);
    else if (agent_config_print_json(&loaded, stdout) != 0)
        return EXIT_FAILED;
    return EXIT_OK;
}

static bool is_tune_flag(const char *flag)
{
    return strcmp(flag, "--device") == 0 || strcmp(flag, "--budget") == 0 ||
           strcmp(flag, "--batch") == 0;
}

/* Fills in what is not a setting. False: it was misused, and that was said. */
static bool read_tune_args(const struct main_args *args, struct agent_tune_options *options)
{
    for (int i = 0; i < args->n_rest; i++) {
        const char *flag = args->rest[i];
        const char *value = i + 1 < args->n_rest ? args->rest[i + 1] : "";
        char *end = NULL;
        if (flag[0] != '-' && options->model == NULL) {
            options->model = flag;
            continue;
        }
        i++;
        if (is_tune_flag(flag) && value[0] == '\0') {
            fprintf(stderr, "stokerd: %s needs a value; see stokerd tune --help\n", flag);
            return false;
        }
        if (strcmp(flag, "--device") == 0) {
            options->device = value;
        } else if (strcmp(flag, "--budget") == 0) {
            if (!agent_tune_parse_span(value, &options->budget_us)) {
                fprintf(stderr,
                        "stokerd: --budget '%s' is not a time such as 60s or 5m, 24h at most\n",
                        value);
                return false;
            }
        } else if (strcmp(flag, "--batch") == 0) {
            long batch = strtol(value, &end, 10);
            if (*end != '\0' || batch < 1 || batch > AGENT_TUNE_BATCH_MAX ||
                options->n_batches == AGENT_TUNE_BATCHES_MAX) {
                fprintf(stderr, "stokerd: --batch '%s': 1 to %d, and %d of them at most\n", value,
                        AGENT_TUNE_BATCH_MAX, AGENT_TUNE_BATCHES_MAX);
                return false;
            }
            options->batches[options->n_batches++] = batch;
        } else {
            fprintf(stderr, "stokerd: unexpected '%s'; see stokerd tune --help\n", flag);
            return false;
        }
    }
    if (options->model == NULL)
        fprintf(stderr, "stokerd: tune what? stokerd tune MODEL.onnx\n");
    return options->model != NULL;
}

static int run_tune(const struct main_args *args)
{
    char error[AGENT_CONFIG_ERROR_MAX], cache_dir[AGENT_CONFIG_TEXT_MAX + 16];
    static struct agent_config_loaded loaded;
    struct agent_tune_options options = {
        .budget_us = 60000000, .cache_dir = cache_dir, .as_json = args->as_json};
    if (!read_tune_args(args, &options))
        return EXIT_USAGE;
    if (agent_config_load(&args->sources, &loaded, error) != 0) {
        fprintf(stderr, "stokerd: %s\n", error);
        return EXIT_CONFIG;
    }
    agent_worker_programs_dir(&loaded.values, cache_dir, sizeof(cache_dir));
    /* The choices of the setting stand in the order of enum cx_precision. */
    options.precision = loaded.values.precision;
    options.memory_max = (uint64_t)loaded.values.device_memory_max;
    return agent_tune_main(&options);
}

/* Started by the agent, never by a person: no help, no settings. */
static int run_executor(const struct main_args *args)
{
    struct executor_options options = {0};
    for (int i = 0; i + 1 < args->n_rest; i += 2) {
        const char *value = args->rest[i + 1];
        if (strcmp(args->rest[i], "--device") == 0)
            options.device = value;
        else if (strcmp(args->rest[i], "--cache") == 0)
            options.cache_dir = value;
        else if (strcmp(args->rest[i], "--memory") == 0)
            options.memory_max = strtoull(value, NULL, 10);
        else if (strcmp(args->rest[i], "--precision") == 0)
            options.precision = strtol(value, NULL, 10);
        else if (strcmp(args->rest[i], "--parent") == 0)
            options.parent = (pid_t)strtol(value, NULL, 10);
    }
    if (options.device == NULL || options.cache_dir == NULL || options.parent <= 0) {
        fprintf(stderr, "stokerd: the executor is started by the agent\n");
        return EXIT_USAGE;
    }
    return agent_executor_main(&options);
}

static const char tune_details[] =
    "  --device ID      which device, as stokerd devices lists them; default: the first GPU\n"
    "  --batch N        rows of a batch; again for more sizes; default 1\n"
    "  --budget SPAN    time for each size, 60s unless given: 90s, 5m\n"
    "  --output json    one object for programs\n"
    "  --cache-dir DIR  the agent's, so that its executors find what was learnt\n"
    "\nRuns the model with each way its kernels can do a node, refuses those that give other\n"
    "results, and keeps what makes the whole model faster. Executors that start afterwards use\n"
    "it. Tune while the device has nothing else to do: cordon or drain its agent first. Ctrl-C\n"
    "stops and keeps what was learnt.\n"
    "\nExamples:\n"
    "  stokerd tune models/resnet50/1/model.onnx\n"
    "  stokerd tune model.onnx --device 0:1 --batch 1 --batch 8 --budget 5m --output json\n"
    "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong setting, 4 no OpenCL device,\n"
    "130 stopped by Ctrl-C.\n";

static const struct command commands[] = {
    {"", "stokerd [OPTIONS]", "coordinator and agent in one process", run_both, NULL},
    {"agent", "stokerd agent [OPTIONS]", "drive this host's devices for a coordinator", run_agent,
     NULL},
    {"coordinator", "stokerd coordinator [OPTIONS]", "take jobs and place them on agents",
     run_coordinator, NULL},
    {"devices", "stokerd devices [--output json]", "list this host's OpenCL devices", run_devices,
     NULL},
    {"config", "stokerd config [--show|--sample] [--output json] [OPTIONS]",
     "show the settings in force and where each comes from, or a sample file", run_config, NULL},
    {"tune", "stokerd tune MODEL.onnx [--device ID] [--batch N]... [--budget SPAN] [--output json]",
     "measure which kernels a model runs fastest with, and keep that", run_tune, tune_details},
    {"executor", NULL, NULL, run_executor, NULL},
};

static void print_help(void)
{
    printf("stokerd " STOKER_VERSION ": serves models on this host's OpenCL devices\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        if (commands[i].usage != NULL)
            printf("  %s\n      %s\n", commands[i].usage, commands[i].help);
    printf(
        "\nOptions, each also [section] key in the file of --config and STOKER_SECTION_KEY in the "
        "environment:\n\n");
    agent_config_print_help(stdout);
    printf("\n  --config FILE            default /etc/stoker/stokerd.ini or "
           "$XDG_CONFIG_HOME/stoker/stokerd.ini\n"
           "  --name, --coordinator, --models, --strategy\n"
           "                           short for --agent-name, --agent-coordinator, --models-dir, "
           "--schedule-strategy\n"
           "  --help, --version\n"
           "\nExamples:\n"
           "  stokerd --models ./assets/models\n"
           "  stokerd coordinator --listen-agents tcp://0.0.0.0:7412\n"
           "  stokerd agent --coordinator tcp://head:7412 --name ember-01\n"
           "\nExit codes: 0 stopped in good order, 1 failed, 2 wrong usage, 3 wrong setting, 4 no "
           "OpenCL device,\n5 an address or the state folder is in use, 6 the ledger can not be "
           "read.\nSIGTERM drains and stops, SIGHUP reads the settings again.\n");
}

/* Sorts the arguments into settings' flags, which are moved to the front of `flags`, our own, and
 * the rest. False: one of ours was misused, and that was said. */
static bool sort_args(int argc, char **argv, const char **flags, const char **rest,
                      struct main_args *args)
{
    for (int i = 0; i < argc; i++) {
        bool is_joined = false;
        if (agent_config_is_flag(argv[i], &is_joined)) {
            flags[args->sources.flag_count++] = argv[i];
            if (!is_joined && i + 1 < argc)
                flags[args->sources.flag_count++] = argv[++i];
        } else if (strcmp(argv[i], "--show") == 0) {
            args->is_show = true;
        } else if (strcmp(argv[i], "--sample") == 0) {
            args->is_sample = true;
        } else if (strcmp(argv[i], "--output") == 0 && i + 1 < argc) {
            args->as_json = strcmp(argv[++i], "json") == 0;
            if (!args->as_json && strcmp(argv[i], "table") != 0) {
                fprintf(stderr, "stokerd: --output is 'json' or 'table', not '%s'\n", argv[i]);
                return false;
            }
        } else {
            rest[args->n_rest++] = argv[i];
        }
    }
    return true;
}

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static bool has_flag(int argc, char **argv, const char *flag)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], flag) == 0)
            return true;
    return false;
}

/* By path: a newer version may lie there since. Returns only when that failed. */
static int start_again(const char *program, char **argv)
{
    execv(program, argv);
    fprintf(stderr, "stokerd: can't start %s again: %s\n", program, strerror(errno));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    char program[PATH_MAX] = "";
    struct main_args args = {.sources.environment = (const char *const *)environ,
                             .program = program};
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[len > 0 ? len : 0] = '\0';
    bool is_named = argc > 1 && argv[1][0] != '-';
    const struct command *command = command_find(is_named ? argv[1] : "");
    if (has_flag(argc, argv, "--help") || (argc > 1 && strcmp(argv[1], "help") == 0)) {
        if (is_named && command != NULL && command->details != NULL)
            printf("%s\n      %s\n\n%s", command->usage, command->help, command->details);
        else
            print_help();
        return EXIT_OK;
    }
    if (has_flag(argc, argv, "--version")) {
        printf("stokerd " STOKER_VERSION "\n");
        return EXIT_OK;
    }
    if (command == NULL) {
        fprintf(stderr, "stokerd: no command '%s'; see stokerd --help\n", argv[1]);
        return EXIT_USAGE;
    }
    const char **flags = calloc((size_t)argc + 1, sizeof(*flags));
    const char **rest = calloc((size_t)argc + 1, sizeof(*rest));
    int code = EXIT_FAILED;
    if (flags == NULL || rest == NULL)
        goto out;
    args.sources.flags = flags;
    args.rest = rest;
    int first = is_named ? 2 : 1;
    code = EXIT_USAGE;
    if (!sort_args(argc - first, argv + first, flags, rest, &args))
        goto out;
    if (args.n_rest > 0 && command->run != run_executor && command->details == NULL) {
        fprintf(stderr, "stokerd: unexpected '%s'; see stokerd --help\n", rest[0]);
        goto out;
    }
    code = command->run(&args);
    if (code == EXIT_AGAIN)
        code = start_again(args.program, argv);
out:
    free(flags);
    free(rest);
    return code;
}
