/* Which candidate does a node best, by key. Knows names and keys, nothing of graphs or OpenCL. */
#ifndef CX_CHOICES_H
#define CX_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

#include <xxhash.h>

#include "cx.h"
#include "device/launch.h"

#define CX_CHOICES_MAX 16384

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

#endif
