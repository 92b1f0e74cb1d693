/* SPDX-License-Identifier: MIT */
#include "loop/audit.h"

#include "base/date.h"
#include "base/uuid.h"
#include "kafka/topics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char purpose[] = "afledning af adgang / derive access";

/* The names of the fields that the translation keeps: what the processing can have used. */
static struct ule_strings kept_fields(struct ule_arena *arena) {
    static const char *const cleared[] = {"event_id", "status_since", "municipality", "guardianship", "cause"};
    const struct ule_record *record = &ule_person_changed_record;
    struct ule_strings fields = {.items = ule_arena_array(arena, record->count, sizeof(const char *))};
    for (size_t i = 0; i < record->count; i++) {
        bool kept = true;
        for (size_t j = 0; j < sizeof cleared / sizeof *cleared; j++)
            kept = kept && strcmp(record->fields[i].name, cleared[j]) != 0;
        if (kept)
            fields.items[fields.count++] = record->fields[i].name;
    }
    return fields;
}

void ule_audit_begin(const char *actor, const char *member, int64_t at, int64_t version,
                     const struct ule_caused_by *cause, struct ule_arena *arena, struct ule_cpr_transaction *out) {
    char text[24], event_id[ULE_UUID_SIZE];
    (void)snprintf(text, sizeof text, "%" PRId64, version);
    const char *parts[] = {ULE_AUDIT_TOPIC, actor, text, member};
    ule_record_init(&ule_cpr_transaction_record, out, arena);
    out->at = at;
    out->version = version;
    out->event_id = ule_arena_string(arena, ule_uuid_v5(parts, member ? 4 : 3, event_id));
    out->caused_by = *cause;
    out->effective_on = ule_date_of_time(at);
    out->actor = actor;
}

void ule_audit_process(const char *actor, const char *member, int64_t at, int64_t count,
                       const struct ule_caused_by *cause, struct ule_arena *arena, struct ule_cpr_transaction *out) {
    ule_audit_begin(actor, member, at, at, cause, arena, out);
    out->purpose = purpose;
    out->type = ULE_TRANSACTION_TYPE_PROCESS;
    out->count = count;
    out->fields = kept_fields(arena);
}
