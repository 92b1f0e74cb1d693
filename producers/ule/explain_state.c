/* SPDX-License-Identifier: MIT */
/* The state of a replay, opened to be read: whose it is, and the persons in it as the rules work them out. Nothing in
 * it is changed: no batch is ever committed. */
#include "ule/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum ule_code lock(struct ule_explain *explain, const char *dir, struct ule_error *error) {
    char *path, *data;
    if (asprintf(&path, "%s/lock", dir) < 0 || asprintf(&data, "%s/data.mdb", dir) < 0)
        abort();
    explain->lock = open(path, O_RDWR | O_CLOEXEC);
    enum ule_code code = ULE_OK;
    if (explain->lock < 0 && errno != ENOENT)
        code = ule_fail(error, ULE_IO, "%s: %s", path, strerror(errno));
    else if (explain->lock < 0 || access(data, R_OK) != 0)
        code = ule_fail(error, ULE_STATE, "%s: holds no state; 'ule replay --state' makes one", dir);
    else if (flock(explain->lock, LOCK_SH | LOCK_NB) != 0)
        code = ule_fail(error, ULE_STATE, "%s: a replay is using this state; try again when it has ended", dir);
    free(path);
    free(data);
    return code;
}

static void close_stores(struct ule_explain *explain) {
    for (unsigned i = 0; explain->stores && i < explain->partitions; i++)
        ule_store_free(explain->stores[i]);
    free(explain->stores);
    explain->stores = NULL;
}

static enum ule_code open_stores(struct ule_explain *explain, const char *dir, unsigned partitions,
                                 struct ule_error *error) {
    explain->stores = calloc(partitions, sizeof *explain->stores);
    if (!explain->stores)
        abort();
    explain->partitions = partitions;
    return ule_store_lmdb_open_group(dir, partitions, (uint64_t)explain->config->store_map_bytes, false,
                                     explain->stores, error);
}

/* The first store says how many there are, and which rules and secret made it. */
static enum ule_code check_owner(struct ule_explain *explain, const char *dir, unsigned *partitions,
                                 struct ule_error *error) {
    char digest[65], text[96] = "";
    ule_config_digest(explain->config, digest);
    bool there = ule_store_meta_get(explain->stores[0], "replay.configuration", &explain->stored) &&
                 explain->stored.size < sizeof text;
    if (there)
        memcpy(text, explain->stored.bytes, explain->stored.size);
    char *end = text;
    const char *blank = strchr(text, ' ');
    unsigned long count = blank ? strtoul(blank + 1, &end, 10) : 0;
    if (!there || !blank || *end || count < 1 || count > 1024)
        return ule_fail(error, ULE_STATE, "%s: not the state of a replay", dir);
    if (strlen(digest) != (size_t)(blank - text) || strncmp(text, digest, strlen(digest)) != 0)
        return ule_fail(error, ULE_STATE,
                        "%s: made with another configuration or secret; give the same --config as the replay", dir);
    *partitions = (unsigned)count;
    return ULE_OK;
}

enum ule_code ule_explain_open(struct ule_explain *explain, const char *dir, const char *config, bool live,
                               struct ule_error *error) {
    *explain = (struct ule_explain){.lock = -1, .today = ULE_DATE_NONE};
    explain->arena = ule_arena_new();
    explain->codec = ule_state_codec_new();
    enum ule_code code = ule_config_read(config, &explain->config, error);
    if (code)
        return code;
    if (!live)
        ule_config_for_replay(explain->config);
    (void)ule_config_develop(explain->config);
    unsigned partitions = 1;
    code = lock(explain, dir, error);
    if (code == ULE_OK)
        code = open_stores(explain, dir, 1, error);
    if (code == ULE_OK)
        code = check_owner(explain, dir, &partitions, error);
    if (code == ULE_OK && partitions > 1) {
        close_stores(explain);
        code = open_stores(explain, dir, partitions, error);
    }
    if (code == ULE_OK)
        explain->today = ule_state_today(explain->stores[0]);
    if (code == ULE_OK && explain->today == ULE_DATE_NONE)
        code = ule_fail(error, ULE_STATE, "%s: nothing has been replayed into it", dir);
    return code;
}

