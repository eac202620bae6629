/* Settings that an operator changed while it ran: a file of their own, which wins over every other
 * source, so that a change outlives a restart until it is taken back. */
#include "config_live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void agent_config_live_path(const struct agent_config *config, char *ret_path, size_t size)
{
    snprintf(ret_path, size, "%.1000s/live.ini", config->state_dir);
}

/* The one section at a time that the rows come in. */
static void write_rows(FILE *file, const struct agent_config_loaded *loaded)
{
    const char *section = "";
    fputs(
        "; Settings that `stoker settings` has changed. They win over the configuration file, the\n"
        "; environment and options. `stoker settings NAME --unset` takes one back.\n",
        file);
    for (int i = 0; i < AGENT_SETTING_COUNT; i++) {
        const struct config_row *row = &agent_config_rows[i];
        char value[AGENT_CONFIG_TEXT_MAX];
        if (loaded->origin[i].from != AGENT_CONFIG_LIVE)
            continue;
        if (strcmp(section, row->section) != 0)
            fprintf(file, "\n[%s]\n", section = row->section);
        agent_config_value_format(row, &loaded->values, value);
        fprintf(file, "%s = %s\n", row->key, value);
    }
}

/* Whole or not at all. */
static int save(const struct agent_config_loaded *loaded, char *ret_error)
{
    char path[AGENT_CONFIG_TEXT_MAX + 16], part[AGENT_CONFIG_TEXT_MAX + 24];
    agent_config_live_path(&loaded->values, path, sizeof(path));
    snprintf(part, sizeof(part), "%s.part", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool ok = file != NULL;
    if (ok) {
        write_rows(file, loaded);
        ok = fflush(file) == 0 && fsync(fd) == 0;
        ok = fclose(file) == 0 && ok;
    } else if (fd >= 0) {
        close(fd);
    }
    if (ok && rename(part, path) == 0)
        return 0;
    snprintf(ret_error, AGENT_CONFIG_ERROR_MAX, "can't write %s: %s", path, strerror(errno));
    unlink(part);
    return -1;
}

static int setting_find(const char *name)
{
    for (int i = 0; i < AGENT_SETTING_COUNT; i++)
        if (strcmp(agent_config_name((enum agent_setting)i), name) == 0)
            return i;
    return -1;
}

/* What will stand in the file: what stands there, with the change. */
static enum agent_config_change change(struct agent_config_loaded *wanted, const char *name,
                                       const char *value, char *ret_error)
{
    int setting = setting_find(name);
    char why[256];
    if (setting < 0) {
        snprintf(ret_error, AGENT_CONFIG_ERROR_MAX, "no setting '%.64s'", name);
        return AGENT_CONFIG_UNKNOWN;
    }
    const struct config_row *row = &agent_config_rows[setting];
    if (!row->reload) {
        snprintf(ret_error, AGENT_CONFIG_ERROR_MAX,
                 "%s can't change while stokerd runs: put it in the configuration file and restart",
                 name);
        return AGENT_CONFIG_FIXED;
    }
    if (value == NULL && wanted->origin[setting].from != AGENT_CONFIG_LIVE) {
        snprintf(ret_error, AGENT_CONFIG_ERROR_MAX, "%s was not set with stoker settings", name);
        return AGENT_CONFIG_FIXED;
    }
    if (value == NULL) {
        wanted->origin[setting] = (struct agent_config_origin){.from = AGENT_CONFIG_DEFAULT};
        return AGENT_CONFIG_CHANGED;
    }
    if (agent_config_value_parse(row, value, &wanted->values, why) != 0) {
        snprintf(ret_error, AGENT_CONFIG_ERROR_MAX, "%s: '%.200s' is not allowed; %s", name, value,
                 why);
        return AGENT_CONFIG_BAD;
    }
    wanted->origin[setting] = (struct agent_config_origin){.from = AGENT_CONFIG_LIVE};
    return AGENT_CONFIG_CHANGED;
}

enum agent_config_change agent_config_live_set(const struct agent_config_sources *sources,
                                               struct agent_config_loaded *loaded, const char *name,
                                               const char *value, char *ret_error)
{
    char applied[AGENT_CONFIG_ERROR_MAX], kept[AGENT_CONFIG_ERROR_MAX];
    char ignored[AGENT_CONFIG_ERROR_MAX];
    struct agent_config_loaded *wanted = malloc(sizeof(*wanted));
    if (wanted == NULL) {
        snprintf(ret_error, AGENT_CONFIG_ERROR_MAX, "out of memory");
        return AGENT_CONFIG_FAILED;
    }
    *wanted = *loaded;
    enum agent_config_change result = change(wanted, name, value, ret_error);
    if (result == AGENT_CONFIG_CHANGED && save(wanted, ret_error) != 0)
        result = AGENT_CONFIG_FAILED;
    if (result == AGENT_CONFIG_CHANGED &&
        agent_config_reload(sources, loaded, applied, kept, ret_error) != 0) {
        save(loaded, ignored); /* as it was: another source is wrong, or they don't go together */
        result = AGENT_CONFIG_BAD;
    }
    free(wanted);
    return result;
}
