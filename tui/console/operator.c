#include "operator.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "text/text.h"

void tui_operator_name(char *ret_name, size_t size)
{
    const struct passwd *user = getpwuid(getuid());
    char host[256] = "";
    char text[320];

    gethostname(host, sizeof(host) - 1);
    snprintf(text, sizeof(text), "%.60s@%s", user ? user->pw_name : "?", host);
    tui_text_clean(ret_name, size, text);
}
