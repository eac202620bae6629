/*
 * What the submit form asks of the disk and the coordinator, and what comes back. Plain data: the
 * form makes errands and takes news, the submitter's thread does the rest (submit/submitter.h).
 */
#ifndef TUI_CONSOLE_APP_ERRAND_H
#define TUI_CONSOLE_APP_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"

#define TUI_FOLDER_ENTRIES_MAX 10000
#define TUI_FILE_NAME_SIZE 256
#define TUI_SUBMIT_FILES_MAX 256
#define TUI_THUMB_SIDE_MAX 96

/* Frozen when the button is pressed: exactly these files go to exactly this model. */
struct tui_submission {
    char model[TUI_NAME_SIZE];
    uint64_t version; /* 0: the newest */
    unsigned int priority;
    uint64_t deadline_ms; /* 0: none */
    char tenant[TUI_NAME_SIZE];
    size_t count;
    char *paths[TUI_SUBMIT_FILES_MAX]; /* owned */
};

enum tui_errand_kind {
    TUI_ERRAND_NONE,
    TUI_ERRAND_FOLDER,  /* list `path`; "" is the working folder */
    TUI_ERRAND_PREVIEW, /* look into the file `path` */
    TUI_ERRAND_SUBMIT,  /* send `submission` */
    TUI_ERRAND_STOP,    /* send no more of it */
};

struct tui_errand {
    enum tui_errand_kind kind;
    uint64_t token; /* comes back with the news */
    char *path;
    struct tui_submission *submission;
};

struct tui_folder_entry {
    char name[TUI_FILE_NAME_SIZE]; /* as the disk has it: clean it before it is shown */
    uint64_t bytes;
    bool folder;
};

/* Folders first, each half by name. */
struct tui_folder {
    char *path;      /* absolute */
    size_t left_out; /* entries beyond TUI_FOLDER_ENTRIES_MAX */
    size_t count;
    struct tui_folder_entry entries[];
};

/* What a file is, and a small picture of it where it is one. */
struct tui_preview {
    char text[TUI_TEXT_SIZE]; /* "PNG, 640 x 480", or why it can't be read */
    uint32_t width, height;   /* of the thumbnail; 0: there is none */
    uint8_t pixels[];         /* (height, width, 3), 8 bits a channel */
};

struct tui_submitted {
    bool over;
    size_t total, sent, failed;
    uint64_t last_id;          /* of the job that was taken last; 0: none yet */
    char error[TUI_TEXT_SIZE]; /* of the first that failed; "" none */
};

struct tui_news {
    struct tui_news *next; /* of whoever queues it */
    enum tui_errand_kind kind;
    uint64_t token;
    char error[TUI_TEXT_SIZE]; /* of a folder; "" none */
    struct tui_folder *folder; /* owned */
    struct tui_preview *preview;
    struct tui_submitted submitted;
};

void tui_submission_destroy(struct tui_submission *submission);
/* Frees what the errand owns and makes it NONE. */
void tui_errand_finish(struct tui_errand *errand);
void tui_folder_destroy(struct tui_folder *folder);
void tui_news_destroy(struct tui_news *news);

#endif
