/* STEP(s) for the innermost `rank` loops of a long8, the last one first. STEP peels one loop off an
 * element number. */
#define PEEL_LOOPS(STEP, rank) \
    STEP(s7)                   \
    if (rank > 1)              \
        STEP(s6)               \
    if (rank > 2)              \
        STEP(s5)               \
    if (rank > 3)              \
        STEP(s4)               \
    if (rank > 4)              \
        STEP(s3)               \
    if (rank > 5)              \
        STEP(s2)               \
    if (rank > 6)              \
        STEP(s1)               \
    if (rank > 7)              \
    STEP(s0)
