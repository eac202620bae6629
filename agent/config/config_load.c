#include "config_value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include "config_live.h"

/* A configuration file is read line by line into inih's 200 byte buffer. */
struct load {
    struct agent_config_loaded *out;
    const struct agent_config_sources *sources;
    FILE *stream;
    const char *path; /* of the stream */
    enum agent_config_from from;
    int line;
    int long_line; /* the first that did not fit, or 0 */
    bool failed;
    char *error;
};

__attribute__((format(printf, 2, 3))) static void fail(struct load *load, const char *format, ...)
{
    if (load->failed)
        return; /* the first one is the useful one */
    load->failed = true;
    va_list args;
    va_start(args, format);
    vsnprintf(load->error, AGENT_CONFIG_ERROR_MAX, format, args);
    va_end(args);
}

static const char *environment_get(const struct agent_config_sources *sources, const char *name)
{
    size_t length = strlen(name);
    for (const char *const *p = sources->environment; p != NULL && *p != NULL; p++) {
        if (strncmp(*p, name, length) == 0 && (*p)[length] == '=')
            return *p + length + 1;
    }
    return NULL;
}

static int row_find(const char *section, const char *key)
{
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        if (strcmp(agent_config_rows[i].section, section) == 0 &&
            strcmp(agent_config_rows[i].key, key) == 0)
            return i;
    }
    return -1;
}

static void apply(struct load *load, int setting, const char *text, enum agent_config_from from,
                  const char *where)
{
    const struct config_row *row = &agent_config_rows[setting];
    char why[256];
    if (agent_config_value_parse(row, text, &load->out->values, why) != 0) {
        fail(load, "%s: %s.%s: '%.200s' is not allowed; %s", where, row->section, row->key, text,
             why);
        return;
    }
    load->out->origin[setting] = (struct agent_config_origin){
        .from = from,
        .line = from == AGENT_CONFIG_FILE || from == AGENT_CONFIG_LIVE ? load->line : 0};
}

static char *read_line(char *buffer, int size, void *stream)
{
    struct load *load = stream;
    char *text = fgets(buffer, size, load->stream);
    if (text == NULL)
        return NULL;
    load->line++;
    if (strchr(text, '\n') == NULL && !feof(load->stream) && load->long_line == 0)
        load->long_line = load->line;
    return text;
}

static int on_file_value(void *user, const char *section, const char *key, const char *value)
{
    struct load *load = user;
    char where[AGENT_CONFIG_TEXT_MAX + 16];
    snprintf(where, sizeof(where), "%s:%d", load->path, load->line);
    int setting = row_find(section, key);
    if (setting < 0) {
        fail(load, "%s: unknown setting [%.60s] %.60s; `stokerd config --sample` lists them", where,
             section, key);
        return 1;
    }
    struct agent_config_origin *origin = &load->out->origin[setting];
    if (origin->from == load->from) {
        fail(load, "%s: %s.%s is given twice, first on line %d", where, section, key, origin->line);
        return 1;
    }
    if (load->from == AGENT_CONFIG_LIVE && !agent_config_rows[setting].reload)
        fail(load, "%s: %s.%s can't be set here; remove the line", where, section, key);
    else
        apply(load, setting, value, load->from, where);
    return 1;
}

static void load_file(struct load *load, const char *path, bool is_required,
                      enum agent_config_from from)
{
    if (strlen(path) >= sizeof(load->out->file)) {
        fail(load, "--config: the path is longer than %zu characters", sizeof(load->out->file) - 1);
        return;
    }
    load->stream = fopen(path, "re");
    if (load->stream == NULL) {
        if (is_required || errno != ENOENT)
            fail(load, "%s: %s", path, strerror(errno));
        return;
    }
    if (from == AGENT_CONFIG_FILE)
        snprintf(load->out->file, sizeof(load->out->file), "%s", path);
    load->path = path;
    load->from = from;
    load->line = load->long_line = 0;
    int bad_line = ini_parse_stream(read_line, load, on_file_value, load);
    if (ferror(load->stream))
        fail(load, "%s: %s", path, strerror(errno));
    if (load->long_line != 0)
        fail(load, "%s:%d: the line is longer than 198 characters", path, load->long_line);
    if (bad_line != 0)
        fail(load, "%s:%d: neither a [section], a NAME = VALUE nor a ; comment", path, bad_line);
    fclose(load->stream);
}

