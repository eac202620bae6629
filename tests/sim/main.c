// sim: runs seeds, says which fail and how to see it again, and makes what fails small.
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/program.h"

static const char help[] =
    "Usage: sim --seeds FIRST-LAST [--jobs N] [--steps N] [--fault NAME,NAME...]\n"
    "       sim --seed N [--trace] [--steps N] [--fault NAME,NAME...]\n"
    "       sim --minimize N [--steps N] [--fault NAME,NAME...]\n"
    "       sim --crash-each FIRST-LAST [--jobs N]\n"
    "       sim --list\n"
    "\n"
    "Runs the cores of coordinator and agents among doubles of network, disk, clock and\n"
    "executors, with faults that the seed decides, and checks what must hold after each step.\n"
    "A seed gives the same run each time.\n"
    "\n"
    "  --seeds A-B       these seeds; exits 1 if one fails\n"
    "  --jobs N          processes; as many as there are cores unless said\n"
    "  --seed N          one seed, with all checks after each step\n"
    "  --trace           prints what happens\n"
    "  --minimize N      leaves out of a seed that fails what it fails without, and prints the "
    "rest\n"
    "  --crash-each A-B  short scenarios, in which the coordinator dies after each of its appends "
    "in\n"
    "                    turn, once with and once without the last ones on the disk\n"
    "  --steps N         jobs a seed; operators' doings and faults in proportion\n"
    "  --fault LIST      only these faults; --list names them. 'none' for none\n"
    "  --check-every N   full recounts after each Nth step of --seeds (8)\n"
    "  --plant NAME      with a mistake in the cores (sim_planted only; --list names them)\n"
    "\n"
    "Examples:\n"
    "  sim --seeds 1-10000\n"
    "  sim --seeds 1-500 --fault crash,disk-full --steps 200\n"
    "  sim --seed 4711 --trace | less\n"
    "  sim --minimize 4711\n";

static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool parse_range(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", text);
    char *dash = strchr(copy, '-');
    if (dash != NULL)
        *dash++ = '\0';
    return parse_number(copy, ret_first) && parse_number(dash != NULL ? dash : copy, ret_last) &&
           *ret_first <= *ret_last;
}

static bool parse_faults(const char *list, uint32_t *ret_faults)
{
    uint32_t faults = 0;
    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, ",");
        uint32_t i = 0;
        const char *name;
        while ((name = sim_fault_name((enum sim_fault)i)) != NULL &&
               (strlen(name) != length || strncmp(name, at, length) != 0))
            i++;
        if (name == NULL) {
            fprintf(stderr, "sim: no fault is named '%.*s'; 'sim --list' names them\n", (int)length,
                    at);
            return false;
        }
        faults |= 1u << i;
        at += length + (at[length] == ',');
    }
    *ret_faults = faults & ~1u;
    return true;
}

static int list(void)
{
    static const char *const helps[] = {
        "no fault at all",
#define SIM_FAULT(upper, text, help) help,
#include "tests/sim/faults.def"
#undef SIM_FAULT
    };
    puts("faults:");
    for (uint32_t i = 0; i < SIM_FAULTS; i++)
        printf("  %-10s %s\n", sim_fault_name((enum sim_fault)i), helps[i]);
    sim_plants_list();
    return 0;
}

static int run_one(const struct sim_job_options *options, bool is_trace)
{
    static struct sim_scenario scenario;
    struct sim_result result;
    sim_scenario_make(&scenario, options->first, options->faults, options->steps);
    if (is_trace)
        sim_scenario_print(&scenario, stdout);
    sim_run(&scenario, is_trace, 1, &result);
    printf(
        "seed %llu: hash %016llx, %llu events, %llu steps, %llu appends, %llu jobs acknowledged, "
        "%llu done by %llu runs, %.1f s of virtual time\n",
        (unsigned long long)options->first, (unsigned long long)result.hash,
        (unsigned long long)result.events, (unsigned long long)result.steps,
        (unsigned long long)result.appends, (unsigned long long)result.jobs_acked,
        (unsigned long long)result.jobs_done, (unsigned long long)result.runs,
        (double)result.end_us / 1e6);
    if (result.has_failed)
        printf("seed %llu FAILED %s\n", (unsigned long long)options->first, result.text);
    return result.has_failed;
}

static int usage(const char *what, const char *value)
{
    fprintf(stderr, "sim: %s '%s'; see sim --help\n", what, value);
    return 2;
}

enum { MODE_NONE, MODE_SEEDS, MODE_SEED, MODE_MINIMIZE, MODE_CRASH_EACH, MODE_LIST, MODE_PLANTS };

static const struct option long_options[] = {
    {"seeds", 1, NULL, 's'},    {"seed", 1, NULL, 'o'},
    {"minimize", 1, NULL, 'm'}, {"crash-each", 1, NULL, 'e'},
    {"steps", 1, NULL, 'n'},    {"jobs", 1, NULL, 'j'},
    {"fault", 1, NULL, 'f'},    {"check-every", 1, NULL, 'c'},
    {"plant", 1, NULL, 'p'},    {"plants", 1, NULL, 'P'},
    {"trace", 0, NULL, 't'},    {"list", 0, NULL, 'l'},
    {"help", 0, NULL, 'h'},     {NULL, 0, NULL, 0},
};

static bool take_option(int option, struct sim_job_options *options, int *mode)
{
    static const struct {
        int option, mode;
    } modes[] = {{'s', MODE_SEEDS},      {'o', MODE_SEED}, {'m', MODE_MINIMIZE},
                 {'e', MODE_CRASH_EACH}, {'l', MODE_LIST}, {'P', MODE_PLANTS}};
    uint64_t number;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        *mode = modes[i].option == option ? modes[i].mode : *mode;
    switch (option) {
    case 's':
    case 'o':
    case 'm':
    case 'e':
    case 'P':
        return parse_range(optarg, &options->first, &options->last);
    case 'n':
        options->steps = parse_number(optarg, &number) ? (uint32_t)number : 0;
        return options->steps > 0;
    case 'j':
        options->processes = parse_number(optarg, &number) ? (uint32_t)number : 0;
        return options->processes > 0 && options->processes <= 256;
    case 'c':
        options->check_every = parse_number(optarg, &number) ? (uint32_t)number : 0;
        return options->check_every > 0;
    case 'f':
        return parse_faults(optarg, &options->faults);
    case 'p':
        return sim_plant(optarg);
    default:
        return true;
    }
}

int main(int argc, char **argv)
{
    struct sim_job_options options = {.faults = UINT32_MAX, .check_every = 8};
    options.processes = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    int mode = MODE_NONE, option;
    bool is_trace = false;
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option == '?')
            return 2;
        is_trace = is_trace || option == 't';
        if (!take_option(option, &options, &mode))
            return usage("what is", optarg != NULL ? optarg : "");
    }
    if (optind < argc)
        return usage("what is", argv[optind]);
    switch (mode) {
    case MODE_SEEDS:
        return sim_seeds(&options, true);
    case MODE_SEED:
        return run_one(&options, is_trace);
    case MODE_MINIMIZE:
        return sim_minimize(&options);
    case MODE_CRASH_EACH:
        return sim_crash_each(&options);
    case MODE_LIST:
        return list();
    case MODE_PLANTS:
        return sim_plants(&options);
    default:
        fputs(help, stderr);
        return 2;
    }
}
