/* SPDX-License-Identifier: MIT */
#include "ule/replay_tally.h"

#include "loop/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char meta_name[] = "replay.tally";

void ule_tally_close(struct ule_tally *tally) {
    free(tally->counts);
    memset(tally, 0, sizeof *tally);
}

static struct ule_count *find(const struct ule_tally *tally, const char *name) {
    for (size_t i = 0; i < tally->count; i++) {
        if (strcmp(tally->counts[i].name, name) == 0)
            return &tally->counts[i];
    }
    return NULL;
}

static void add(struct ule_tally *tally, const char *name, int64_t more) {
    struct ule_count *count = find(tally, name);
    if (!count) {
        tally->counts = realloc(tally->counts, (tally->count + 1) * sizeof *tally->counts);
        if (!tally->counts)
            abort();
        count = &tally->counts[tally->count++];
        memset(count, 0, sizeof *count);
        (void)snprintf(count->name, sizeof count->name, "%s", name);
    }
    count->value += more;
}

void ule_tally_add(struct ule_tally *tally, const char *group, const char *kind, int64_t more) {
    char name[sizeof tally->counts->name];
    (void)snprintf(name, sizeof name, "%s/%s", group, kind);
    add(tally, name, more);
}

static const void *member(const struct ule_record *record, const void *value, const char *name,
                          const struct ule_field **field) {
    for (size_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) == 0) {
            *field = &record->fields[i];
            return (const char *)value + record->fields[i].offset;
        }
    }
    abort(); /* the names below are of our own schemas */
}

static const char *symbol(const struct ule_record *record, const void *value, const char *name) {
    const struct ule_field *field;
    const int *at = member(record, value, name, &field);
    return *at >= 0 && (size_t)*at < field->symbols->count ? field->symbols->symbols[*at] : "";
}

static const char *text(const struct ule_record *record, const void *value, const char *name) {
    const struct ule_field *field;
    const char *const *at = member(record, value, name, &field);
    return *at ? *at : "";
}

/* What is counted by its last value: the topic, the group in the table, and the field whose value is the kind. */
static const struct {
    enum ule_topic topic;
    const char *group, *field;
} by_last[] = {
    {ULE_TOPIC_PROVISIONING, "account", "state"},
    {ULE_TOPIC_CONTACT_RELATION, "contact", "access"},
    {ULE_TOPIC_CASE, "case", "case"},
    {ULE_TOPIC_REREGISTRATION, "swap", "outcome"},
    {ULE_TOPIC_PUPIL, "pupil", "reason"},
};

/* "" for what no longer counts: an ended relation, a closed case, a tombstone. */
static const char *kind_of(enum ule_topic topic, const char *field, const void *value) {
    const struct ule_record *record = ule_topic_records[topic];
    const struct ule_field *open;
    if (!value)
        return "";
    if (topic == ULE_TOPIC_CASE && !*(const bool *)member(record, value, "open", &open))
        return "";
    if (topic == ULE_TOPIC_CONTACT_RELATION && strcmp(symbol(record, value, "authority"), "NONE") == 0)
        return "";
    return symbol(record, value, field);
}

static void move(struct ule_tally *tally, struct ule_store *store, const char *group, const char *thing,
                 const char *kind) {
    char name[400], old[32] = "";
    struct ule_buffer bytes = {0};
    (void)snprintf(name, sizeof name, "replay.last:%s:%s", group, thing);
    if (ule_store_meta_get(store, name, &bytes))
        (void)snprintf(old, sizeof old, "%.*s", (int)bytes.size, (const char *)bytes.bytes);
    ule_buffer_close(&bytes);
    if (strcmp(old, kind) == 0)
        return;
    if (*old)
        ule_tally_add(tally, group, old, -1);
    if (*kind)
        ule_tally_add(tally, group, kind, 1);
    ule_store_meta_put(store, name, kind, strlen(kind));
}

void ule_tally_output(struct ule_tally *tally, struct ule_store *store, const struct ule_output *output) {
    ule_tally_add(tally, "out", ule_topic_names[output->topic], 1);
    for (size_t i = 0; i < sizeof by_last / sizeof *by_last; i++) {
        if (by_last[i].topic != output->topic)
            continue;
        const char *kind = kind_of(output->topic, by_last[i].field, output->value);
        const struct ule_record *record = ule_topic_records[output->topic];
        char pair[64];
        if (output->topic == ULE_TOPIC_REREGISTRATION && output->value)
            (void)snprintf(pair, sizeof pair, "%s>%s", text(record, output->value, "from_number"),
                           text(record, output->value, "to_number"));
        if (output->topic != ULE_TOPIC_REREGISTRATION)
            move(tally, store, by_last[i].group, output->key, kind);
        else if (output->value)
            move(tally, store, by_last[i].group, pair, kind);
    }
}

