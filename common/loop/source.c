/* SPDX-License-Identifier: MIT */
#include "loop/source.h"

#include "cpr-change/translation.h"
#include "institution/translation.h"
#include "nemid-issuance/translation.h"
#include "residence-permit/translation.h"

#include <string.h>

/* A call through a pointer of another type is undefined, so each translation gets a step in between. */
#define TRANSLATE(name, type)                                                                                          \
    static enum ule_code translate_##name(void *record, const char *key, int64_t ts, struct ule_arena *arena,          \
                                          const char **entity, unsigned *ignored, struct ule_error *error) {           \
        struct type *value = record;                                                                                   \
        return ule_##name##_translate(value, key, ts, arena, entity, ignored, error);                                  \
    }

TRANSLATE(cpr_change, ule_person_changed)
TRANSLATE(residence_permit, ule_residence_permit_changed)
TRANSLATE(nemid_issuance, ule_credential_changed)
TRANSLATE(institution, ule_institution_person_changed)
TRANSLATE(institution_request, ule_institution_request)

const struct ule_source ule_sources[ULE_SOURCE_COUNT] = {
    {"cpr.person-changed.v1", &ule_person_changed_record, translate_cpr_change},
    {"udlst.residence-permit.v1", &ule_residence_permit_changed_record, translate_residence_permit},
    {"nemid.credential.v1", &ule_credential_changed_record, translate_nemid_issuance},
    {"institution.person-changed.v1", &ule_institution_person_changed_record, translate_institution},
    {"institution.request.v1", &ule_institution_request_record, translate_institution_request},
};

enum ule_code ule_source_decode(const struct ule_source *source, struct ule_reader *reader, const uint8_t *bytes,
                                size_t size, struct ule_arena *arena, void *value, struct ule_error *error) {
    enum ule_code code = ule_reader_decode(reader, bytes, size, arena, value, error);
    json_t *json = code == ULE_FRAMING && size && bytes[0] == '{' ? json_loadb((const char *)bytes, size, 0, NULL)
                                                                  : NULL;
    if (!json)
        return code;
    struct ule_error why = {0};
    enum ule_code reason = ule_record_from_json(source->record, json, arena, value, &why);
    json_decref(json);
    if (reason == ULE_OK)
        return code;
    (void)ule_error_at(&why, "JSON");
    if (error)
        *error = why;
    return reason;
}

static const char *event_id(const struct ule_record *record, const void *value) {
    for (size_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, "event_id") == 0)
            return *(const char *const *)(const void *)((const char *)value + record->fields[i].offset);
    }
    return "";
}

void ule_source_message(const struct ule_source *source, void *value, const char *entity, int64_t at, int32_t partition,
                        int64_t offset, struct ule_arena *arena, struct ule_inbox_message *message) {
    ule_record_init(&ule_inbox_message_record, message, arena);
    message->entity = entity;
    message->sender = "";
    message->at = at;
    message->caused_by.topic = source->topic;
    message->caused_by.partition = partition;
    message->caused_by.offset = offset;
    message->caused_by.event_id = event_id(source->record, value);
    if (source->record == &ule_person_changed_record)
        message->person = value;
    else if (source->record == &ule_residence_permit_changed_record)
        message->permit = value;
    else if (source->record == &ule_credential_changed_record)
        message->credential = value;
    else if (source->record == &ule_institution_person_changed_record)
        message->local = value;
    else
        message->request = value;
}
