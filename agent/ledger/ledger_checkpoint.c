// Checkpoints: what the WAL holds goes into the database's file on a thread of its own, while
// commits go on. The WAL begins anew only when nothing in it is newer than the file, which under
// load never happens by itself: so once the bulk is done, the writing thread does the little rest
// between two commits.
#include "agent/ledger/ledger_internal.h"

#define REST_PAGES_MAX 512 // that the writing thread takes on itself: some milliseconds

static void *checkpoint_thread(void *user)
{
    struct ledger_sqlite *ledger = user;
    pthread_mutex_lock(&ledger->checkpoint_lock);
    for (;;) {
        while (!ledger->checkpoint_wanted && !ledger->checkpoint_closing)
            pthread_cond_wait(&ledger->checkpoint_wake, &ledger->checkpoint_lock);
        if (ledger->checkpoint_closing)
            break;
        pthread_mutex_unlock(&ledger->checkpoint_lock);
        int in_wal = 0, in_file = 0;
        int status = sqlite3_wal_checkpoint_v2(ledger->checkpoint_db, "main",
                                               SQLITE_CHECKPOINT_PASSIVE, &in_wal, &in_file);
        atomic_fetch_add(&ledger->checkpoints, status == SQLITE_OK);
        pthread_mutex_lock(&ledger->checkpoint_lock);
        ledger->checkpoint_wanted = false;
        atomic_store(&ledger->checkpoint_pages, status == SQLITE_OK ? in_file : 0);
    }
    pthread_mutex_unlock(&ledger->checkpoint_lock);
    return NULL;
}

void agent_ledger_checkpoint_after(struct ledger_sqlite *ledger)
{
    if (ledger->wal_pages < LEDGER_WAL_PAGES)
        return;
    // A reader may hold a checkpoint up, or much have come meanwhile: then it is asked for again.
    int done = atomic_exchange(&ledger->checkpoint_pages, 0);
    if (done > 0 && ledger->wal_pages - done <= REST_PAGES_MAX) {
        int in_wal = 0, in_file = 0;
        sqlite3_wal_checkpoint_v2(ledger->db, "main", SQLITE_CHECKPOINT_PASSIVE, &in_wal, &in_file);
        if (in_wal == in_file)
            return; // the next transaction begins at the start of the WAL
    }
    pthread_mutex_lock(&ledger->checkpoint_lock);
    if (!ledger->checkpoint_wanted) {
        ledger->checkpoint_wanted = true;
        pthread_cond_signal(&ledger->checkpoint_wake);
    }
    pthread_mutex_unlock(&ledger->checkpoint_lock);
}

static int note_pages(void *user, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct ledger_sqlite *)user)->wal_pages = pages;
    return SQLITE_OK;
}

bool agent_ledger_checkpoint_start(struct ledger_sqlite *ledger)
{
    sqlite3_wal_hook(ledger->db, note_pages, ledger); // and no checkpoints by itself
    ledger->checkpoint_started =
        pthread_create(&ledger->checkpoint_thread, NULL, checkpoint_thread, ledger) == 0;
    return ledger->checkpoint_started;
}

void agent_ledger_checkpoint_stop(struct ledger_sqlite *ledger)
{
    if (!ledger->checkpoint_started)
        return;
    pthread_mutex_lock(&ledger->checkpoint_lock);
    ledger->checkpoint_closing = true;
    pthread_cond_signal(&ledger->checkpoint_wake);
    pthread_mutex_unlock(&ledger->checkpoint_lock);
    pthread_join(ledger->checkpoint_thread, NULL);
    ledger->checkpoint_started = false;
}
