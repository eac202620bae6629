/* Elements that are only moved: T is an unsigned type of SIZE bytes, S the signed one, and W a
 * vector of 32 bytes of it (16 lanes at most). */
#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#if SIZE == 1
#define T uchar
#define S char
#define W 16
#elif SIZE == 2
#define T ushort
#define S short
#define W 16
#elif SIZE == 4
#define T uint
#define S int
#define W 8
#else
#define T ulong
#define S long
#define W 4
#endif
