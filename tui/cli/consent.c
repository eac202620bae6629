#include "cli/consent.h"

#include <unistd.h>

#include "text/reply.h"

bool tui_consent(const struct tui_cli *cli, const char *question)
{
    char answer[8] = "";

    if (tui_option_value(cli, "yes") != NULL)
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        tui_complain("give --yes", "this needs consent, and there is no terminal to ask on");
        return false;
    }
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

int tui_warnings_print(FILE *out, const cJSON *warnings)
{
    char text[512];
    const cJSON *warning;
    int count = 0;

    cJSON_ArrayForEach(warning, warnings)
    {
        if (!cJSON_IsString(warning))
            continue;
        fprintf(out, "  WARNING: %s\n", tui_shown(warning->valuestring, text, sizeof(text)));
        count++;
    }
    return count;
}
