// Looks at the whole file once, beside everything else, after it was opened: what is damaged is
// told before somebody runs into it.
#include <stdio.h>

#include "agent/ledger/ledger_internal.h"

static int is_closing(void *user)
{
    return atomic_load(&((struct ledger_sqlite *)user)->check_closing);
}

static void *check_thread(void *user)
{
    struct ledger_sqlite *ledger = user;
    sqlite3_stmt *statement = NULL;
    char text[AGENT_ERROR_TEXT_MAX];
    sqlite3_progress_handler(ledger->check_db, 10000, is_closing, ledger);
    int status =
        sqlite3_prepare_v2(ledger->check_db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (status == SQLITE_OK)
        status = sqlite3_step(statement);
    const char *said = status == SQLITE_ROW ? agent_ledger_text(statement, 0) : "";
    bool damaged = (status == SQLITE_ROW && sqlite3_stricmp(said, "ok") != 0) ||
                   (status & 0xff) == SQLITE_CORRUPT || (status & 0xff) == SQLITE_NOTADB;
    if (damaged) {
        snprintf(text, sizeof text, "%.200s is damaged: %.100s; %s", ledger->path,
                 status == SQLITE_ROW ? said : sqlite3_errmsg(ledger->check_db),
                 agent_ledger_advice(SQLITE_CORRUPT));
        agent_ledger_damaged(ledger, text);
    }
    sqlite3_finalize(statement);
    return NULL;
}

bool agent_ledger_check_start(struct ledger_sqlite *ledger)
{
    ledger->check_started = pthread_create(&ledger->check_thread, NULL, check_thread, ledger) == 0;
    return ledger->check_started;
}

void agent_ledger_check_stop(struct ledger_sqlite *ledger)
{
    if (!ledger->check_started)
        return;
    atomic_store(&ledger->check_closing, true);
    pthread_join(ledger->check_thread, NULL);
    ledger->check_started = false;
}

void agent_ledger_damaged(struct ledger_sqlite *ledger, const char *text)
{
    if (!atomic_exchange(&ledger->damaged, true) && ledger->base.on_damage != NULL)
        ledger->base.on_damage(ledger->base.user, text);
}

const char *agent_ledger_advice(int status)
{
    switch (status & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "stop the coordinator and restore it from a backup, or save what can be read with "
               "sqlite3 FILE .recover";
    case SQLITE_FULL:
        return "free space on its file system; it is tried again by itself";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
        return "look for its disk in the kernel's log, and whether its file system is read-only or "
               "full; it is tried again by itself";
    default:
        return "it is tried again by itself";
    }
}
