/* The settings of stokerd: one row each in settings.def, taken from the defaults, one INI file, the
 * environment and the command line, later ones winning. No function here logs or exits. */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    AGENT_CONFIG_TEXT_MAX = 1024, /* longest value of a setting, with its NUL */
    AGENT_CONFIG_ERROR_MAX = 2048,
};

enum agent_strategy { AGENT_STRATEGY_LEAST_LOADED, AGENT_STRATEGY_ROUND_ROBIN };
enum agent_ledger_durability { AGENT_LEDGER_DURABILITY_COMMIT, AGENT_LEDGER_DURABILITY_NONE };
enum agent_log_format { AGENT_LOG_FORMAT_AUTO, AGENT_LOG_FORMAT_LOGFMT, AGENT_LOG_FORMAT_JOURNAL };

#define AGENT_CTYPE_BOOL(f) bool f;
#define AGENT_CTYPE_INT(f) int64_t f;
#define AGENT_CTYPE_SIZE(f) int64_t f;
#define AGENT_CTYPE_DURATION(f) int64_t f;
#define AGENT_CTYPE_ENUM(f) int64_t f;
#define AGENT_CTYPE_NAME(f) char f[64];
#define AGENT_CTYPE_STRING(f) char f[256];
#define AGENT_CTYPE_ADDRESS(f) char f[256];
#define AGENT_CTYPE_PATH(f) char f[AGENT_CONFIG_TEXT_MAX];

/* Values only: may be copied. Numbers are in the unit that the member's name ends with; an ENUM is
 * the index of its choice in settings.def. After agent_config_load no text is empty but
 * executor_path, which means this very program. */
struct agent_config {
#define SETTING(field, section, key, type, ...) AGENT_CTYPE_##type(field)
#include "settings.def"
#undef SETTING
};

enum agent_setting {
#define SETTING(field, ...) AGENT_SETTING_##field,
#include "settings.def"
#undef SETTING
    AGENT_SETTING_COUNT
};

enum agent_config_from {
    AGENT_CONFIG_DEFAULT,
    AGENT_CONFIG_FILE,
    AGENT_CONFIG_ENVIRONMENT,
    AGENT_CONFIG_FLAG,
    AGENT_CONFIG_LIVE, /* of live.ini in the state folder, which `stoker settings` writes */
};

struct agent_config_origin {
    enum agent_config_from from;
    int line; /* of the file, otherwise 0 */
};

struct agent_config_loaded {
    struct agent_config values;
    struct agent_config_origin origin[AGENT_SETTING_COUNT];
    char file[AGENT_CONFIG_TEXT_MAX]; /* the file that was read; "" when there was none */
    /* What the sources said when they were read last: others than the values in force need a
     * restart. */
    struct agent_config wanted;
};

/* What the settings are taken from. Only borrowed during the call. */
struct agent_config_sources {
    const char *const *flags; /* flag_count arguments, such as "--log-level" "debug" */
    int flag_count;
    const char *const *environment; /* NULL-ended "NAME=VALUE" strings */
    bool with_live;                 /* live.ini too: of a stokerd that has a coordinator */
};

/* Reads all the sources into *ret_loaded. The file is the one of --config, else
 * $XDG_CONFIG_HOME/stoker/stokerd.ini, else /etc/stoker/stokerd.ini; only the first must exist.
 * Returns 0, or -1 with one line in ret_error (AGENT_CONFIG_ERROR_MAX characters) that says where
 * the bad value stands, what it is and what is allowed; *ret_loaded is untouched then. */
int agent_config_load(const struct agent_config_sources *sources,
                      struct agent_config_loaded *ret_loaded, char *ret_error);

/* Reads the sources again. What may change while running is copied into *loaded, and its names are
 * written to `applied` separated by spaces; the names of other changed settings, which keep their
 * old value, to `kept`. Both hold AGENT_CONFIG_ERROR_MAX characters. On -1 nothing has changed. */
int agent_config_reload(const struct agent_config_sources *sources,
                        struct agent_config_loaded *loaded, char *applied, char *kept,
                        char *ret_error);

enum agent_config_change {
    AGENT_CONFIG_CHANGED,
    AGENT_CONFIG_UNKNOWN, /* no such setting */
    AGENT_CONFIG_FIXED,   /* it can't change while stokerd runs, or is not live */
    AGENT_CONFIG_BAD,     /* the value, or what it would be together with others */
    AGENT_CONFIG_FAILED,  /* live.ini can't be written */
};

/* Changes a setting that may change while running, in live.ini and in *loaded; `value` NULL takes
 * it back from there. Unless it is CHANGED nothing has, and ret_error (AGENT_CONFIG_ERROR_MAX) says
 * why. BLOCKS for the files. */
enum agent_config_change agent_config_live_set(const struct agent_config_sources *sources,
                                               struct agent_config_loaded *loaded, const char *name,
                                               const char *value, char *ret_error);

/* Where a value comes from, in a few words: "default", "/etc/stoker/stokerd.ini:14". */
void agent_config_origin_format(const struct agent_config_loaded *loaded,
                                enum agent_setting setting, char *ret_text, size_t size);
/* What a setting allows, its help and its default, for people. Static but the first. */
void agent_config_allowed(enum agent_setting setting, char ret_text[256]);
const char *agent_config_help(enum agent_setting setting);
const char *agent_config_default(enum agent_setting setting);

/* True when `flag` (an argument that starts with "--") is a setting's flag or --config. Says in
 * *ret_joined whether the value is in the same argument ("--log-level=debug"). */
bool agent_config_is_flag(const char *flag, bool *ret_joined);

/* Describe a setting and its value. The text is written as the file would have it. */
const char *agent_config_name(enum agent_setting setting); /* "log.level" */
bool agent_config_is_reloadable(enum agent_setting setting);
void agent_config_format(const struct agent_config *config, enum agent_setting setting,
                         char ret_text[AGENT_CONFIG_TEXT_MAX]);

/* `stokerd --help`'s table, `stokerd config --show` and `stokerd config --sample`. */
void agent_config_print_help(FILE *stream);
void agent_config_print(const struct agent_config_loaded *loaded, FILE *stream);
int agent_config_print_json(const struct agent_config_loaded *loaded, FILE *stream);
void agent_config_print_sample(FILE *stream);

#endif
