/*
 * What the operator keeps: a recording under way, and screens that are saved. Only wishes and what
 * became of them: capture.c writes the files.
 */
#ifndef TUI_CONSOLE_APP_CAPTURE_H
#define TUI_CONSOLE_APP_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/limits.h"

enum tui_capture_wish { TUI_CAPTURE_NOTHING, TUI_CAPTURE_BEGIN, TUI_CAPTURE_END };

struct tui_capture {
    bool recording;
    uint64_t bytes; /* written of it so far */
    enum tui_capture_wish wish;
    char path[TUI_TEXT_SIZE]; /* of the recording; "" for BEGIN: a name of the time */
};

#endif