void ule_explain_close(struct ule_explain *explain) {
    close_stores(explain);
    ule_buffer_close(&explain->stored);
    ule_state_codec_free(explain->codec);
    ule_arena_free(explain->arena);
    ule_config_free(explain->config);
    json_decref(explain->document);
    if (explain->lock >= 0)
        (void)close(explain->lock);
}

struct ule_person_state *ule_explain_state(struct ule_explain *explain, const char *entity) {
    struct ule_person_state *state = ule_arena_alloc(explain->arena, sizeof *state);
    struct ule_store *store = explain->stores[ule_state_partition(entity, explain->partitions)];
    struct ule_error error = {0};
    bool found = false;
    enum ule_code code = ule_state_read(explain->codec, store, entity, explain->arena, &explain->stored, state, &found,
                                        &error);
    if (code != ULE_OK && explain->code == ULE_OK) {
        explain->code = code;
        explain->error = error;
    }
    return code == ULE_OK && found ? state : NULL;
}

/* The name as protection allows, the number, and protection itself, which is told at every disclosure (A9). */
static const char *call(const struct ule_explain *explain, const struct ule_subject *subject) {
    const struct ule_account_changed *names = &subject->names;
    const char *given = names->given_names ? names->given_names : "";
    const char *family = names->family_name ? names->family_name : "";
    const char *name = names->names_withheld
                           ? "(name withheld)"
                           : ule_arena_printf(explain->arena, "%s%s%s", given, *given && *family ? " " : "", family);
    return ule_arena_printf(explain->arena, "%s%s%s%s%s", name, *name ? " " : "", subject->shown,
                            subject->person.dead ? " (dead)" : "",
                            names->protected ? " (NAME AND ADDRESS PROTECTED)" : "");
}

static const struct ule_account_changed *standing_account(struct ule_subject *subject) {
    const struct ule_account *account = subject->person.account;
    return account ? ule_derive_standing(&subject->derive, ULE_TOPIC_PROVISIONING, account->user_key) : NULL;
}

static void work_out(const struct ule_explain *explain, struct ule_subject *subject) {
    struct ule_inbox_message *nothing = ule_arena_alloc(explain->arena, sizeof *nothing);
    ule_record_init(&ule_inbox_message_record, nothing, explain->arena);
    nothing->entity = subject->entity;
    nothing->sender = "";
    nothing->at = ule_time_of_date(explain->today);
    nothing->caused_by = (struct ule_caused_by){.topic = "explain", .event_id = ""};
    struct ule_person_state *copy = ule_arena_alloc(explain->arena, sizeof *copy);
    ule_record_copy(&ule_person_state_record, subject->state, explain->arena, copy);
    subject->derive = (struct ule_derive){
        .entity = subject->entity,
        .state = copy,
        .message = nothing,
        .today = explain->today,
        .policy = &explain->config->policy,
        .arena = explain->arena,
        .due = ULE_DATE_NONE,
        .notes = ule_arena_array(explain->arena, ULE_NOTE_COUNT, sizeof(unsigned)),
    };
    ule_person_work_out(&subject->derive, &subject->person);
    ule_record_init(&ule_account_changed_record, &subject->names, explain->arena);
    ule_names_derive(&subject->person, &subject->names);
    subject->published = standing_account(subject);
}

struct ule_subject *ule_explain_subject(struct ule_explain *explain, const char *entity) {
    for (struct ule_subject *subject = explain->subjects; subject; subject = subject->next)
        if (strcmp(subject->entity, entity) == 0)
            return subject;
    struct ule_subject *subject = ule_arena_alloc(explain->arena, sizeof *subject);
    subject->entity = ule_arena_string(explain->arena, entity);
    subject->shown = ule_explain_number(explain->arena, subject->entity);
    subject->next = explain->subjects;
    explain->subjects = subject;
    subject->state = ule_explain_state(explain, subject->entity);
    subject->known = subject->state != NULL;
    if (!subject->known) {
        subject->state = ule_arena_alloc(explain->arena, sizeof *subject->state);
        ule_record_init(&ule_person_state_record, subject->state, explain->arena);
    }
    work_out(explain, subject);
    subject->called = call(explain, subject);
    return subject;
}
