#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void print_words(const struct tui_command *command)
{
    for (int i = 0; command->options != NULL && command->options[i].name != NULL; i++)
        printf(" --%s", command->options[i].name);
}

/* A bash function made from the tables, so that it can't fall behind them. */
static enum tui_exit run(struct tui_cli *cli)
{
    const struct tui_command_entry *entry;

    if (strcmp(cli->args[0], "bash") != 0) {
        tui_complain("only bash is known", "no completion for '%s'", cli->args[0]);
        return TUI_EXIT_USAGE;
    }
    printf("_stoker() {\n    local word=${COMP_WORDS[COMP_CWORD]} words\n"
           "    local all=\"--coordinator --tls-ca --tls-cert --tls-key --tls-name --timeout "
           "--output --help\"\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    for (entry = tui_commands; entry->name != NULL; entry++)
        printf("%s%s", entry == tui_commands ? "" : " ", entry->name);
    printf(" --help --version\"\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (entry = tui_commands; entry->name != NULL; entry++) {
        printf("        %s) words=\"$all", entry->name);
        print_words(entry->command);
        printf("\" ;;\n");
    }
    printf("        esac\n    fi\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
           "complete -o default -F _stoker stoker\n");
    return TUI_EXIT_OK;
}

const struct tui_command tui_command_completion = {
    .args_min = 1,
    .args_max = 1,
    .examples = "  stoker completion bash > /etc/bash_completion.d/stoker\n",
    .run = run,
};
