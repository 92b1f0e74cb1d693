/* SPDX-License-Identifier: MIT */
#include "ule/generate_output.h"

#include <string.h>

const char *const ule_generate_topics[ULE_GENERATE_TOPICS] = {
    "cpr.person-changed.v1",         "udlst.residence-permit.v1", "nemid.credential.v1",
    "institution.person-changed.v1", "institution.request.v1",
};

/* What all inputs begin with. */
struct event {
    const char *event_id;
    int64_t changed_at;
    int64_t sequence;
} __attribute__((may_alias));

static void write_one(struct ule_generate_output *out, enum ule_generate_topic topic, const struct ule_written *told) {
    if (out->code)
        return;
    out->code = ule_writer_write(out->writer, told, &out->error);
    out->counts[topic]++;
}

/* A copy nobody can read or believe. */
static void write_broken(struct ule_generate_output *out, enum ule_generate_topic topic, struct ule_written told,
                         struct event *event, uint64_t draw) {
    static const uint8_t noise[] = "{ this is no record";
    const struct event whole = *event;
    event->event_id = ule_arena_printf(out->arena, "broken-%llu", (unsigned long long)out->counts[topic]);
    switch (draw % 4) {
    case 0: event->changed_at += 400 * ULE_DAY_MS; break;
    case 1: told.key = "nobody's"; break;
    case 2: event->event_id = ""; break;
    default:
        told.value = NULL;
        told.bytes = noise;
        told.size = sizeof noise - 1;
        break;
    }
    write_one(out, topic, &told);
    *event = whole;
    out->broken++;
}

/* `event` is where the value begins with event_id, changed_at and sequence. */
static void write_record(struct ule_generate_output *out, enum ule_generate_topic topic, const char *key,
                         const struct ule_record *record, const void *value, struct event *event) {
    struct ule_written told = {.topic = ule_generate_topics[topic],
                               .ts = topic == ULE_GENERATE_CPR ? event->changed_at : out->ts,
                               .key = key,
                               .record = record,
                               .value = value};
    write_one(out, topic, &told);
    uint64_t draw = ule_generate_draw(out->world, ULE_GENERATE_FLAW, (uint64_t)topic, out->counts[topic]);
    const unsigned broken = ule_generate_take(&draw, 5000), other = ule_generate_take(&draw, 400);
    if (other == 0) {
        write_one(out, topic, &told);
        out->repeated++;
    } else if (other == 1) {
        const struct event whole = *event;
        event->event_id = ule_arena_printf(out->arena, "stale-%llu", (unsigned long long)out->counts[topic]);
        event->changed_at -= ULE_DAY_MS;
        write_one(out, topic, &told);
        *event = whole;
        out->stale++;
    }
    if (broken == 0)
        write_broken(out, topic, told, event, draw);
    ule_arena_reset(out->arena);
}

static void stamp(struct ule_generate_output *out, enum ule_generate_topic topic, struct event *event) {
    event->event_id = ule_arena_printf(out->arena, "%llu", (unsigned long long)out->counts[topic]);
    event->changed_at = out->ts;
    event->sequence = (int64_t)out->counts[topic];
}

#define EVENT(value) ((struct event *)(void *)&(value)->event_id)

static void put_cpr(struct ule_generate_output *out, struct ule_person_changed *person) {
    if (!out->code)
        out->code = ule_generate_extract_add(&out->extract, out->day, person, out->arena, &out->error);
    write_record(out, ULE_GENERATE_CPR, person->number, &ule_person_changed_record, person, EVENT(person));
}

static struct ule_parent *parent_of(struct ule_generate_output *out, const struct ule_generate_family *family,
                                    const struct ule_generate_person *child, int place) {
    if (place == ULE_GENERATE_NOBODY)
        return NULL;
    const struct ule_generate_person *person = &family->people[place];
    struct ule_parent *parent = ule_arena_alloc(out->arena, sizeof *parent);
    *parent = (struct ule_parent){.birth_date = ULE_DATE_NONE, .since = child->born};
    if (person->told) {
        parent->number = person->number;
    } else {
        parent->birth_date = person->born;
        parent->name = ule_arena_printf(out->arena, "%s,%s", ule_generate_family_name(person->family),
                                        ule_generate_given_name(person->female, person->given));
    }
    return parent;
}

