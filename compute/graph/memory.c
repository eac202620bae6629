#include "graph/memory.h"

#include <stdlib.h>
#include <string.h>

#include "ops/op.h"

static int larger_first(const void *a, const void *b)
{
    const struct cx_storage *x = *(const struct cx_storage *const *)a;
    const struct cx_storage *y = *(const struct cx_storage *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int lower_first(const void *a, const void *b)
{
    const struct cx_storage *x = *(const struct cx_storage *const *)a;
    const struct cx_storage *y = *(const struct cx_storage *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The lowest offset in a block where `one` meets none of the placed storages in space and time.
 * near is room for placed_n pointers. */
static uint64_t lowest_gap(const struct cx_storage *one, struct cx_storage *const *placed,
                           uint32_t placed_n, uint32_t block, uint64_t align,
                           struct cx_storage **near)
{
    uint32_t near_n = 0;
    for (uint32_t i = 0; i < placed_n; i++)
        if (placed[i]->block == block && placed[i]->first <= one->last &&
            one->first <= placed[i]->last)
            near[near_n++] = placed[i];
    if (near_n > 1)
        qsort(near, near_n, sizeof *near, lower_first);
    uint64_t offset = 0;
    for (uint32_t i = 0; i < near_n; i++) {
        if (offset + one->bytes <= near[i]->offset)
            break;
        uint64_t end = (near[i]->offset + near[i]->bytes + align - 1) & ~(align - 1);
        if (end > offset)
            offset = end;
    }
    return offset;
}

enum cx_status cx_memory_place(struct cx_storage *storages, uint32_t n, uint64_t align,
                               uint64_t block_bytes_max, uint64_t *ret_blocks,
                               uint32_t *ret_block_n)
{
    struct cx_storage **order = calloc((size_t)n * 2 + 1, sizeof *order);
    if (order == NULL)
        return CX_MEMORY;
    enum cx_status status = CX_OK;
    uint32_t block_n = 0;
    for (uint32_t i = 0; i < n; i++)
        order[i] = &storages[i];
    if (n > 1)
        qsort(order, n, sizeof(struct cx_storage *), larger_first);
    for (uint32_t i = 0; i < n; i++) {
        struct cx_storage *one = order[i];
        if (one->bytes > block_bytes_max) {
            status = CX_LIMIT;
            goto out;
        }
        uint32_t block = 0;
        uint64_t offset = 0;
        for (;; block++) {
            if (block == block_n) {
                ret_blocks[block_n++] = 0;
                offset = 0;
                break;
            }
            offset = lowest_gap(one, order, i, block, align, order + n);
            if (offset + one->bytes <= block_bytes_max)
                break;
        }
        one->block = block;
        one->offset = offset;
        if (offset + one->bytes > ret_blocks[block])
            ret_blocks[block] = offset + one->bytes;
    }
    *ret_block_n = block_n;
out:
    free(order);
    return status;
}

static void last_uses(const struct cx_graph *graph, uint32_t *last)
{
    memset(last, 0, graph->value_count * sizeof *last);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct cx_node *node = &graph->nodes[i];
        for (uint32_t r = 0; r < cx_node_read_count(node); r++) {
            uint32_t value = cx_node_read(node, r);
            if (value != CX_VALUE_NONE)
                last[value] = i + 1;
        }
        for (uint32_t r = 0; r < node->output_count; r++)
            if (node->outputs[r] != CX_VALUE_NONE && last[node->outputs[r]] < i + 1)
                last[node->outputs[r]] = i + 1;
    }
    for (uint32_t i = 0; i < graph->output_count; i++)
        last[graph->outputs[i]] = graph->node_count + 1;
}

static bool read_once(const struct cx_node *node, uint32_t value, const uint32_t *storage_of)
{
    for (uint32_t r = 0; r < cx_node_read_count(node); r++) {
        uint32_t other = cx_node_read(node, r);
        if (other != CX_VALUE_NONE && other != value && storage_of[other] == storage_of[value])
            return false;
    }
    return true;
}

/* An input that dies at this node and may be written over, or CX_STORAGE_NONE. */
static uint32_t dying_input(const struct cx_graph *graph, const struct cx_node *node, uint32_t step,
                            const uint32_t *storage_of, const struct cx_storage *storages,
                            const uint32_t *last)
{
    if (node->output_count == 0 || node->outputs[0] == CX_VALUE_NONE ||
        !(node->op->impl->flags & CX_OP_INPLACE))
        return CX_STORAGE_NONE;
    size_t bytes = graph->values[node->outputs[0]].bytes;
    for (uint32_t r = 0; r < node->input_count; r++) {
        uint32_t value = node->inputs[r];
        if (value == CX_VALUE_NONE || storage_of[value] == CX_STORAGE_NONE)
            continue;
        const struct cx_storage *storage = &storages[storage_of[value]];
        if (storage->last == step && last[value] == step && storage->bytes == bytes &&
            graph->values[value].bytes == bytes && read_once(node, value, storage_of))
            return storage_of[value];
    }
    return CX_STORAGE_NONE;
}

struct sharing {
    const struct cx_graph *graph;
    uint32_t *storage_of, *constant_of, *last;
    struct cx_storage *storages;
    uint32_t storage_n;
};

static void add_storage(struct sharing *s, uint32_t value, uint32_t step)
{
    size_t bytes = s->graph->values[value].bytes;
    s->storages[s->storage_n] =
        (struct cx_storage){.bytes = bytes == 0 ? 1 : bytes, .first = step, .last = s->last[value]};
    s->storage_of[value] = s->storage_n++;
}

static void join_storage(struct sharing *s, uint32_t value, uint32_t storage)
{
    s->storage_of[value] = storage;
    if (storage != CX_STORAGE_NONE && s->storages[storage].last < s->last[value])
        s->storages[storage].last = s->last[value];
}

/* Makes room behind what is there for an output that begins with it. */
static void grow_storage(struct sharing *s, uint32_t value, uint32_t storage)
{
    uint64_t bytes = s->graph->values[value].bytes;
    if (s->storages[storage].bytes < bytes)
        s->storages[storage].bytes = bytes;
    join_storage(s, value, storage);
}

/* Aliases extend the life of what they stand on before anyone asks whether it is dying. */
static void extend_alias_lives(const struct cx_graph *graph, uint32_t *last)
{
    for (uint32_t i = graph->node_count; i-- > 0;) {
        const struct cx_node *node = &graph->nodes[i];
        if (!(node->op->impl->flags & CX_OP_ALIAS) || node->outputs[0] == CX_VALUE_NONE)
            continue;
        if (last[node->inputs[0]] < last[node->outputs[0]])
            last[node->inputs[0]] = last[node->outputs[0]];
    }
}

enum cx_status cx_memory_values(const struct cx_graph *graph, uint32_t *storage_of,
                                uint32_t *constant_of, struct cx_storage *storages,
                                uint32_t *ret_storage_n)
{
    uint32_t *last = calloc((size_t)graph->value_count + 1, sizeof *last);
    if (last == NULL)
        return CX_MEMORY;
    last_uses(graph, last);
    extend_alias_lives(graph, last);
    struct sharing s = {graph, storage_of, constant_of, last, storages, 0};
    for (uint32_t v = 0; v < graph->value_count; v++) {
        storage_of[v] = CX_STORAGE_NONE;
        constant_of[v] = graph->values[v].data != NULL ? v : CX_VALUE_NONE;
    }
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph->values[graph->inputs[i]].data == NULL)
            add_storage(&s, graph->inputs[i], 0);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct cx_node *node = &graph->nodes[i];
        bool alias = (node->op->impl->flags & CX_OP_ALIAS) != 0;
        uint32_t over = dying_input(graph, node, i + 1, storage_of, storages, last);
        for (uint32_t r = 0; r < node->output_count; r++) {
            uint32_t value = node->outputs[r];
            if (value == CX_VALUE_NONE)
                continue;
            if (r == 0 && node->grows && storage_of[node->inputs[0]] != CX_STORAGE_NONE) {
                grow_storage(&s, value, storage_of[node->inputs[0]]);
            } else if (r == 0 && alias) {
                constant_of[value] = constant_of[node->inputs[0]];
                join_storage(&s, value, storage_of[node->inputs[0]]);
            } else if (r == 0 && over != CX_STORAGE_NONE) {
                join_storage(&s, value, over);
            } else {
                add_storage(&s, value, i + 1);
            }
        }
    }
    *ret_storage_n = s.storage_n;
    free(last);
    return CX_OK;
}
