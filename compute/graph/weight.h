/* Weights that stay in the model's file.
 *
 * A large weight that only convolutions, products and gathers read isn't copied when a model is
 * loaded: its value points into the mapped file (cx_value.in_file), at whatever alignment it has
 * there, and a batch normalization folded into it is kept as factors. The session reads it once,
 * into the form a kernel wants, and gives the file's pages back to the system, which can fetch them
 * again. */
#ifndef CX_WEIGHT_H
#define CX_WEIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "cx.h"
#include "graph/graph.h"

/* Smaller ones aren't worth it. */
#define CX_WEIGHT_BYTES_MIN ((size_t)16 << 10)

/* Whether input I of this node may be a weight in a file. */
bool cx_weight_place(const struct cx_node *node, uint32_t i);

/* Writes value->bytes bytes, the elements of a constant, to ROOM, which is aligned for them. Any
 * thread. */
void cx_weight_read(const struct cx_value *value, void *room);

/* Gives back the memory that reading took from the system; the elements can be read again. For any
 * constant. */
void cx_weight_release(const struct cx_value *value);

/* For readers that know of no files: a copy in the arena takes the file's place, unless the
 * elements happen to lie well in it. CX_MEMORY. Does nothing to other values. */
enum cx_status cx_weight_settle(struct cx_arena *arena, struct cx_value *value);

/* Multiplies slice c along the first axis by factors[c], in arithmetic of double, when it is read.
 * VALUE is in a file and nobody else's; CX_MEMORY. */
enum cx_status cx_weight_scale(struct cx_arena *arena, struct cx_value *value,
                               const double *factors);

#endif