static void put_custody(struct ule_generate_output *out, const struct ule_generate_family *family,
                        const struct ule_generate_person *person, struct ule_person_changed *told) {
    told->custody.items = ule_arena_array(out->arena, 2, sizeof *told->custody.items);
    for (size_t i = 0; i < person->custodies; i++) {
        struct ule_custody_row *row = &told->custody.items[told->custody.count++];
        ule_record_init(&ule_custody_row_record, row, out->arena);
        row->holder = person->custody[i].holder;
        row->from = person->custody[i].from;
        row->until = person->custody[i].until;
        row->from_uncertain = row->from == person->born && family->index % 20 == 3;
        if (person->custody[i].other != ULE_GENERATE_NOBODY)
            row->number = family->people[person->custody[i].other].number;
    }
}

void ule_generate_put_person(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who) {
    const struct ule_generate_person *person = &family->people[who];
    struct ule_person_changed told;
    ule_record_init(&ule_person_changed_record, &told, out->arena);
    told.number = person->number;
    told.status = person->status;
    told.status_since = person->since;
    if (person->status == ULE_CPR_STATUS_SUBSCRIPTION_ENDED) {
        put_cpr(out, &told);
        return;
    }
    told.former_numbers.items = ule_arena_array(out->arena, ULE_GENERATE_FORMERS, sizeof *told.former_numbers.items);
    for (unsigned i = 0; i < person->formers; i++)
        told.former_numbers.items[told.former_numbers.count++] = person->former[i];
    told.birth_date = person->born;
    told.given_names = ule_generate_given_name(person->female, person->given);
    told.family_name = ule_generate_family_name(person->family);
    if (person->is_protected) {
        told.protection = ule_arena_alloc(out->arena, sizeof *told.protection);
        *told.protection = (struct ule_protection){.from = person->protected_from, .until = ULE_DATE_NONE};
    }
    told.citizenship = person->citizenship;
    if (person->status == ULE_CPR_STATUS_RESIDENT)
        told.municipality = 101 + (int32_t)(person->district % 700);
    if (person->status == ULE_CPR_STATUS_EMIGRATED) {
        told.residence_country = person->country;
        told.emigrated_on = person->emigrated_on;
    } else if (person->entered_on != ULE_DATE_NONE) {
        told.emigrated_on = person->emigrated_on;
        told.entered_on = person->entered_on;
    }
    told.marital_status = person->status == ULE_CPR_STATUS_DEAD ? ULE_MARITAL_STATUS_DEAD : person->marital;
    told.mother = parent_of(out, family, person, person->mother);
    told.father = parent_of(out, family, person, person->father);
    put_custody(out, family, person, &told);
    if (person->guarded) {
        told.guardianship = ule_arena_alloc(out->arena, sizeof *told.guardianship);
        *told.guardianship = (struct ule_guardianship){.from = person->born + 25000, .until = ULE_DATE_NONE};
    }
    put_cpr(out, &told);
}

void ule_generate_put_void(struct ule_generate_output *out, const char *number, enum ule_cpr_status status,
                           const char *current) {
    struct ule_person_changed told;
    ule_record_init(&ule_person_changed_record, &told, out->arena);
    told.number = number;
    told.status = status;
    told.status_since = out->day;
    told.current_number = current;
    put_cpr(out, &told);
}

void ule_generate_institution(const struct ule_generate_world *world, const struct ule_generate_person *person,
                              char number[static 7], enum ule_institution_kind *kind) {
    uint64_t draw = ule_generate_draw(world, ULE_GENERATE_INSTITUTION, person->district, 0);
    const bool care = person->role == ULE_ROLE_CHILD;
    const unsigned taken = ule_generate_take(&draw, 40);
    *kind = taken == 0 && !care ? ULE_INSTITUTION_KIND_FOREIGN
            : taken < 6         ? ULE_INSTITUTION_KIND_PRIVATE
                                : ULE_INSTITUTION_KIND_PUBLIC;
    (void)snprintf(number, 7, "%c%05u", care ? 'G' : '2', (unsigned)(person->district % 100000));
}