void ule_tally_load(struct ule_tally *tally, struct ule_store *store) {
    struct ule_buffer bytes = {0};
    if (ule_store_meta_get(store, meta_name, &bytes)) {
        ule_buffer_append(&bytes, "", 1);
        char *rest = (char *)bytes.bytes;
        for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
            char *blank = strchr(line, ' ');
            if (!blank)
                continue;
            *blank = '\0';
            add(tally, line, strtoll(blank + 1, NULL, 10));
        }
    }
    ule_buffer_close(&bytes);
}

void ule_tally_save(const struct ule_tally *tally, struct ule_store *store) {
    struct ule_buffer bytes = {0};
    for (size_t i = 0; i < tally->count; i++) {
        char line[128];
        int size = snprintf(line, sizeof line, "%s %" PRId64 "\n", tally->counts[i].name, tally->counts[i].value);
        ule_buffer_append(&bytes, line, (size_t)size);
    }
    ule_store_meta_put(store, meta_name, bytes.bytes, bytes.size);
    ule_buffer_close(&bytes);
}

struct row {
    const char *kind, *title;
};

static const struct row inputs[] = {
    {"cpr.person-changed.v1", "persons as CPR has them"},
    {"udlst.residence-permit.v1", "residence permits"},
    {"nemid.credential.v1", "NemID and MitID"},
    {"institution.person-changed.v1", "pupils and staff as institutions have them"},
    {"institution.request.v1", "requests from institutions"},
    {NULL, NULL},
};
static const struct row outputs[] = {
    {"unilogin.provisioning.v1", "accounts"},
    {"unilogin.reregistration.v1", "re-registrations"},
    {"unilogin.contact-relation.v1", "contacts of children"},
    {"unilogin.case.v1", "cases"},
    {"optagelse.pupil.v1", "pupils for Optagelse.dk"},
    {"cpr.subscription-wanted.v1", "CPR subscriptions wanted or not"},
    {"ule.audit.v1", "audit: CPR records processed a day"},
    {NULL, NULL},
};
static const struct row accounts[] = {
    {"CREATED", "wait for a credential"},
    {"ACTIVE", "can be used"},
    {"SUSPENDED", "cannot be used for now"},
    {"CLOSED", "ended"},
    {NULL, NULL},
};
static const struct row contacts[] = {
    {"SENSITIVE", "may see sensitive data of the child"},
    {"NON_SENSITIVE", "may see what is not sensitive"},
    {"NONE", "see nothing yet"},
    {NULL, NULL},
};
static const struct row cases[] = {
    {"CPR_1", "asylum applicant or pending family reunification, no number"},
    {"CPR_2", "contact lives abroad, no number"},
    {"CPR_3", "newly moved to Denmark, waits for a number"},
    {"CPR_4", "diplomat's family, no number yet"},
    {"CPR_5", "known by a replacement number, to be re-registered"},
    {"NEMID_1", "no credential: asylum applicant without number"},
    {"NEMID_2", "no credential: lives abroad, no number"},
    {"NEMID_3", "no credential: newly moved, waits for a number"},
    {"NEMID_4", "no credential: not entitled to a number"},
    {"NEMID_5", "credential revoked"},
    {"NEMID_6", "no credential: back after a long stay abroad"},
    {"NEMID_7", "does not want a credential"},
    {"NEMID_8", "no credential: other reasons"},
    {"CUSTODY_UNREGISTERED", "CPR has registered no custody of the child"},
    {"CUSTODY_DISCREPANCY", "the institution asserts custody, CPR says otherwise"},
    {"REPLACEMENT_DISPUTED", "one replacement number for different persons"},
    {"REREGISTRATION_CONFLICT", "two numbers that may be two persons"},
    {"REREGISTRATION_REJECTED", "birth dates of the two numbers disagree"},
    {"REREGISTRATION_OVERDUE", "not re-registered within five days, grades 8-10"},
    {"LEAVERS_HELD", "so many pupils left that the institution must say so"},
    {NULL, NULL},
};
static const struct row swaps[] = {
    {"PENDING_CPR", "wait for CPR to tell of the new number"},
    {"RENUMBERED", "the account has the new number"},
    {"MERGED", "two accounts became one"},
    {"CONFLICT", "somebody must decide"},
    {"REJECTED", "not done"},
    {"REVERSED", "undone"},
    {NULL, NULL},
};
static const struct row pupils[] = {
    {"VERIFIED", "included"},
    {"REPLACEMENT", "left out: replacement number"},
    {"UNVERIFIED", "left out: CPR has not told of the number"},
    {"ANNULLED", "left out: the number is no longer good"},
    {"LEFT", "left out: no longer a pupil there"},
    {"LEVEL", "left out: another grade"},
    {NULL, NULL},
};
static const struct row errors[] = {
    {"FRAMING", "neither of the two framings"},
    {"SCHEMA_UNKNOWN", "written with an unknown schema"},
    {"SCHEMA_MISMATCH", "written with a schema that does not fit"},
    {"TRUNCATED", "cut off"},
    {"MALFORMED", "not readable"},
    {"UTF8", "text that is no UTF-8"},
    {"ENUM_UNKNOWN", "a word that we do not know"},
    {"FIELD_MISSING", "a field is missing"},
    {"FIELD_TYPE", "a field of the wrong type"},
    {"DATE_IMPOSSIBLE", "a date that does not exist"},
    {"NUMBER_MALFORMED", "not a person number"},
    {"ID_MALFORMED", "not an id"},
    {"KEY_MISMATCH", "filed under another's key"},
    {"FROM_THE_FUTURE", "changed after it was sent"},
    {"UNDER_AGE", "a credential for somebody too young"},
    {"CONTRADICTION", "contradicts itself"},
    {"TOO_LARGE", "too large"},
    {"QUARANTINED", "to an entity that is set aside"},
    {"POISON", "a process died on it, twice"},
    {NULL, NULL},
};

