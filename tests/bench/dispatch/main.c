// dispatch SYSTEM [--OPTION VALUE]...: no-op jobs through a system that is running, from one
// process that is its submitters and its workers, so that every system is loaded in the same way.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"

static const struct bench_system *const systems[] = {
    &bench_beanstalkd, &bench_gearmand, &bench_jetstream, &bench_nats, &bench_stoker,
};

enum { CONNECT_S = 60 };

static const struct option long_options[] = {
    {"name", required_argument, NULL, 'n'},
    {"address", required_argument, NULL, 'a'},
    {"workers", required_argument, NULL, 'w'},
    {"submitters", required_argument, NULL, 's'},
    {"outstanding", required_argument, NULL, 'o'},
    {"rate", required_argument, NULL, 'r'},
    {"payload", required_argument, NULL, 'p'},
    {"warm", required_argument, NULL, 'W'},
    {"seconds", required_argument, NULL, 'S'},
    {"idle", required_argument, NULL, 'I'},
    {"pid", required_argument, NULL, 'P'},
    {"service-us", required_argument, NULL, 'u'},
    {"credit", required_argument, NULL, 'c'},
    {"model", required_argument, NULL, 'm'},
    {"models", required_argument, NULL, 'M'},
    {"models-fit", required_argument, NULL, 'F'},
    {"zipf", required_argument, NULL, 'z'},
    {"load-us", required_argument, NULL, 'l'},
    {"started", no_argument, NULL, 't'},
    {"no-telemetry", no_argument, NULL, 'T'},
    {"jobs", required_argument, NULL, 'j'},
    {"kill", no_argument, NULL, 'K'},
    {"ack", no_argument, NULL, 'A'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static void usage(FILE *out)
{
    fputs(
        "usage: dispatch SYSTEM --address tcp://HOST:PORT [OPTION]...\n\n"
        "  --name TEXT         before each figure; the system's name\n"
        "  --workers N         connections that do the work (1)\n"
        "  --submitters N      connections that submit (1)\n"
        "  --outstanding N     closed loop: jobs that are never fewer (64)\n"
        "  --rate JOBS_S       open loop: submit at random times of this rate instead\n"
        "  --payload BYTES     of each job (64)\n"
        "  --warm S, --seconds S  not measured (1), then measured (3); 0 s measures nothing\n"
        "  --jobs N            end the measurement after so many\n"
        "  --idle S            stay connected for so long before the load (0)\n"
        "  --pid PID           of the server: processor time and memory\n\n"
        "of stoker:\n"
        "  --kill              kill the server with SIGKILL when the workers are known to it, and\n"
        "                      wait until they are known to its successor\n"
        "  --ack               also ask to be told when a job is taken, and print how soon that "
        "is\n"
        "  --service-us US     a worker's time for one job; it does one after the other (0)\n"
        "  --credit N          jobs that a worker takes (256)\n"
        "  --started           workers tell that jobs start, as stokerd's with a device do\n"
        "  --no-telemetry      workers send no telemetry\n"
        "  --model NAME        (noop)\n"
        "  --models N          instead: NAME-0 to NAME-N-1, taken by Zipf's law\n"
        "  --zipf S            its exponent (1)\n"
        "  --models-fit N      that many fit on a worker (all)\n"
        "  --load-us US        loading one takes so long (0)\n\n"
        "systems:\n",
        out);
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
        fprintf(out, "  %-12s %s\n", systems[i]->name, systems[i]->help);
}

static double number(const char *name, const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= min && value <= max)) {
        fprintf(stderr, "dispatch: --%s %s is not between %.0f and %.0f\n", name, text, min, max);
        exit(2);
    }
    return value;
}

static uint32_t count(const char *name, const char *text, uint32_t min, uint32_t max)
{
    return (uint32_t)number(name, text, min, max);
}

static void take_model_option(struct bench_options *options, int letter, const char *name)
{
    switch (letter) {
    case 'm':
        options->model = optarg;
        break;
    case 'M':
        options->models = count(name, optarg, 1, BENCH_MODELS_MAX);
        break;
    case 'F':
        options->models_fit = count(name, optarg, 1, BENCH_MODELS_MAX);
        break;
    case 'z':
        options->zipf = number(name, optarg, 0, 10);
        break;
    case 'l':
        options->load_us = (int64_t)number(name, optarg, 0, 60e6);
        break;
    case 'u':
        options->service_us = (int64_t)number(name, optarg, 0, 60e6);
        break;
    case 'c':
        options->credit = count(name, optarg, 1, 65536);
        break;
    case 't':
        options->started = true;
        break;
    case 'T':
        options->no_telemetry = true;
        break;
    case 'A':
        options->ack = true;
        break;
    case 'h':
        usage(stdout);
        exit(0);
    default:
        usage(stderr);
        exit(2);
    }
}

static void take_option(struct bench_options *options, int letter, const char *name)
{
    switch (letter) {
    case 'n':
        options->name = optarg;
        break;
    case 'a':
        options->address = optarg;
        break;
    case 'w':
        options->workers = count(name, optarg, 1, BENCH_WORKERS_MAX);
        break;
    case 's':
        options->submitters = count(name, optarg, 1, 1024);
        break;
    case 'o':
        options->outstanding = count(name, optarg, 1, BENCH_SLOTS_MAX);
        break;
    case 'r':
        options->rate = number(name, optarg, 1, 1e7);
        break;
    case 'p':
        options->payload = count(name, optarg, BENCH_PAYLOAD_MIN, 16 << 20);
        break;
    case 'W':
        options->warm_s = number(name, optarg, 0, 600);
        break;
    case 'S':
        options->measure_s = number(name, optarg, 0, 600);
        break;
    case 'I':
        options->idle_s = number(name, optarg, 0, 600);
        break;
    case 'j':
        options->jobs = (uint64_t)number(name, optarg, 1, 1e9);
        break;
    case 'K':
        options->kills = true;
        break;
    case 'P':
        options->pid = (int)number(name, optarg, 1, 1 << 22);
        break;
    default:
        take_model_option(options, letter, name);
    }
}

