/* Which candidate does a node best, by key. Knows names and keys, nothing of graphs or OpenCL. */
#ifndef CX_CHOICES_H
#define CX_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

#include <xxhash.h>

#include "cx.h"
#include "device/launch.h"

#define CX_CHOICES_MAX 8192

struct cx_choice {
    XXH128_hash_t key;
    char name[CX_CANDIDATE_NAME_BYTES];
};

/* Zeroed: empty. */
struct cx_choices {
    struct cx_choice *list; /* the oldest first */
    uint32_t n, room;
};

/* Whether a candidate may be called that. */
bool cx_choice_name_ok(const char *name);

/* The name stored for a key; NULL when there is none. Valid until the next set. */
const char *cx_choices_find(const struct cx_choices *choices, XXH128_hash_t key);

/* Stores a copy of a name that is ok, in place of the key's last one; past CX_CHOICES_MAX the
 * oldest is forgotten. False on no memory. */
bool cx_choices_set(struct cx_choices *choices, XXH128_hash_t key, const char *name);
void cx_choices_remove(struct cx_choices *choices, XXH128_hash_t key);
void cx_choices_finish(struct cx_choices *choices);

/* ---- on disk: one text file for each device and family of kernels ----
 *
 *     stoker-choices 1 IDENTITY      what all of it depends on, 32 hex digits
 *     KEY NAME                       32 hex digits; one line a choice, the oldest first
 *     end N HASH                     how many, and XXH3 of all lines before, 16 hex digits */

#define CX_CHOICES_FILE_BYTES_MAX (CX_CHOICES_MAX * (CX_CANDIDATE_NAME_BYTES + 34) + 256)

enum cx_choices_result {
    CX_CHOICES_NONE, /* no file */
    CX_CHOICES_READ,
    CX_CHOICES_FOREIGN, /* whole, but of another device, driver or version of the kernels */
    CX_CHOICES_DAMAGED,
};

/* Reads a file's bytes. RET_CHOICES, which must be empty, stays empty unless READ. Never NONE. */
enum cx_choices_result cx_choices_parse(const char *text, size_t bytes, XXH128_hash_t identity,
                                        struct cx_choices *ret_choices);

/* The same for the file at PATH, which may be missing. */
enum cx_choices_result cx_choices_load(const char *path, XXH128_hash_t identity,
                                       struct cx_choices *ret_choices);

/* Adds choices to what the file at PATH, in FOLDER, holds under this identity; anything else in
 * it is dropped. Processes take turns by a lock in the folder, so that none loses another's. CX_IO
 * with the file as it was. Blocks on the disk, and up to two seconds on the lock. */
enum cx_status cx_choices_store(const char *folder, const char *path, XXH128_hash_t identity,
                                const struct cx_choices *added, struct cx_error *err);

#endif
