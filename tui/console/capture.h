/* Writes what the operator wants to keep: the other half of app/capture.h. */
#ifndef TUI_CONSOLE_CAPTURE_H
#define TUI_CONSOLE_CAPTURE_H

#include "app/app.h"
#include "feed/feed.h"
#include "feed/recorder.h"
#include "theme/theme.h"

struct tui_capture_io {
    struct tui_feed *feed; /* NULL: nothing can be recorded */
    struct tui_recorder *recorder;
    uint64_t record_bytes_max;
    int64_t looked_ms; /* when the recorder's state was last looked at */
};

/* Begins a recording. False: ret_error says why. */
bool tui_capture_begin(struct tui_capture_io *io, struct tui_app *app, const char *path,
                       char ret_error[TUI_TEXT_SIZE]);

/* Fulfils wishes, and brings app->capture up to date. A screen is saved as large as the canvas, in
 * the theme's colours. Returns true if something happened that the operator should see soon. */
bool tui_capture_run(struct tui_capture_io *io, struct tui_app *app,
                     const struct tui_canvas *canvas, const struct tui_theme *theme);

/* Ends a recording, if there is one, and says on standard output where it is. */
void tui_capture_finish(struct tui_capture_io *io, const struct tui_app *app);

#endif