/* Every row of a short table that is worth reading as a whole; of the others only those that have something. */
static void print_group(const struct ule_tally *tally, const char *title, const char *group, const struct row *rows,
                        bool all, FILE *file) {
    bool any = false;
    (void)fprintf(file, "\n%s\n", title);
    for (; rows->kind; rows++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s/%s", group, rows->kind);
        const struct ule_count *count = find(tally, name);
        int64_t value = count ? count->value : 0;
        if (!all && value == 0)
            continue;
        any = true;
        (void)fprintf(file, "  %10" PRId64 "  %-30s %s\n", value, rows->kind, rows->title);
    }
    if (!any)
        (void)fprintf(file, "  %10s\n", "none");
}

static void print_single(const struct ule_tally *tally, const char *name, const char *title, FILE *file) {
    const struct ule_count *count = find(tally, name);
    if (count && count->value)
        (void)fprintf(file, "  %10" PRId64 "  %s\n", count->value, title);
}

void ule_tally_print(const struct ule_tally *tally, int32_t today, FILE *file) {
    char date[11] = "no day";
    if (today != ULE_DATE_NONE)
        (void)ule_date_format(today, date);
    (void)fprintf(file, "As of %s\n", date);
    print_group(tally, "Events read", "in", inputs, true, file);
    print_single(tally, "note/stale", "of them older than what was held: no effect", file);
    print_single(tally, "note/request-ignored", "requests from institutions that do not know the person: kept", file);
    print_single(tally, "note/subscription-alarm",
                 "CPR subscriptions ended of persons that matter: to be ordered again", file);
    print_single(tally, "note/ring", "times that swaps went round and were stopped: CONFLICT", file);
    print_single(tally, "note/cut-short", "tells without end: put off to the next day", file);
    print_single(tally, "note/number-ignored", "numbers in them that are none: taken as absent", file);
    print_group(tally, "Set aside as dead letters", "dead", errors, false, file);
    print_group(tally, "Published", "out", outputs, true, file);
    print_group(tally, "Accounts", "account", accounts, true, file);
    print_group(tally, "Contacts of children", "contact", contacts, true, file);
    print_group(tally, "Re-registrations", "swap", swaps, false, file);
    print_group(tally, "Pupils of grades 8 to 10 at Optagelse.dk", "pupil", pupils, false, file);
    print_group(tally, "Open cases", "case", cases, false, file);
}

void ule_tally_print_inbox(const struct ule_tally *tally, int32_t today, FILE *file) {
    static const struct row read[] = {{"ule.person-inbox.v1", "messages to entities"}, {NULL, NULL}};
    char date[11] = "no day";
    if (today != ULE_DATE_NONE)
        (void)ule_date_format(today, date);
    (void)fprintf(file, "As of %s\n", date);
    print_group(tally, "Messages read", "in", read, true, file);
    print_group(tally, "Published", "out", outputs, true, file);
}
