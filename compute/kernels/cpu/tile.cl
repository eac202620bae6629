/* The register tile of a CPU's matrix products: MR rows of two vectors, in named variables, since
 * arrays would be spilled. A comes packed as [k][MR], B as [k][NR]. */
#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define VEC PASTE(float, WIDTH)
#define VLOAD PASTE(vload, WIDTH)
#define VSTORE PASTE(vstore, WIDTH)
#define NR (2 * WIDTH)

#if MR == 1
#define ROWS(X) X(0)
#elif MR == 2
#define ROWS(X) X(0) X(1)
#elif MR == 4
#define ROWS(X) X(0) X(1) X(2) X(3)
#elif MR == 6
#define ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5)
#elif MR == 8
#define ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#endif

#define ROW_ZERO(i) VEC c##i##0 = (VEC)(0.0f), c##i##1 = (VEC)(0.0f);
#define ROW_ADD(i)                                                                                 \
    {                                                                                              \
        VEC x = (VEC)(a[i]);                                                                       \
        c##i##0 = fma(x, b0, c##i##0);                                                             \
        c##i##1 = fma(x, b1, c##i##1);                                                             \
    }

/* c += A * B over kn steps; a and b are advanced. */
#define TILE_MULTIPLY(kn)                                                                          \
    for (int k = 0; k < (kn); k++) {                                                               \
        VEC b0 = VLOAD(0, b), b1 = VLOAD(1, b);                                                    \
        ROWS(ROW_ADD)                                                                              \
        a += MR;                                                                                   \
        b += NR;                                                                                   \
    }

/* The same with the first vector of B's columns only: for panels that are at most half full. */
#define ROW_ADD_HALF(i) c##i##0 = fma((VEC)(a[i]), b0, c##i##0);
#define TILE_MULTIPLY_HALF(kn)                                                                     \
    for (int k = 0; k < (kn); k++) {                                                               \
        VEC b0 = VLOAD(0, b);                                                                      \
        ROWS(ROW_ADD_HALF)                                                                         \
        a += MR;                                                                                   \
        b += NR;                                                                                   \
    }
