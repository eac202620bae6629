#include "tidy.h"

#include <stdarg.h>

const struct tidy_rule tidy_rules[] = {
#define RULE(name, function, help) {name, function, help},
#include "rules.def"
#undef RULE
};
const size_t tidy_rule_count = sizeof tidy_rules / sizeof tidy_rules[0];

size_t tidy_check(const struct tidy_tree *tree, FILE *out)
{
    struct tidy_report report = {.out = out};
    for (size_t i = 0; i < tidy_rule_count; i++) {
        report.rule = tidy_rules[i].name;
        tidy_rules[i].check(tree, &report);
    }
    return report.count;
}

void tidy_add(struct tidy_report *report, const struct tidy_file *file, size_t line,
              const char *format, ...)
{
    fprintf(report->out, "%s:%zu: %s: ", file->path, line, report->rule);
    va_list args;
    va_start(args, format);
    vfprintf(report->out, format, args);
    va_end(args);
    fputc('\n', report->out);
    report->count++;
}
