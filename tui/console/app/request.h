/* What the screen asks of the feed. */
#ifndef TUI_CONSOLE_APP_REQUEST_H
#define TUI_CONSOLE_APP_REQUEST_H

#include <stdint.h>

/* One request to the coordinator. Whoever has it frees its text. */
struct tui_request {
    uint64_t token; /* comes back with the answer */
    char *text;     /* JSON */
};

#endif
