/* SPDX-License-Identifier: MIT */
/* What every process does around its task: options, configuration, log, signals, exit status (design.md section 9). */
#ifndef ULE_LOOP_PROCESS_H
#define ULE_LOOP_PROCESS_H

#include "loop/worker.h"

/* What has to be allowed by hand, for one start. */
struct ule_permits {
    bool jump;      /* --allow-jump: the civil date moves on by more than seven days */
    bool new_inbox; /* --allow-new-inbox: no offset in the inbox, though there are states */
};

struct ule_process {
    const char *name; /* ule-cpr-change, ... */
    const char *says; /* one line for --help */
    bool stateful;    /* needs state.dir and secret.file, and has the permits */
    const void *context;
    /* A task made from the configuration; it is freed by free_task. */
    enum ule_code (*new_task)(const struct ule_process *process, const struct ule_config *config,
                              const struct ule_permits *permits, void **made, const struct ule_task **task,
                              struct ule_error *error);
    void (*free_task)(void *made);
};

/* Runs until SIGTERM or SIGINT. The exit status: 0 stopped as told, 1 something starting again may not mend, 2 usage or
 * configuration, 78 a rival with the same ids lives (the supervisor must not start this one again). */
int ule_process_main(int argc, char **argv, const struct ule_process *process);

#endif