static void take_options(struct bench *bench, int argc, char **argv)
{
    struct bench_options *options = &bench->options;
    *options = (struct bench_options){.workers = 1,
                                      .submitters = 1,
                                      .outstanding = 64,
                                      .payload = 64,
                                      .warm_s = 1,
                                      .measure_s = 3,
                                      .credit = 256,
                                      .zipf = 1,
                                      .model = "noop"};
    for (int letter, at = 0; (letter = getopt_long(argc, argv, "", long_options, &at)) != -1;)
        take_option(options, letter, letter == '?' ? "" : long_options[at].name);
    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]) && optind + 1 == argc; i++)
        if (strcmp(systems[i]->name, argv[optind]) == 0)
            bench->system = systems[i];
    if (bench->system == NULL || options->address == NULL) {
        usage(stderr);
        exit(2);
    }
    if (options->name == NULL)
        options->name = bench->system->name;
}

void bench_figure(const struct bench *bench, const char *what, double value, const char *unit)
{
    printf("%s_%s %.*f %s\n", bench->options.name, what, value < 100 ? 2 : 0, value, unit);
}

static uint64_t own_cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void turn(struct bench *bench, double seconds)
{
    int64_t until_ns = loop_now_ns() + (int64_t)(seconds * 1e9);
    uint64_t jobs = bench->is_measuring ? bench->options.jobs : 0;
    while (loop_now_ns() < until_ns && (jobs == 0 || bench->done < jobs))
        bench_round(bench, until_ns);
}

static void report(struct bench *bench)
{
    static const double points[] = {50, 95, 99, 99.9};
    static const char *const names[] = {"p50", "p95", "p99", "p99.9"};
    double seconds = (double)(bench->ended_ns - bench->began_ns) / 1e9;
    double done = bench->done > 0 ? (double)bench->done : 1;

    bench_figure(bench, "throughput", (double)bench->done / seconds, "jobs/s");
    for (size_t i = 0; i < 4; i++)
        bench_figure(bench, names[i],
                     (double)agent_hist_percentile(&bench->latency, points[i]) / 1000, "ms");
    if (bench->options.pid > 0) {
        bench_figure(bench, "server_cpu",
                     (double)(bench->cpu_ended_us - bench->cpu_began_us) / done, "us/job");
        bench_figure(bench, "resident", bench_resident_mib(bench->options.pid), "MiB");
    }
    bench_figure(bench, "load_cpu", (double)bench->own_cpu_us / done, "us/job");
    if (bench->options.pid > 0) // what else ran meanwhile: figures of a busy machine are no figures
        bench_figure(bench, "elsewhere_cpu",
                     ((double)bench->all_cpu_us - (double)bench->own_cpu_us -
                      (double)(bench->cpu_ended_us - bench->cpu_began_us)) /
                         (seconds * 1e6),
                     "processors");
    if (bench->failed + bench->strange > 0)
        printf("%s_failed %llu jobs, %llu answered twice\n", bench->options.name,
               (unsigned long long)bench->failed, (unsigned long long)bench->strange);
}

static void measure(struct bench *bench)
{
    bench_load_start(bench);
    turn(bench, bench->options.warm_s);
    bench->is_measuring = true;
    bench->began_ns = loop_now_ns();
    bench->cpu_began_us = bench_cpu_us(bench->options.pid);
    uint64_t own_us = own_cpu_us(), all_us = bench_cpu_all_us();
    turn(bench, bench->options.measure_s);
    bench->is_measuring = false;
    bench->ended_ns = loop_now_ns();
    bench->cpu_ended_us = bench_cpu_us(bench->options.pid);
    bench->own_cpu_us = own_cpu_us() - own_us;
    bench->all_cpu_us = bench_cpu_all_us() - all_us;
    report(bench);
    if (bench->system->report != NULL)
        bench->system->report(bench);
}

// Until all workers are known to the server, or one of them no longer is.
static void await(struct bench *bench, bool ready)
{
    int64_t began_ns = loop_now_ns();
    while (bench->system->ready(bench) != ready) {
        if (loop_now_ns() - began_ns > CONNECT_S * 1000000000ll) {
            fprintf(stderr, "dispatch: %s isn't ready after %d s\n", bench->system->name,
                    CONNECT_S);
            exit(1);
        }
        bench_round(bench, loop_now_ns() + 100000000);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    setvbuf(stdout, NULL, _IOLBF, 0);
    take_options(&bench, argc, argv);
    loop_init(&bench.loop);
    bench.random = 88172645463325252u;
    int64_t began_ns = loop_now_ns();
    bench.system->start(&bench);
    await(&bench, true);
    bench_figure(&bench, "connected", (double)(loop_now_ns() - began_ns) / 1e9, "s");
    turn(&bench, bench.options.idle_s);
    if (bench.options.idle_s > 0 && bench.options.pid > 0)
        bench_figure(&bench, "idle_resident", bench_resident_mib(bench.options.pid), "MiB");
    if (bench.options.kills && bench.options.pid > 0) {
        kill(bench.options.pid, SIGKILL);
        await(&bench, false);
        await(&bench, true);
    }
    if (bench.options.measure_s > 0)
        measure(&bench);
    return bench.failed + bench.strange > 0 ? 1 : 0;
}
