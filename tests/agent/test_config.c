/* The settings as an operator meets them: where a value comes from, and what a mistake is told. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "agent_config.h"

static const char *const environment_plain[] = {"HOME=/home/ember", NULL};

static char dir[] = "/tmp/stoker-config-XXXXXX";
static char path[64];

static void setup(void)
{
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/stokerd.ini", dir);
}

static void teardown(void)
{
    unlink(path);
    rmdir(dir);
}

TestSuite(config, .init = setup, .fini = teardown);

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static int load(const char *const *environment, const char *const *flags,
                struct agent_config_loaded *loaded, char *error)
{
    const char *all[16] = {"--config", path};
    int count = 2;
    for (; flags != NULL && *flags != NULL; flags++)
        all[count++] = *flags;
    struct agent_config_sources sources = {
        .flags = all, .flag_count = count, .environment = environment};
    return agent_config_load(&sources, loaded, error);
}

static void refused(const char *text, const char *part_a, const char *part_b)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX] = "";
    write_file(text);
    cr_assert_neq(load(environment_plain, NULL, &loaded, error), 0, "accepted: %s", text);
    cr_assert_not_null(strstr(error, part_a), "'%s' lacks '%s'", error, part_a);
    cr_assert_not_null(strstr(error, part_b), "'%s' lacks '%s'", error, part_b);
}

Test(config, later_sources_win)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX];
    write_file("[batch]\nsize = 8\ndelay = 250us\n[agent]\ncredit = 10\nname = ember-01\n");
    const char *environment[] = {"HOME=/x", "STOKER_AGENT_CREDIT=20", "STOKER_BATCH_SIZE=16",
                                 "STOKER_CONFORMANCE_DIR=/data", NULL};
    const char *flags[] = {"--agent-credit=30", "--name", "ember-02", NULL};
    cr_assert_eq(load(environment, flags, &loaded, error), 0, "%s", error);
    cr_expect_eq(loaded.values.batch_delay_us, 250);
    cr_expect_eq(loaded.values.batch_size_max, 16);
    cr_expect_eq(loaded.values.credit, 30);
    cr_expect_str_eq(loaded.values.agent_name, "ember-02");
    cr_expect_eq(loaded.origin[AGENT_SETTING_batch_delay_us].from, AGENT_CONFIG_FILE);
    cr_expect_eq(loaded.origin[AGENT_SETTING_batch_delay_us].line, 3);
    cr_expect_eq(loaded.origin[AGENT_SETTING_batch_size_max].from, AGENT_CONFIG_ENVIRONMENT);
    cr_expect_eq(loaded.origin[AGENT_SETTING_credit].from, AGENT_CONFIG_FLAG);
}

Test(config, a_mistake_in_the_file_names_its_line_value_and_range)
{
    char where[96];
    snprintf(where, sizeof(where), "%s:3: agent.credit: 'many'", path);
    refused("; a comment\n[agent]\ncredit = many\n", where, "1 to 65536 jobs");
    refused("[batch]\ndelay = 5\n", "stokerd.ini:2: batch.delay: '5'", "with its unit");
    refused("[batch]\ndelay = 2h\n", "'2h'", "0ms to 1s");
    refused("[cache]\nsize = 12 parsecs\n", ":2: cache.size", "GiB");
    refused("[cache]\nsize = 99999999999999TiB\n", ":2: cache.size", "1MiB to 1024TiB");
    refused("[listen]\n\n\nagents = 7412\n", ":4: listen.agents: '7412'", "tcp://HOST:PORT");
    refused("[listen]\nagents = tcp://host:99999\n", ":2: listen.agents", "tcp://HOST:PORT");
    refused("[schedule]\nstrategy = best\n", "'best'", "model-affine|latency-adaptive|");
    refused("[agent]\nname = a b\n", ":2: agent.name: 'a b'", "letters, digits");
    refused("[agent]\ncredits = 3\n", ":2: unknown setting [agent] credits", "--sample");
    refused("[agent]\ncredit = 3\ncredit = 4\n", ":3: agent.credit is given twice", "line 2");
    refused("[agent]\njust words\n", ":2: neither", "NAME = VALUE");
    refused("[heartbeat]\nlost = 400ms\n", "heartbeat.lost (400 ms)", "heartbeat.suspect (500 ms)");
}

Test(config, a_line_that_does_not_fit_is_refused_not_split)
{
    char text[600];
    snprintf(text, sizeof(text), "[agent]\n;%0400d\n", 1);
    refused(text, ":2: the line is longer", "198");
}

Test(config, a_mistake_in_environment_or_options_says_so)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX];
    write_file("");
    const char *bad[] = {"HOME=/x", "STOKER_BATCH_SIZE=0", NULL};
    cr_assert_neq(load(bad, NULL, &loaded, error), 0);
    cr_expect_not_null(strstr(error, "environment variable STOKER_BATCH_SIZE"), "%s", error);
    const char *unknown[] = {"HOME=/x", "STOKER_BATCH_SPEED=1", NULL};
    cr_assert_neq(load(unknown, NULL, &loaded, error), 0);
    cr_expect_not_null(strstr(error, "STOKER_BATCH_SPEED: no such setting"), "%s", error);
    const char *missing[] = {"--agent-credit", NULL};
    cr_assert_neq(load(environment_plain, missing, &loaded, error), 0);
    cr_expect_not_null(strstr(error, "--agent-credit needs a value"), "%s", error);
    const char *stranger[] = {"--fast", "yes", NULL};
    cr_assert_neq(load(environment_plain, stranger, &loaded, error), 0);
    cr_expect_not_null(strstr(error, "unknown option '--fast'"), "%s", error);
}

Test(config, a_missing_file_is_refused_only_when_it_was_named)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX];
    cr_assert_neq(load(environment_plain, NULL, &loaded, error), 0);
    cr_expect_not_null(strstr(error, "No such file"), "%s", error);
    const char *environment[] = {"HOME=/nowhere", NULL};
    struct agent_config_sources sources = {.environment = environment};
    cr_expect_eq(agent_config_load(&sources, &loaded, error), 0, "%s", error);
    cr_expect(loaded.values.agent_name[0] != '\0');
    cr_expect(loaded.values.models_dir[0] == '/');
}

Test(config, systemd_folders_are_used)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX];
    write_file("");
    const char *environment[] = {"STATE_DIRECTORY=/var/lib/a:/var/lib/b",
                                 "CACHE_DIRECTORY=/var/cache/a", NULL};
    cr_assert_eq(load(environment, NULL, &loaded, error), 0, "%s", error);
    cr_expect_str_eq(loaded.values.state_dir, "/var/lib/a");
    cr_expect_str_eq(loaded.values.models_dir, "/var/lib/a/models");
    cr_expect_str_eq(loaded.values.cache_dir, "/var/cache/a");
}

Test(config, reload_applies_what_it_can_and_names_what_it_cannot)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX], applied[AGENT_CONFIG_ERROR_MAX];
    char kept[AGENT_CONFIG_ERROR_MAX];
    const char *flags[] = {"--config", path};
    struct agent_config_sources sources = {
        .flags = flags, .flag_count = 2, .environment = environment_plain};
    write_file("[log]\nlevel = info\n");
    cr_assert_eq(agent_config_load(&sources, &loaded, error), 0, "%s", error);
    write_file("[log]\nlevel = debug\n[agent]\ncredit = 5\n");
    cr_assert_eq(agent_config_reload(&sources, &loaded, applied, kept, error), 0, "%s", error);
    cr_expect_str_eq(applied, "log.level");
    cr_expect_str_eq(kept, "agent.credit");
    cr_expect_eq(loaded.values.log_level, 0);
    cr_expect_eq(loaded.values.credit, 256);
    write_file("[log]\nlevel = loud\n");
    cr_expect_neq(agent_config_reload(&sources, &loaded, applied, kept, error), 0);
    cr_expect_eq(loaded.values.log_level, 0);
}

Test(config, every_default_is_allowed_and_prints_as_it_was_written)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX];
    write_file("");
    cr_assert_eq(load(environment_plain, NULL, &loaded, error), 0, "%s", error);
    static const char *const defaults[] = {
#define SETTING(field, section, key, type, min, max, unit, default_, ...) default_,
#include "settings.def"
#undef SETTING
    };
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        char text[AGENT_CONFIG_TEXT_MAX];
        agent_config_format(&loaded.values, (enum agent_setting)i, text);
        if (defaults[i][0] != '\0')
            cr_expect_str_eq(text, defaults[i], "%s", agent_config_name((enum agent_setting)i));
    }
}

Test(config, the_sample_file_is_what_the_program_prints)
{
    static char printed[32768], stored[32768];
    FILE *stream = fmemopen(printed, sizeof(printed), "w");
    agent_config_print_sample(stream);
    fclose(stream);
    stream = fopen(SAMPLE_FILE, "r");
    cr_assert_not_null(stream, "%s is missing", SAMPLE_FILE);
    stored[fread(stored, 1, sizeof(stored) - 1, stream)] = '\0';
    fclose(stream);
    cr_assert_str_eq(printed, stored, "out of date: run stokerd config --sample >%s", SAMPLE_FILE);
}

Test(config, the_sample_file_is_accepted_with_every_default_switched_on)
{
    static struct agent_config_loaded loaded;
    static char sample[32768], text[32768];
    char error[AGENT_CONFIG_ERROR_MAX];
    FILE *stream = fmemopen(sample, sizeof(sample), "w");
    agent_config_print_sample(stream);
    fclose(stream);
    size_t used = 0;
    char *rest = NULL;
    for (char *line = strtok_r(sample, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n",
                                 line[0] == ';' && line[1] != ' ' ? line + 1 : line);
    write_file(text);
    cr_assert_eq(load(environment_plain, NULL, &loaded, error), 0, "%s", error);
    cr_expect_eq(loaded.origin[AGENT_SETTING_credit].from, AGENT_CONFIG_FILE);
}

/* What `stoker settings` does: into a file of its own, which wins. */
Test(config, a_live_change_wins_outlives_a_restart_and_can_be_taken_back)
{
    static struct agent_config_loaded loaded, again;
    char error[AGENT_CONFIG_ERROR_MAX] = "", from[AGENT_CONFIG_TEXT_MAX + 16], live[80];
    snprintf(live, sizeof(live), "%s/live.ini", dir);
    const char *flags[] = {"--config", path, "--state-dir", dir, "--limits-attempts", "7"};
    struct agent_config_sources sources = {
        .flags = flags, .flag_count = 6, .environment = environment_plain, .with_live = true};
    write_file("[limits]\njobs_live = 1000\n");
    cr_assert_eq(agent_config_load(&sources, &loaded, error), 0, "%s", error);
    cr_assert_eq(agent_config_live_set(&sources, &loaded, "limits.attempts", "9", error),
                 AGENT_CONFIG_CHANGED, "%s", error);
    cr_assert_eq(agent_config_live_set(&sources, &loaded, "limits.jobs_live", "50", error),
                 AGENT_CONFIG_CHANGED, "%s", error);
    cr_assert_eq(loaded.values.attempts_max, 9, "more than an option says");
    agent_config_origin_format(&loaded, AGENT_SETTING_attempts_max, from, sizeof(from));
    cr_assert_eq(strncmp(from, "live.ini:", 9), 0, "%s", from);
    cr_assert_eq(agent_config_load(&sources, &again, error), 0, "%s", error);
    cr_assert_eq(again.values.attempts_max, 9);
    cr_assert_eq(again.values.jobs_live_max, 50);
    sources.with_live = false;
    cr_assert_eq(agent_config_load(&sources, &again, error), 0, "%s", error);
    cr_assert_eq(again.values.attempts_max, 7, "an agent has nothing to do with it");
    sources.with_live = true;
    cr_assert_eq(agent_config_live_set(&sources, &loaded, "limits.jobs_live", NULL, error),
                 AGENT_CONFIG_CHANGED, "%s", error);
    cr_assert_eq(loaded.values.jobs_live_max, 1000, "the file counts again");
    cr_assert_eq(loaded.values.attempts_max, 9, "and the other stays");
    unlink(live);
}

