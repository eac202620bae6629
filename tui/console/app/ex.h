/* The commands of a line after ':', made from ex.def. */
#ifndef TUI_CONSOLE_APP_EX_H
#define TUI_CONSOLE_APP_EX_H

#include "app/app.h"
#include "app/complete.h"

struct tui_ex {
    const char *name, *arguments, *help;
    enum tui_complete completes;
    /* False, with the reason, when nothing was done. */
    bool (*run)(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE]);
};

extern const struct tui_ex tui_ex_commands[]; /* a NULL name at the end */

/* The commands of the CLI; a NULL name at the end. */
struct tui_shell_command {
    const char *name, *arguments, *help;
};
extern const struct tui_shell_command tui_shell_commands[];

#define TUI_EX(name, arguments, completes, help) \
    bool tui_ex_##name(struct tui_app *app, const char *arguments_at, char ret_why[TUI_TEXT_SIZE]);
#include "app/ex.def"
#undef TUI_EX

/* Whether a line begins with something that has that name. */
bool tui_ex_known(const struct tui_app *app, const char *line);

/* How the command that the line begins with is called, and what it does; false if it is none. */
bool tui_ex_usage(const char *line, char *ret_text, size_t size);

/* Cuts the first word off *at and the blanks behind it; "" at the end. */
void tui_ex_word(const char **at, char *ret_word, size_t size);

/*
 * Runs a line. False, with the reason in ret_why, when it can't be understood; what a verb has
 * against its target it says by itself.
 */
bool tui_ex_run(struct tui_app *app, const char *line, char ret_why[TUI_TEXT_SIZE]);

#endif
