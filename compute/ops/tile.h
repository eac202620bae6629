/* The repeats of Tile, shared by its evaluation and its kernels. */
#ifndef CX_TILE_H
#define CX_TILE_H

#include "ops/op.h"

/* How often each axis of input 0 is repeated; 0 leaves nothing of it. */
enum cx_status cx_tile_resolve(const struct cx_call *call, int64_t ret_repeats[CX_RANK_MAX]);

#endif