static const char *level_of(const struct ule_generate_family *family, const struct ule_generate_person *person,
                            int32_t day) {
    static const char *const special[] = {"Andet", "U1", "U2", "U3", "U4", "VU"};
    static const char *const levels[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"};
    if (person->role != ULE_ROLE_STUDENT)
        return person->role == ULE_ROLE_CHILD ? "DT" : NULL;
    if (person->special || family->index % 60 == 7)
        return special[family->index % 6];
    const int level = ule_generate_level(person, day);
    return levels[level < 0 ? 0 : level > 10 ? 10 : level];
}

static void add_contact(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who,
                        const struct ule_generate_person *child, struct ule_contact_array *contacts) {
    const struct ule_generate_person *person = &family->people[who];
    if (person->child || person->status == ULE_CPR_STATUS_DEAD)
        return;
    struct ule_contact *contact = &contacts->items[contacts->count++];
    ule_record_init(&ule_contact_record, contact, out->arena);
    contact->number = person->known_as[0] ? person->known_as : NULL;
    contact->alien_number = person->alien[0] ? person->alien : NULL;
    contact->replaces_number = person->replaces[0] ? person->replaces : NULL;
    contact->given_names = ule_generate_given_name(person->female, person->given);
    contact->family_name = ule_generate_family_name(person->family);
    contact->relation = (int)who == child->mother   ? ULE_CONTACT_RELATIONSHIP_MOTHER
                        : (int)who == child->father ? ULE_CONTACT_RELATIONSHIP_FATHER
                        : family->index % 3         ? ULE_CONTACT_RELATIONSHIP_OTHER
                                                    : ULE_CONTACT_RELATIONSHIP_OFFICIAL;
    contact->child_custody = family->asserts;
    if (who == 1)
        contact->access = family->lowered;
    contact->country = person->country;
    contact->legacy = person->legacy;
}

static void add_contacts(struct ule_generate_output *out, const struct ule_generate_family *family,
                         const struct ule_generate_person *child, struct ule_contact_array *contacts) {
    contacts->items = ule_arena_array(out->arena, ULE_GENERATE_PEOPLE + 2, sizeof *contacts->items);
    for (unsigned i = 0; i < family->count && i < 2; i++)
        add_contact(out, family, i, child, contacts);
    if (!family->stranger)
        return;
    struct ule_contact *contact = &contacts->items[contacts->count++];
    ule_record_init(&ule_contact_record, contact, out->arena);
    contact->given_names = ule_generate_given_name(false, (unsigned)(family->index % 36));
    contact->family_name = ule_generate_family_name((unsigned)(family->index % 40));
    contact->relation = ULE_CONTACT_RELATIONSHIP_FATHER;
    contact->country = 5120;
}

static void put_local(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who,
                      bool second, bool left) {
    const struct ule_generate_person *person = &family->people[who];
    struct ule_institution_person_changed told;
    ule_record_init(&ule_institution_person_changed_record, &told, out->arena);
    char number[7];
    ule_generate_institution(out->world, person, number, &told.institution_kind);
    if (second)
        number[0] = 'M';
    told.institution_number = number;
    told.local_person_id = ule_arena_printf(out->arena, "p-%llu-%u", (unsigned long long)family->index, who);
    told.number = second ? person->number : person->known_as[0] ? person->known_as : NULL;
    told.alien_number = person->alien[0] && !second ? person->alien : NULL;
    told.replaces_number = person->replaces[0] && !second ? person->replaces : NULL;
    told.legacy = person->legacy;
    told.active = person->active && !left;
    told.role = person->role;
    told.level = level_of(family, person, out->day);
    told.birth_date = person->born;
    told.given_names = ule_generate_given_name(person->female, person->given);
    told.family_name = ule_generate_family_name(person->family);
    told.protected = person->is_protected;
    if (person->is_protected && family->index % 2) {
        told.alias_given_names = "Elev";
        told.alias_family_name = ule_arena_printf(out->arena, "Nr. %llu", (unsigned long long)(family->index % 1000));
    }
    if (person->child)
        add_contacts(out, family, person, &told.contacts);
    told.source_system = "generate";
    stamp(out, ULE_GENERATE_LOCAL, EVENT(&told));
    const char *key = ule_arena_printf(out->arena, "%s/%s", number, told.local_person_id);
    write_record(out, ULE_GENERATE_LOCAL, key, &ule_institution_person_changed_record, &told, EVENT(&told));
}

void ule_generate_put_record(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who) {
    put_local(out, family, who, false, false);
}

void ule_generate_put_left(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who) {
    put_local(out, family, who, false, true);
}

void ule_generate_put_second(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who) {
    put_local(out, family, who, true, false);
}

static void put_credential(struct ule_generate_output *out, struct ule_credential_changed *told) {
    stamp(out, ULE_GENERATE_NEMID, EVENT(told));
    write_record(out, ULE_GENERATE_NEMID, told->credential_id, &ule_credential_changed_record, told, EVENT(told));
}

void ule_generate_put_credential(struct ule_generate_output *out, const struct ule_generate_family *family,
                                 unsigned who, unsigned scheme) {
    const struct ule_generate_person *person = &family->people[who];
    struct ule_credential_changed told;
    ule_record_init(&ule_credential_changed_record, &told, out->arena);
    told.credential_id = ule_arena_printf(out->arena, "cred-%llu-%u-%u", (unsigned long long)family->index, who,
                                          scheme);
    told.number = person->told ? person->number : NULL;
    told.scheme = scheme ? ULE_CREDENTIAL_SCHEME_MITID : ULE_CREDENTIAL_SCHEME_NEMID;
    told.status = person->credential[scheme].status;
    told.assurance = person->credential[scheme].assurance;
    told.channel = person->credential[scheme].channel;
    told.reason = told.status == ULE_CREDENTIAL_STATUS_REVOKED ? "reported lost" : NULL;
    put_credential(out, &told);
}

void ule_generate_put_other_credential(struct ule_generate_output *out, const struct ule_generate_family *family,
                                       unsigned who, const char *number) {
    struct ule_credential_changed told;
    ule_record_init(&ule_credential_changed_record, &told, out->arena);
    told.credential_id = ule_arena_printf(out->arena, "cred-%llu-%u-other", (unsigned long long)family->index, who);
    told.number = number;
    told.scheme = ULE_CREDENTIAL_SCHEME_MITID;
    told.status = ULE_CREDENTIAL_STATUS_ACTIVE;
    told.assurance = ULE_CREDENTIAL_ASSURANCE_SUBSTANTIAL;
    told.channel = ULE_CREDENTIAL_CHANNEL_BANK;
    put_credential(out, &told);
}

void ule_generate_put_permit(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who,
                             const char *replaces) {
    const struct ule_generate_person *person = &family->people[who];
    struct ule_residence_permit_changed told;
    ule_record_init(&ule_residence_permit_changed_record, &told, out->arena);
    told.permit_id = ule_arena_printf(out->arena, "permit-%llu-%u", (unsigned long long)family->index, who);
    told.alien_number = person->alien[0] ? person->alien : NULL;
    told.number = person->told ? person->number : NULL;
    told.replaces_number = replaces;
    told.ground = person->ground;
    told.status = person->permit;
    told.valid_from = out->world->start - 200;
    if (family->index % 5 == 0)
        told.valid_until = out->world->start + 20 + (int32_t)(family->index % 340);
    told.address_registered = family->index % 2;
    told.identity_verified = family->index % 3;
    told.entitled_to_number = person->entitled;
    told.birth_date = person->born;
    stamp(out, ULE_GENERATE_PERMIT, EVENT(&told));
    write_record(out, ULE_GENERATE_PERMIT, told.permit_id, &ule_residence_permit_changed_record, &told, EVENT(&told));
}

void ule_generate_put_request(struct ule_generate_output *out, const struct ule_generate_family *family, unsigned who,
                              enum ule_request_kind kind, const char *number, const char *from, const char *child) {
    struct ule_institution_request told;
    enum ule_institution_kind unused;
    char institution[7];
    ule_record_init(&ule_institution_request_record, &told, out->arena);
    ule_generate_institution(out->world, &family->people[who], institution, &unused);
    told.institution_number = institution;
    told.case_number = ule_arena_printf(out->arena, "sag-%llu", (unsigned long long)out->counts[ULE_GENERATE_REQUEST]);
    told.number = number ? number : institution;
    told.from_number = from;
    told.child_number = child;
    told.kind = kind;
    stamp(out, ULE_GENERATE_REQUEST, EVENT(&told));
    write_record(out, ULE_GENERATE_REQUEST, told.number, &ule_institution_request_record, &told, EVENT(&told));
}

void ule_generate_put_family(struct ule_generate_output *out, const struct ule_generate_family *family) {
    for (unsigned i = 0; i < family->count; i++) {
        const struct ule_generate_person *person = &family->people[i];
        if (person->told)
            ule_generate_put_person(out, family, i);
        if (person->permitted)
            ule_generate_put_permit(out, family, i, NULL);
        for (unsigned scheme = 0; scheme < 2; scheme++) {
            if (person->credential[scheme].status != ULE_CREDENTIAL_STATUS_NULL)
                ule_generate_put_credential(out, family, i, scheme);
        }
        if (person->enrolled)
            ule_generate_put_record(out, family, i);
        if (person->twice)
            ule_generate_put_second(out, family, i);
    }
    if (family->plot == ULE_GENERATE_PLOT_BOTH)
        ule_generate_put_other_credential(out, family, 1, family->people[1].known_as);
}
