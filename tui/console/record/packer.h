/* Gathers records and writes them as frames to a file that goes on in a second one. One thread. */
#ifndef TUI_CONSOLE_RECORD_PACKER_H
#define TUI_CONSOLE_RECORD_PACKER_H

#include "record/format.h"

/* Bytes of records that will be one frame. */
struct tui_gather {
    unsigned char *bytes;
    size_t len, size;
    struct tui_record_frame frame; /* times and marks so far */
};

struct tui_packer {
    int fd;
    const char *path;  /* borrowed, like the next */
    const char *about; /* JSON: the first record of each file */
    uint64_t bytes_max;
    uint64_t segment_bytes; /* in the file that is open */
    uint64_t file_bytes;    /* in both */
    struct tui_record_file file;
    int64_t last_ms;       /* of the newest record */
    int64_t began_wall_ms; /* events from before are no marks */
    struct tui_gather data, thin;
    unsigned char *packed;
    size_t packed_size;
    bool rotated;
};

/* Creates the file. On failure returns errno, with nothing left open; 0 is success. */
int tui_packer_open(struct tui_packer *packer, const char *path, const char *about,
                    uint64_t bytes_max);

/* Each returns 0 or errno. After a failure the file ends with its last whole frame, and only
 * tui_packer_close may follow. */
int tui_packer_add(struct tui_packer *packer, const struct tui_record *record);
/* Writes what has been gathered of DATA; THIN where `thin` or it has grown. */
int tui_packer_flush(struct tui_packer *packer, bool thin);
int tui_packer_end(struct tui_packer *packer);
void tui_packer_close(struct tui_packer *packer);

#endif