static void load_default_file(struct load *load)
{
    char path[PATH_MAX];
    const char *home = environment_get(load->sources, "HOME");
    const char *xdg = environment_get(load->sources, "XDG_CONFIG_HOME");
    if (xdg != NULL && xdg[0] == '/')
        snprintf(path, sizeof(path), "%s/stoker/stokerd.ini", xdg);
    else if (home != NULL && home[0] == '/')
        snprintf(path, sizeof(path), "%s/.config/stoker/stokerd.ini", home);
    else
        path[0] = '\0';
    if (path[0] != '\0')
        load_file(load, path, false, AGENT_CONFIG_FILE);
    if (load->out->file[0] == '\0')
        load_file(load, "/etc/stoker/stokerd.ini", false, AGENT_CONFIG_FILE);
}

static void environment_name(const struct config_row *row, char *ret_name, size_t size)
{
    snprintf(ret_name, size, "STOKER_%s_%s", row->section, row->key);
    for (char *p = ret_name; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
}

/* Other programs of the project read STOKER_ variables too, so only a known section makes an
 * unknown name a mistake. */
static bool has_known_section(const char *variable)
{
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        char prefix[128];
        environment_name(&agent_config_rows[i], prefix, sizeof(prefix));
        prefix[strlen("STOKER_") + strlen(agent_config_rows[i].section) + 1] = '\0';
        if (strncmp(variable, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

static void load_environment(struct load *load)
{
    for (const char *const *p = load->sources->environment; p != NULL && *p != NULL; p++) {
        const char *equals = strchr(*p, '=');
        if (strncmp(*p, "STOKER_", 7) != 0 || equals == NULL)
            continue;
        int setting = -1;
        char name[128];
        for (int i = 0; i < AGENT_SETTING_COUNT && setting < 0; i++) {
            environment_name(&agent_config_rows[i], name, sizeof(name));
            if (strlen(name) == (size_t)(equals - *p) && memcmp(name, *p, strlen(name)) == 0)
                setting = i;
        }
        if (setting >= 0) {
            char where[160];
            snprintf(where, sizeof(where), "environment variable %s", name);
            apply(load, setting, equals + 1, AGENT_CONFIG_ENVIRONMENT, where);
        } else if (has_known_section(*p)) {
            fail(load, "environment variable %.*s: no such setting", (int)(equals - *p), *p);
        }
    }
}

static const struct {
    const char *flag;
    enum agent_setting setting;
} short_flags[] = {
    {"--name", AGENT_SETTING_agent_name},
    {"--coordinator", AGENT_SETTING_coordinator_address},
    {"--strategy", AGENT_SETTING_strategy},
    {"--models", AGENT_SETTING_models_dir},
};

static void flag_name(const struct config_row *row, char *ret_name, size_t size)
{
    snprintf(ret_name, size, "--%s-%s", row->section, row->key);
    for (char *p = ret_name; *p != '\0'; p++)
        if (*p == '_')
            *p = '-';
}

/* The setting of a flag's first `length` characters, or -1. */
static int flag_find(const char *flag, size_t length)
{
    char name[128];
    for (size_t i = 0; i < sizeof(short_flags) / sizeof(*short_flags); i++) {
        if (strlen(short_flags[i].flag) == length && memcmp(short_flags[i].flag, flag, length) == 0)
            return (int)short_flags[i].setting;
    }
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        flag_name(&agent_config_rows[i], name, sizeof(name));
        if (strlen(name) == length && memcmp(name, flag, length) == 0)
            return i;
    }
    return -1;
}

static bool is_config_flag(const char *flag, size_t length)
{
    return length == strlen("--config") && memcmp(flag, "--config", length) == 0;
}

bool agent_config_is_flag(const char *flag, bool *ret_joined)
{
    size_t length = strcspn(flag, "=");
    *ret_joined = flag[length] == '=';
    return is_config_flag(flag, length) || flag_find(flag, length) >= 0;
}

/* Applies the flags; with config_path it only looks for --config, which comes before the file. */
static void load_flags(struct load *load, const char **config_path)
{
    const struct agent_config_sources *sources = load->sources;
    for (int i = 0; i < sources->flag_count && !load->failed; i++) {
        const char *flag = sources->flags[i];
        size_t length = strcspn(flag, "=");
        int setting = flag_find(flag, length);
        if (setting < 0 && !is_config_flag(flag, length)) {
            fail(load, "unknown option '%.100s'; `stokerd --help` lists them", flag);
            return;
        }
        const char *value = flag[length] == '=' ? flag + length + 1 : NULL;
        if (value == NULL && i + 1 < sources->flag_count)
            value = sources->flags[++i];
        if (value == NULL) {
            fail(load, "option %s needs a value", flag);
            return;
        }
        char where[160];
        snprintf(where, sizeof(where), "option %.*s", (int)(length < 100 ? length : 100), flag);
        if (config_path != NULL && setting < 0)
            *config_path = value;
        else if (config_path == NULL && setting >= 0)
            apply(load, setting, value, AGENT_CONFIG_FLAG, where);
    }
}

/* Folder for `what`, by what systemd, the user's environment or the system offers. */
static void derive_dir(struct load *load, char *dir, const char *systemd_name,
                       const char *system_dir, const char *xdg_name, const char *home_dir)
{
    if (dir[0] != '\0')
        return;
    const char *given = environment_get(load->sources, systemd_name);
    const char *xdg = environment_get(load->sources, xdg_name);
    const char *home = environment_get(load->sources, "HOME");
    int length = 0;
    /* systemd separates several folders with colons: the first is ours. */
    if (given != NULL && given[0] == '/')
        length = snprintf(dir, AGENT_CONFIG_TEXT_MAX, "%.*s", (int)strcspn(given, ":"), given);
    else if (geteuid() == 0)
        length = snprintf(dir, AGENT_CONFIG_TEXT_MAX, "%s", system_dir);
    else if (xdg != NULL && xdg[0] == '/')
        length = snprintf(dir, AGENT_CONFIG_TEXT_MAX, "%s/stoker", xdg);
    else if (home != NULL && home[0] == '/')
        length = snprintf(dir, AGENT_CONFIG_TEXT_MAX, "%s/%s/stoker", home, home_dir);
    else
        fail(load, "neither $HOME nor $%s is set: say --state-dir and --cache-dir", xdg_name);
    if (length >= AGENT_CONFIG_TEXT_MAX)
        fail(load, "the path in $%s or $HOME is too long", xdg_name);
}

static void derive(struct load *load)
{
    struct agent_config *values = &load->out->values;
    derive_dir(load, values->state_dir, "STATE_DIRECTORY", "/var/lib/stoker", "XDG_STATE_HOME",
               ".local/state");
    derive_dir(load, values->cache_dir, "CACHE_DIRECTORY", "/var/cache/stoker", "XDG_CACHE_HOME",
               ".cache");
    if (values->models_dir[0] == '\0' &&
        snprintf(values->models_dir, sizeof(values->models_dir), "%.1000s/models",
                 values->state_dir) >= (int)sizeof(values->models_dir))
        fail(load, "state.dir: the path is too long");
    if (values->agent_name[0] == '\0') {
        char host[HOST_NAME_MAX + 1] = "";
        gethostname(host, sizeof(host) - 1);
        snprintf(values->agent_name, sizeof(values->agent_name), "%.63s",
                 host[0] != '\0' ? host : "agent");
        for (char *p = values->agent_name; *p != '\0'; p++)
            if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
                *p = '-';
    }
}

static void check_together(struct load *load)
{
    const struct agent_config *values = &load->out->values;
    if (values->heartbeat_suspect_ms < 2 * values->heartbeat_interval_ms)
        fail(load,
             "heartbeat.suspect (%lld ms) must be at least twice heartbeat.interval (%lld ms)",
             (long long)values->heartbeat_suspect_ms, (long long)values->heartbeat_interval_ms);
    if (values->heartbeat_lost_ms <= values->heartbeat_suspect_ms)
        fail(load, "heartbeat.lost (%lld ms) must be longer than heartbeat.suspect (%lld ms)",
             (long long)values->heartbeat_lost_ms, (long long)values->heartbeat_suspect_ms);
}

int agent_config_load(const struct agent_config_sources *sources,
                      struct agent_config_loaded *ret_loaded, char *ret_error)
{
    struct agent_config_loaded *loaded = calloc(1, sizeof(*loaded));
    if (loaded == NULL) {
        snprintf(ret_error, AGENT_CONFIG_ERROR_MAX, "out of memory");
        return -1;
    }
    struct load load = {.out = loaded, .sources = sources, .error = ret_error};
    for (int i = 0; i < AGENT_SETTING_COUNT; i++)
        if (agent_config_rows[i].value_default[0] != '\0')
            apply(&load, i, agent_config_rows[i].value_default, AGENT_CONFIG_DEFAULT, "default");
    const char *config_path = NULL;
    load_flags(&load, &config_path);
    if (config_path != NULL)
        load_file(&load, config_path, true, AGENT_CONFIG_FILE);
    else
        load_default_file(&load);
    load_environment(&load);
    load_flags(&load, NULL);
    derive(&load);
    if (sources->with_live && !load.failed) {
        char path[AGENT_CONFIG_TEXT_MAX + 16];
        agent_config_live_path(&loaded->values, path, sizeof(path));
        load_file(&load, path, false, AGENT_CONFIG_LIVE);
    }
    check_together(&load);
    loaded->wanted = loaded->values;
    if (!load.failed)
        *ret_loaded = *loaded;
    free(loaded);
    return load.failed ? -1 : 0;
}

static void name_append(char *list, const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, AGENT_CONFIG_ERROR_MAX - used, "%s%s", used > 0 ? " " : "", name);
}

int agent_config_reload(const struct agent_config_sources *sources,
                        struct agent_config_loaded *loaded, char *applied, char *kept,
                        char *ret_error)
{
    struct agent_config_loaded *fresh = malloc(sizeof(*fresh));
    if (fresh == NULL) {
        snprintf(ret_error, AGENT_CONFIG_ERROR_MAX, "out of memory");
        return -1;
    }
    if (agent_config_load(sources, fresh, ret_error) != 0) {
        free(fresh);
        return -1;
    }
    applied[0] = kept[0] = '\0';
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        char before[AGENT_CONFIG_TEXT_MAX], after[AGENT_CONFIG_TEXT_MAX], why[256];
        agent_config_value_format(&agent_config_rows[i], &loaded->values, before);
        agent_config_value_format(&agent_config_rows[i], &fresh->values, after);
        if (strcmp(before, after) == 0) {
            loaded->origin[i] = fresh->origin[i];
            continue;
        }
        if (!agent_config_rows[i].reload) {
            name_append(kept, agent_config_name((enum agent_setting)i));
            continue;
        }
        agent_config_value_parse(&agent_config_rows[i], after, &loaded->values, why);
        loaded->origin[i] = fresh->origin[i];
        name_append(applied, agent_config_name((enum agent_setting)i));
    }
    loaded->wanted = fresh->values;
    memcpy(loaded->file, fresh->file, sizeof(loaded->file));
    free(fresh);
    return 0;
}
