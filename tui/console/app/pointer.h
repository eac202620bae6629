/* What the mouse did, in cells of the screen, and text that was pasted. */
#ifndef TUI_CONSOLE_APP_POINTER_H
#define TUI_CONSOLE_APP_POINTER_H

enum tui_pointer_kind {
    TUI_POINTER_PRESS,
    TUI_POINTER_DRAG, /* moved with the button down */
    TUI_POINTER_RELEASE,
    TUI_POINTER_WHEEL_UP,
    TUI_POINTER_WHEEL_DOWN,
    TUI_POINTER_OTHER, /* another button */
};

struct tui_pointer {
    enum tui_pointer_kind kind;
    int y, x; /* from 0 */
};

struct tui_app;
struct tui_canvas;

/*
 * The wheel moves as Up and Down do; a press selects a row, goes to a view, sorts by a heading or
 * does what a hint or a button says, as the canvas of the last frame has it. In a graph the wheel
 * zooms, and a press puts the cursor there. Otherwise it stays in app->pointer for the view.
 */
void tui_app_pointer(struct tui_app *app, const struct tui_pointer *pointer,
                     const struct tui_canvas *canvas);

/* Pasted text is typed into what is open, and never taken for keys. */
void tui_app_paste(struct tui_app *app, const char *text);

#endif
