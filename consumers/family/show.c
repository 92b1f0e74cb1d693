/* SPDX-License-Identifier: MIT */
/* What an operator sees of the partitions: how many accounts and cases are committed, how far a restore is, how large
 * the stores are. */
#include "family/family.h"
#include "ops/health.h"
#include "ops/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { SHOW_MS = 500, STORES_MS = 10000 };

void family_show_committed(struct family *family) {
    struct ule_census sum = {0};
    for (size_t i = 0; i < family->partitions_count; i++) {
        if (family->partitions[i].stage >= FAMILY_READY)
            ule_census_add(&sum, &family->partitions[i].committed);
    }
    ule_census_show(&sum);
}

void family_note(struct family *family, bool count) {
    const struct ule_stepper_counts *now = ule_stepper_counts(family->stepper);
    for (size_t i = 0; i < ULE_NOTE_COUNT && count; i++)
        ule_metric_add(ULE_METRIC_NOTES, ule_note_names[i], NULL, now->notes[i] - family->noted.notes[i]);
    family->noted = *now;
}

static void show_stores(const struct family *family) {
    double bytes = 0, records = 0;
    for (size_t i = 0; i < family->partitions_count; i++) {
        const struct family_partition *partition = &family->partitions[i];
        char path[4200];
        struct stat status;
        if (!partition->store)
            continue;
        records += (double)ule_store_count(partition->store);
        (void)snprintf(path, sizeof path, "%s/partition-%" PRId32 "/data.mdb", family->config->state_dir,
                       partition->number);
        if (stat(path, &status) == 0)
            bytes += (double)status.st_blocks * 512;
    }
    ule_metric_set(ULE_METRIC_STORE_BYTES, NULL, NULL, bytes);
    ule_metric_set(ULE_METRIC_STORE_ENTITIES, NULL, NULL, records);
}

void family_show_stages(struct family *family, bool now) {
    static const char *const names[] = {
        [FAMILY_NEW] = "new", [FAMILY_RESTORING] = "restoring", [FAMILY_READY] = "ready", [FAMILY_TICKING] = "ticking"};
    int64_t at = ule_health_turned(), left = 0, records = 0;
    size_t stages[sizeof names / sizeof *names] = {0};
    if (!now && at - family->shown < SHOW_MS)
        return;
    family->shown = at;
    for (size_t i = 0; i < family->partitions_count; i++) {
        const struct family_partition *partition = &family->partitions[i];
        stages[partition->stage]++;
        records += partition->restored;
        if (partition->stage == FAMILY_RESTORING)
            left += partition->restore_to - partition->position;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ule_metric_set(ULE_METRIC_PARTITIONS, names[i], NULL, (double)stages[i]);
    ule_metric_set(ULE_METRIC_RESTORE_OFFSETS_LEFT, NULL, NULL, (double)left);
    ule_metric_set(ULE_METRIC_RESTORE_RECORDS, NULL, NULL, (double)records);
    if (now || at - family->stores_looked >= STORES_MS) {
        family->stores_looked = at;
        show_stores(family);
    }
    char why[120];
    size_t missing = stages[FAMILY_NEW] + stages[FAMILY_RESTORING];
    (void)snprintf(why, sizeof why, "%zu of %zu are being restored, %" PRId64 " offsets left", missing,
                   family->partitions_count, left);
    ule_ready_set(ULE_READY_RESTORED, family->partitions && missing == 0,
                  family->partitions ? why : "no partitions are assigned");
}

void family_show_none(struct family *family) {
    static const enum ule_metric told[] = {
        ULE_METRIC_ACCOUNTS,    ULE_METRIC_CASES_OPEN,     ULE_METRIC_PARTITIONS,     ULE_METRIC_RESTORE_OFFSETS_LEFT,
        ULE_METRIC_STORE_BYTES, ULE_METRIC_STORE_ENTITIES, ULE_METRIC_RESTORE_RECORDS};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        ule_metric_clear(told[i]);
    family_note(family, false);
    ule_ready_set(ULE_READY_RESTORED, false, "no partitions are assigned");
}
