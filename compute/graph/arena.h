/* A bump allocator: everything a graph points at lives here and dies with it. */
#ifndef CX_ARENA_H
#define CX_ARENA_H

#include <stddef.h>

struct cx_arena_block;

/* One thread at a time. A zeroed struct is an empty arena. */
struct cx_arena {
    struct cx_arena_block *blocks;
    size_t bytes; /* handed out so far */
};

/* Zeroed memory aligned to 64 bytes, owned by the arena; NULL when there is none left. */
void *cx_arena_alloc(struct cx_arena *arena, size_t bytes);

/* As above for COUNT elements of SIZE bytes; NULL too when the product overflows. */
void *cx_arena_array(struct cx_arena *arena, size_t count, size_t size);

/* A terminated copy of LEN bytes of TEXT. NULL on no memory. */
char *cx_arena_string(struct cx_arena *arena, const char *text, size_t len);

void *cx_arena_copy(struct cx_arena *arena, const void *data, size_t bytes);

/* Gives all of it back; the arena is empty and usable again. */
void cx_arena_finish(struct cx_arena *arena);

#endif
