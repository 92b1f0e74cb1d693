/* SPDX-License-Identifier: MIT */
/* The parts of `ule explain`. A person is read from the state of a replay and worked out by the rules themselves
 * (core/person.h), so that what is said cannot differ from what was decided. Everything becomes one JSON document of
 * sections; an item of a section has a "text" for a reader and the same in fields for a program. The text form is that
 * document written out (explain_text.c). */
#ifndef ULE_EXPLAIN_H
#define ULE_EXPLAIN_H

#include "core/person.h"
#include "loop/engine.h"
#include "loop/state.h"
#include "ops/config.h"

/* Somebody who is spoken of. */
struct ule_subject {
    struct ule_subject *next;
    const char *entity;
    const char *shown;  /* number with its hyphen, or "alien id ..." */
    const char *called; /* name as protection allows (A9), then `shown`; protection is said */
    bool known;         /* there is a state */
    struct ule_person_state *state;
    struct ule_derive derive;
    struct ule_person person;
    struct ule_account_changed names;            /* A9: names, protected, names_withheld */
    const struct ule_account_changed *published; /* what stands of the account; NULL for none */
};

struct ule_explain {
    struct ule_config *config;
    struct ule_store **stores;
    unsigned partitions;
    int lock;
    struct ule_state_codec *codec;
    struct ule_buffer stored;
    struct ule_arena *arena;
    struct ule_subject *subjects;
    int32_t today;
    enum ule_code code; /* the first failure; sticks */
    struct ule_error error;
    const struct ule_subject *who; /* whom all of it is about, at the end of the swaps */
    json_t *document;
};

/* explain_state.c */
/* Opens the state of a replay, or with `live` a copy of the changelog (explain_live.h), for reading: no other process
 * may change it meanwhile. */
enum ule_code ule_explain_open(struct ule_explain *explain, const char *dir, const char *config, bool live,
                               struct ule_error *error) ULE_MUST_CHECK;
void ule_explain_close(struct ule_explain *explain);
/* A state as it is stored; NULL when there is none. */
struct ule_person_state *ule_explain_state(struct ule_explain *explain, const char *entity);
/* Read and worked out once each; never NULL. */
struct ule_subject *ule_explain_subject(struct ule_explain *explain, const char *entity);

/* explain_address.c: whom the command line means */
enum { ULE_EXPLAIN_ADDRESS = 300 };
struct ule_explain_address {
    char text[ULE_EXPLAIN_ADDRESS]; /* an entity */
    bool record;                    /* that of a record, and not of a person */
};
/* A person number, alien:ID, local:INSTITUTION/ID, permit:ID or credential:ID; "-": a line of standard input with one
 * of them. False for anything else. */
bool ule_explain_parse(const char *text, struct ule_explain_address *address);
/* The person; NULL when the record is not known, or names nobody. */
const char *ule_explain_entity(struct ule_explain *explain, const struct ule_explain_address *address);

/* explain_item.c: words and items */
const char *ule_explain_number(struct ule_arena *arena, const char *entity);
const char *ule_explain_day(struct ule_arena *arena, int32_t date); /* "2024-05-01", "?" for none */
/* " from ... until ...", "" when both are open. */
const char *ule_explain_period(struct ule_arena *arena, int32_t from, int32_t until);
/* A new array under `name` of the document. */
json_t *ule_explain_section(struct ule_explain *explain, const char *name);
/* A new item of a section with that text; borrowed. */
json_t *ule_explain_item(json_t *section, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line below the item's text. */
void ule_explain_detail(json_t *item, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The rule that decided it, in words too; each once. */
void ule_explain_rule(json_t *item, const char *rule);
/* Where the record with that event id came from, as `state` remembers it. */
void ule_explain_source(json_t *item, const struct ule_person_state *state, const char *event_id);
void ule_explain_set(json_t *item, const char *name, const char *text);
void ule_explain_set_date(json_t *item, const char *name, int32_t date);
void ule_explain_set_strings(json_t *item, const char *name, const struct ule_strings *strings);

/* A file a section, in the order in which they are shown. */
void ule_explain_person(struct ule_explain *explain, const char *asked);
void ule_explain_facts(struct ule_explain *explain);
void ule_explain_account(struct ule_explain *explain);
void ule_explain_relations(struct ule_explain *explain);
void ule_explain_swaps(struct ule_explain *explain);
void ule_explain_verdicts(struct ule_explain *explain);
void ule_explain_cases(struct ule_explain *explain);
void ule_explain_changes(struct ule_explain *explain);

/* explain_facts.c: the status of a credential today (A6). */
const char *ule_explain_credential_today(const struct ule_explain *explain,
                                         const struct ule_credential_changed *credential);

/* explain_relation.c: the relation of `child` to the contact `address` as worked out, NULL when there is none; and what
 * stands published of it, NULL likewise. */
const struct ule_relation *ule_explain_relation(const struct ule_subject *child, const struct ule_subject *contact);
const struct ule_contact_relation *ule_explain_published(const struct ule_subject *child,
                                                         const struct ule_subject *contact);

/* explain_whatif.c: what the rules themselves would say to records that nobody has sent. */
struct ule_question {
    const struct ule_inbox_message *message, *second; /* one after the other; second may be NULL */
    const char *only_contact;                         /* relations of others are not looked at; NULL: all are */
    bool of_children;                                 /* say how many children access is given to */
    const char *kind, *text;
    const char *institution, *number, *from_number, *child, *contact; /* whom the record would name; may be NULL */
};
/* An item when anything would change, none otherwise. */
void ule_explain_ask(struct ule_explain *explain, json_t *changes, const struct ule_question *question);
/* explain_question.c: the questions that fit a person. */
void ule_explain_questions(struct ule_explain *explain, json_t *changes);

/* explain_text.c: no line wider than 80 columns. */
void ule_explain_print(const json_t *document, FILE *file);

#endif
