/* The file that keeps what the console keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "app/state.h"
#include "store.h"

static char folder[64];
static char path[128];

static void setup(void)
{
    snprintf(folder, sizeof(folder), "/tmp/stoker-store-XXXXXX");
    cr_assert(mkdtemp(folder));
    setenv("XDG_STATE_HOME", folder, 1);
    cr_assert(tui_store_path(path, sizeof(path)));
}

static void teardown(void)
{
    char command[256];

    unlink(path);
    snprintf(command, sizeof(command), "%s/stoker", folder);
    rmdir(command);
    rmdir(folder);
}

TestSuite(store, .init = setup, .fini = teardown);

Test(store, what_was_saved_is_loaded_and_nobody_else_may_read_it)
{
    struct stat info;

    cr_assert_null(tui_store_load(path), "there is none yet");
    cr_assert(tui_store_save(path, "one\n"));
    cr_assert(tui_store_save(path, "two\n"), "it is replaced");
    char *text = tui_store_load(path);
    cr_assert_str_eq(text, "two\n");
    free(text);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
}

Test(store, what_can_not_be_written_is_told_and_leaves_nothing)
{
    cr_assert_not(tui_store_save("/proc/nosuch/console", "text"));
    cr_assert(tui_store_save(path, "a file where a folder should be"));
    char below[160];
    snprintf(below, sizeof(below), "%s/console", path);
    cr_assert_not(tui_store_save(below, "text"));
    cr_assert_null(tui_store_load(below));
}

Test(store, a_file_that_is_too_long_is_cut)
{
    char *text = malloc(TUI_STATE_BYTES_MAX + 100);

    memset(text, 'x', TUI_STATE_BYTES_MAX + 99);
    text[TUI_STATE_BYTES_MAX + 99] = 0;
    cr_assert(tui_store_save(path, text));
    char *loaded = tui_store_load(path);
    cr_assert_eq(strlen(loaded), TUI_STATE_BYTES_MAX);
    free(loaded);
    free(text);
}

Test(store, the_path_follows_the_specification)
{
    char where[128];

    setenv("XDG_STATE_HOME", "relative", 1);
    setenv("HOME", "/home/someone", 1);
    cr_assert(tui_store_path(where, sizeof(where)));
    cr_assert_str_eq(where, "/home/someone/.local/state/stoker/console");
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    cr_assert_not(tui_store_path(where, sizeof(where)));
    setenv("HOME", "/home/someone", 1);
    cr_assert_not(tui_store_path(where, 10));
}
