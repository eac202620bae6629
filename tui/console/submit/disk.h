/* What the submitter's thread reads from the disk. Everything here may block on it. */
#ifndef TUI_CONSOLE_SUBMIT_DISK_H
#define TUI_CONSOLE_SUBMIT_DISK_H

#include "app/errand.h"

/* The entries of a folder without the hidden ones; "" is the working folder, "~/" begins at home.
 * NULL on failure, and ret_error[TUI_TEXT_SIZE] says why. The caller frees it with
 * tui_folder_destroy. */
struct tui_folder *tui_folder_read(const char *typed, char *ret_error);

/* What the file is: of a PNG or JPEG a thumbnail, of an NPY its type and shape. What can't be read
 * is said in the text. NULL only when memory ran out. The caller frees it. */
struct tui_preview *tui_preview_read(const char *path);

#endif