Test(config, a_live_change_that_is_refused_changes_nothing)
{
    static struct agent_config_loaded loaded;
    char error[AGENT_CONFIG_ERROR_MAX] = "", live[80];
    snprintf(live, sizeof(live), "%s/live.ini", dir);
    const char *flags[] = {"--config", path, "--state-dir", dir};
    struct agent_config_sources sources = {
        .flags = flags, .flag_count = 4, .environment = environment_plain, .with_live = true};
    write_file("");
    cr_assert_eq(agent_config_load(&sources, &loaded, error), 0, "%s", error);
    cr_assert_eq(agent_config_live_set(&sources, &loaded, "limits.attempts", "0", error),
                 AGENT_CONFIG_BAD);
    cr_assert_not_null(strstr(error, "1 to 100"), "%s", error);
    cr_assert_eq(agent_config_live_set(&sources, &loaded, "limits.nothing", "1", error),
                 AGENT_CONFIG_UNKNOWN);
    cr_assert_eq(agent_config_live_set(&sources, &loaded, "state.dir", "/tmp", error),
                 AGENT_CONFIG_FIXED);
    cr_assert_neq(access(live, F_OK), 0, "no file was made");
    write_file("nonsense\n");
    cr_assert_eq(agent_config_live_set(&sources, &loaded, "limits.attempts", "9", error),
                 AGENT_CONFIG_BAD, "another source is wrong");
    cr_assert_eq(loaded.values.attempts_max, 5);
    write_file("");
    cr_assert_eq(agent_config_load(&sources, &loaded, error), 0, "%s", error);
    cr_assert_eq(loaded.values.attempts_max, 5, "it was not left in the file");
    FILE *file = fopen(live, "w");
    fputs("[state]\ndir = /tmp\n", file);
    fclose(file);
    cr_assert_neq(agent_config_load(&sources, &loaded, error), 0);
    cr_assert_not_null(strstr(error, "live.ini:2"), "%s", error);
    unlink(live);
    cr_assert_eq(loaded.values.attempts_max, 5);
}
