#include "graph/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 64
#define BLOCK_BYTES ((size_t)64 << 10)

struct cx_arena_block {
    alignas(ALIGN) struct cx_arena_block *next;
    size_t used, size; /* of the bytes after this header */
};

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static struct cx_arena_block *add_block(struct cx_arena *arena, size_t bytes)
{
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    struct cx_arena_block *block = aligned_alloc(ALIGN, sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->used = 0;
    block->size = size;
    /* A large request gets a block of its own behind the current one, which stays in use. */
    if (arena->blocks != NULL && bytes > BLOCK_BYTES) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *cx_arena_alloc(struct cx_arena *arena, size_t bytes)
{
    if (bytes > PTRDIFF_MAX / 2)
        return NULL;
    size_t rounded = round_up(bytes == 0 ? 1 : bytes);
    struct cx_arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < rounded)
        block = add_block(arena, rounded);
    if (block == NULL)
        return NULL;
    void *memory = (char *)(block + 1) + block->used;
    block->used += rounded;
    arena->bytes += rounded;
    return memset(memory, 0, rounded);
}

void *cx_arena_array(struct cx_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return cx_arena_alloc(arena, count * size);
}

char *cx_arena_string(struct cx_arena *arena, const char *text, size_t len)
{
    char *copy = len < SIZE_MAX ? cx_arena_alloc(arena, len + 1) : NULL;
    if (copy != NULL && len > 0)
        memcpy(copy, text, len);
    return copy;
}

void *cx_arena_copy(struct cx_arena *arena, const void *data, size_t bytes)
{
    void *copy = cx_arena_alloc(arena, bytes);
    if (copy != NULL && bytes > 0)
        memcpy(copy, data, bytes);
    return copy;
}

void cx_arena_finish(struct cx_arena *arena)
{
    struct cx_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct cx_arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct cx_arena){0};
}
