/* Saving the screen: the line with the file's name. What is saved is written by capture.c. */
#ifndef TUI_CONSOLE_APP_SAVE_H
#define TUI_CONSOLE_APP_SAVE_H

#include <stdbool.h>

#include "model/limits.h"

enum tui_save_wish { TUI_SAVE_NOTHING, TUI_SAVE_NEW, TUI_SAVE_OVER };

struct tui_save {
    bool open;
    bool exists; /* the file does: it is asked whether to write over it */
    char path[TUI_TEXT_SIZE];
    enum tui_save_wish wish;
    unsigned int count; /* screens saved so far */
};

#endif
