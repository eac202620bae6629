#include "app/capture.h"

#include <stdio.h>

#include "app/do.h"
#include "app/ex.h"

bool tui_ex_record(struct tui_app *app, const char *arguments, char ret_why[TUI_TEXT_SIZE])
{
    struct tui_capture *capture = &app->capture;

    if (app->replay.active) {
        snprintf(ret_why, TUI_TEXT_SIZE, "this is a recording already");
        return false;
    }
    if (capture->recording && arguments[0] != 0) {
        snprintf(ret_why, TUI_TEXT_SIZE, "it records to %.180s; record without a file ends that",
                 capture->path);
        return false;
    }
    capture->wish = capture->recording ? TUI_CAPTURE_END : TUI_CAPTURE_BEGIN;
    if (!capture->recording)
        snprintf(capture->path, sizeof(capture->path), "%s", arguments);
    return true;
}

void tui_do_record(struct tui_app *app)
{
    char why[TUI_TEXT_SIZE];

    if (!tui_ex_record(app, "", why))
        tui_app_message(app, TUI_ROLE_WARN, "%s", why);
}
