/* Files should list nodes in the order they run, and some don't. */
#include "error.h"
#include "graph/simplify.h"

enum mark { UNSEEN, OPEN, DONE };

struct sort {
    const struct cx_graph *graph;
    const uint32_t *makers;
    uint8_t *marks;
    uint32_t *stack, *next; /* nodes being visited, and the read each has come to */
    struct cx_node *sorted;
    uint32_t depth, count;
};

static void push(struct sort *s, uint32_t n)
{
    s->marks[n] = OPEN;
    s->next[s->depth] = 0;
    s->stack[s->depth++] = n;
}

/* Emits node N after everything it reads. False when it reads its own result. */
static bool visit(struct sort *s, uint32_t n)
{
    push(s, n);
    while (s->depth > 0) {
        uint32_t at = s->stack[s->depth - 1];
        const struct cx_node *node = &s->graph->nodes[at];
        if (s->next[s->depth - 1] == cx_node_read_count(node)) {
            s->marks[at] = DONE;
            s->sorted[s->count++] = *node;
            s->depth--;
            continue;
        }
        uint32_t value = cx_node_read(node, s->next[s->depth - 1]++);
        uint32_t maker = value == CX_VALUE_NONE ? UINT32_MAX : s->makers[value];
        if (maker == UINT32_MAX || s->marks[maker] == DONE)
            continue;
        if (s->marks[maker] == OPEN)
            return false;
        push(s, maker);
    }
    return true;
}

enum cx_status cx_graph_sort(struct cx_graph *graph, struct cx_error *error)
{
    struct cx_arena *arena = &graph->arena;
    uint32_t n = graph->node_count;
    struct sort s = {.graph = graph, .makers = cx_graph_find_makers(graph)};
    s.marks = cx_arena_array(arena, n, sizeof *s.marks);
    s.stack = cx_arena_array(arena, n, sizeof *s.stack);
    s.next = cx_arena_array(arena, n, sizeof *s.next);
    s.sorted = cx_arena_array(arena, n, sizeof *s.sorted);
    if (s.makers == NULL || s.marks == NULL || s.stack == NULL || s.next == NULL ||
        s.sorted == NULL)
        return cx_error_set(error, CX_MEMORY, "out of memory");
    for (uint32_t i = 0; i < n; i++)
        if (s.marks[i] == UNSEEN && !visit(&s, i))
            return cx_error_set(error, CX_FORMAT, "node '%s' depends on its own result",
                                graph->nodes[i].name);
    graph->nodes = s.sorted;
    return CX_OK;
}
