#include "app/errand.h"

#include <stdlib.h>

void tui_submission_destroy(struct tui_submission *submission)
{
    if (!submission)
        return;
    for (size_t i = 0; i < submission->count; i++)
        free(submission->paths[i]);
    free(submission);
}

void tui_errand_finish(struct tui_errand *errand)
{
    free(errand->path);
    tui_submission_destroy(errand->submission);
    *errand = (struct tui_errand){0};
}

void tui_folder_destroy(struct tui_folder *folder)
{
    if (!folder)
        return;
    free(folder->path);
    free(folder);
}

void tui_news_destroy(struct tui_news *news)
{
    if (!news)
        return;
    tui_folder_destroy(news->folder);
    free(news->preview);
    free(news);
}
