/* usage: tidy ROOT COMPILE_COMMANDS — prints what is wrong with the source tree; 1 if anything is.
 */
#include "tidy.h"

#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: tidy ROOT COMPILE_COMMANDS\n");
        return 2;
    }
    struct tidy_tree tree;
    int rc = tidy_tree_load(argv[1], argv[2], &tree);
    if (rc) {
        fprintf(stderr, "tidy: %s: %s\n", argv[1], strerror(-rc));
        return 2;
    }
    size_t violations = tidy_check(&tree, stdout);
    printf("%zu files, %zu rules, %zu violations\n", tree.count, tidy_rule_count, violations);
    tidy_tree_finish(&tree);
    return violations ? EXIT_FAILURE : EXIT_SUCCESS;
}
