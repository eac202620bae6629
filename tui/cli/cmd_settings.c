#include <stdio.h>
#include <string.h>

#include "cli/agent_verb.h"
#include "cli/table.h"
#include "text/reply.h"

static const struct tui_option options[] = {
    {"unset", NULL, "take a change back: the file, the environment or the default counts again"},
    {"changed", NULL, "only those that are not at their default, or need a restart"},
    {"reason", "TEXT", "why; kept in the audit log"},
    {NULL, NULL, NULL},
};

static bool is_changed(const cJSON *setting)
{
    return strcmp(tui_reply_text(setting, "from"), "default") != 0 ||
           tui_reply_text(setting, "after_restart")[0] != '\0';
}

static void print_table(const cJSON *settings, bool changed_only)
{
    static const char *const headings[] = {"SETTING", "VALUE", "FROM", "CHANGES", NULL};
    struct tui_table *table = tui_table_create(headings);
    const cJSON *setting;

    cJSON_ArrayForEach(setting, settings)
    {
        const char *value = tui_reply_text(setting, "value");
        const char *then = tui_reply_text(setting, "after_restart");
        if (changed_only && !is_changed(setting))
            continue;
        tui_table_cell(table, "%s", tui_reply_text(setting, "name"));
        tui_table_cell(table, "%s", value[0] != '\0' ? value : "-");
        tui_table_cell(table, "%s", tui_reply_text(setting, "from"));
        if (then[0] != '\0')
            tui_table_cell(table, "%s after a restart", then);
        else
            tui_table_cell(table, "%s", tui_reply_bool(setting, "live") ? "live" : "by a restart");
    }
    tui_table_print(table);
}

static void print_one(const cJSON *setting)
{
    char name[64], text[1024];

    tui_shown(tui_reply_text(setting, "name"), name, sizeof(name));
    printf("%s = %s\n", name, tui_shown(tui_reply_text(setting, "value"), text, sizeof(text)));
    printf("  from %s; changes %s\n",
           tui_shown(tui_reply_text(setting, "from"), text, sizeof(text)),
           tui_reply_bool(setting, "live") ? "live" : "by a restart");
    tui_shown(tui_reply_text(setting, "after_restart"), text, sizeof(text));
    if (text[0] != '\0')
        printf("  %s after a restart\n", text);
    printf("  allowed: %s; ", tui_shown(tui_reply_text(setting, "allowed"), text, sizeof(text)));
    printf("default %s\n", tui_shown(tui_reply_text(setting, "default"), text, sizeof(text)));
    printf("  %s\n", tui_shown(tui_reply_text(setting, "help"), text, sizeof(text)));
}

static enum tui_exit run(struct tui_cli *cli)
{
    char problem[1024];
    bool unset = tui_option_value(cli, "unset") != NULL;
    cJSON *reply = NULL, *request = cJSON_CreateObject();

    if (unset && cli->n_args != 1) {
        cJSON_Delete(request);
        tui_complain(NULL, "--unset takes one setting and no value");
        return TUI_EXIT_USAGE;
    }
    if (cli->n_args > 0)
        cJSON_AddStringToObject(request, "name", cli->args[0]);
    if (cli->n_args > 1)
        cJSON_AddStringToObject(request, "value", cli->args[1]);
    if (unset)
        cJSON_AddBoolToObject(request, "unset", true);
    tui_request_why(cli, request);
    enum tui_exit exit_code = tui_request(cli, "settings", request, 0, &reply);
    if (exit_code != TUI_EXIT_OK)
        return exit_code;
    const cJSON *settings = tui_reply_member(reply, "settings");
    if (cli->json)
        tui_print_json(reply);
    else if (cli->n_args > 0)
        print_one(cJSON_GetArrayItem(settings, 0));
    else
        print_table(settings, tui_option_value(cli, "changed") != NULL);
    tui_shown(tui_reply_text(reply, "problem"), problem, sizeof(problem));
    if (!cli->json && problem[0] != '\0')
        tui_complain("the old values stay in force", "the last reload was refused: %s", problem);
    cJSON_Delete(reply);
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_settings = {
    .options = options,
    .args_max = 2,
    .examples = "  stoker settings --changed\n"
                "  stoker settings limits.jobs_live\n"
                "  stoker settings limits.jobs_live 500000 --reason 'memory is short'\n"
                "  stoker settings limits.jobs_live --unset\n",
    .run = run,
};
