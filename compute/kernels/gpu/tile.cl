/* A tile of a matrix product: what a work-group does between bringing in slices of both operands.
 *
 * MDIM x NDIM items compute MDIM*MWI rows by NDIM*NWI columns; an item keeps MWI x NWI sums, in
 * blocks of 4 x 4 that lie MDIM*4 rows and NDIM*4 columns apart, so that neighbouring items read
 * neighbouring float4s and local memory has no bank conflicts. The inner axis is walked in slices
 * of KWG steps, [step][row or column], two of them in local memory: one is multiplied while the
 * next one is on its way, so a slice costs one barrier. An item of 8 x 8 sums reads 64 bytes of
 * local memory for 64 multiply-adds: half of what a compute unit of either maker can deliver.
 *
 * With NEED_FP16 slices are kept in half, which takes half of that; sums are float. */
#define KWG 8
#define ITEMS (MDIM * NDIM)
#define MWG (MDIM * MWI)
#define NWG (NDIM * NWI)
#ifndef PAD
#define PAD 0 /* float4s after each step, where slices are written across steps */
#endif
#define A_PITCH (MWG / 4 + PAD)
#define B_PITCH (NWG / 4 + PAD)
#define A_SLICE (KWG * A_PITCH)
#define B_SLICE (KWG * B_PITCH)

#ifdef NEED_FP16
#define SLICE_TYPE half
#define SLICE_TYPE4 half4
#define TO_SLICE4(v) convert_half4(v)
#define FROM_SLICE4(v) convert_float4(v)
#else
#define SLICE_TYPE float
#define SLICE_TYPE4 float4
#define TO_SLICE4(v) (v)
#define FROM_SLICE4(v) (v)
#endif

static inline void tile_clear(float4 sums[MWI][NWI / 4])
{
    for (int i = 0; i < MWI; i++)
        for (int j = 0; j < NWI / 4; j++)
            sums[i][j] = (float4)(0.0f);
}

/* sums += a slice of A times a slice of B; row and column: the item's places in MDIM x NDIM. With
 * HALF_SUMS a slice's products are added up in half first. */
#ifdef HALF_SUMS
#define PART_TYPE4 half4
#define TO_PART4(v) (v)
#else
#define PART_TYPE4 float4
#define TO_PART4(v) FROM_SLICE4(v)
#endif

static inline void tile_multiply(__local const SLICE_TYPE4 *a, __local const SLICE_TYPE4 *b,
                                 float4 sums[MWI][NWI / 4], int row, int column)
{
#ifdef HALF_SUMS
    half4 parts[MWI][NWI / 4];
    for (int i = 0; i < MWI; i++)
        for (int j = 0; j < NWI / 4; j++)
            parts[i][j] = (half4)(0);
#else
#define parts sums
#endif
#pragma unroll
    for (int k = 0; k < KWG; k++) {
        PART_TYPE4 right[NWI / 4];
#pragma unroll
        for (int j = 0; j < NWI / 4; j++)
            right[j] = TO_PART4(b[k * B_PITCH + j * NDIM + column]);
#pragma unroll
        for (int i = 0; i < MWI / 4; i++) {
            PART_TYPE4 left = TO_PART4(a[k * A_PITCH + i * MDIM + row]);
#pragma unroll
            for (int j = 0; j < NWI / 4; j++) {
                parts[4 * i][j] += left.s0 * right[j];
                parts[4 * i + 1][j] += left.s1 * right[j];
                parts[4 * i + 2][j] += left.s2 * right[j];
                parts[4 * i + 3][j] += left.s3 * right[j];
            }
        }
    }
#ifdef HALF_SUMS
    for (int i = 0; i < MWI; i++)
        for (int j = 0; j < NWI / 4; j++)
            sums[i][j] += convert_float4(parts[i][j]);
#endif
}

/* Where sums[i][j] belongs in the work-group's tile: the row, and the first of four columns. */
static inline int tile_row(int i, int row)
{
    return (i / 4 * MDIM + row) * 4 + i % 4;
}

static inline int tile_column(int j, int column)
{
    return (j * NDIM + column) * 4;
}
