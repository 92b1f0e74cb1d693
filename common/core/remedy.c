/* SPDX-License-Identifier: MIT */
#include "core/remedy.h"

#include <stdlib.h>

#define DENMARK 5100

enum route {
    NONE,
    /* to a number */
    DIPLOMAT,
    DIPLOMAT_FAMILY,
    ASYLUM_SCHOOLING,
    ASYLUM_DAY_CARE,
    JOBCENTER,
    PERMIT_WITHOUT_ADDRESS,
    PERMIT,
    EU_WITHOUT_CERTIFICATE,
    EU_WITH_CERTIFICATE,
    STUDENT_NOT_YET,
    STUDENT_MAY,
    STUDENT_MUST,
    WORKER,
    /* to a credential */
    EARLY_NUMBER,
    ADMINISTRATIVE_WORKER,
    ADMINISTRATIVE,
    ABROAD_WITH_PASSPORT,
    ABROAD,
    RESIDENT,
};

#define KIND(kind)   (1u << ULE_CASE_KIND_##kind)
#define ROUTE(route) (1u << (route))
#define ANY_ROUTE    (~0u)
/* Awaiting a number with no case of their own for the way to it: the number's and the credential's. */
#define AWAITING   (KIND(CPR_3) | KIND(NEMID_3) | KIND(NEMID_4))
#define CREDENTIAL (KIND(NEMID_3) | KIND(NEMID_4))

static const struct row {
    unsigned kinds;
    unsigned routes;
    struct ule_remedy remedy;
} rows[] = {
    {KIND(CPR_1),
     ROUTE(ASYLUM_SCHOOLING),
     {"BORGERSERVICE_ADMINISTRATIVE_NUMBER",
      "Barnet kan få et administrativt personnummer hos Borgerservice, som fastslår identiteten ud fra UIS.",
      "The child can get an administrative number from Borgerservice, which establishes the identity from UIS.",
      {"BORGERSERVICE"},
      1}},
    {KIND(CPR_1),
     ROUTE(ASYLUM_DAY_CARE),
     {"ADMINISTRATIVE_NUMBER_WITH_SCHOOLING",
      "Barnet kan få et administrativt personnummer hos Borgerservice, når det skal til at modtage undervisning i "
      "folkeskolen.",
      "The child can get an administrative number from Borgerservice when it is about to be taught in the folkeskole.",
      {"BORGERSERVICE"},
      1}},
    {KIND(CPR_1) | KIND(CPR_3),
     ROUTE(JOBCENTER),
     {"JOBCENTER_ADMINISTRATIVE_NUMBER",
      "Jobcentret i opholdskommunen kan tildele et administrativt personnummer.",
      "The jobcenter of the municipality of stay can assign an administrative number.",
      {"JOBCENTER"},
      1}},
    {KIND(CPR_1),
     ANY_ROUTE,
     {"ADMINISTRATIVE_NUMBER_APPLIED_FOR",
      "En asylansøger, der er forælder, kan endnu ikke få et personnummer. Der er søgt om adgang til administrative "
      "personnumre for gruppen.",
      "A parent who has applied for asylum cannot get a number yet. Administrative numbers have been applied for on "
      "behalf of the group.",
      {NULL},
      0}},
    {KIND(CPR_2),
     ANY_ROUTE,
     {"NO_NUMBER_ABROAD",
      "Kontakten bor i udlandet og kan for tiden ikke få et personnummer. KL har søgt om adgang til administrative "
      "personnumre for gruppen.",
      "The contact lives abroad and cannot get a number at present. KL has applied for administrative numbers for the "
      "group.",
      {NULL},
      0}},
    {KIND(CPR_3),
     ROUTE(PERMIT_WITHOUT_ADDRESS),
     {"REGISTER_ADDRESS",
      "Personen skal have registreret sin bopælsadresse i Danmark. Derefter følger det administrative personnummer med "
      "meddelelsen om opholdstilladelse fra Udlændingestyrelsen.",
      "The person must have an address in Denmark registered. The administrative number then follows with the Danish "
      "Immigration Service's notice of the residence permit.",
      {"BORGERSERVICE", "IMMIGRATION_SERVICE"},
      2}},
    {KIND(CPR_3),
     ROUTE(PERMIT),
     {"NUMBER_WITH_PERMIT",
      "Det administrative personnummer følger med meddelelsen om opholdstilladelse fra Udlændingestyrelsen.",
      "The administrative number follows with the Danish Immigration Service's notice of the residence permit.",
      {"IMMIGRATION_SERVICE"},
      1}},
    {CREDENTIAL,
     ROUTE(PERMIT_WITHOUT_ADDRESS),
     {"REGISTER_ADDRESS_THEN_CREDENTIAL",
      "Personen skal have registreret sin bopælsadresse i Danmark og får så et administrativt personnummer med "
      "opholdstilladelsen. Med det kan MitID udstedes ved personligt fremmøde i Borgerservice.",
      "The person must have an address in Denmark registered and then gets an administrative number with the residence "
      "permit. With it MitID can be issued in person at Borgerservice.",
      {"IMMIGRATION_SERVICE", "BORGERSERVICE"},
      2}},
    {CREDENTIAL,
     ROUTE(PERMIT),
     {"NUMBER_WITH_PERMIT_THEN_CREDENTIAL",
      "Det administrative personnummer følger med opholdstilladelsen. Med det kan MitID udstedes ved personligt "
      "fremmøde "
      "i Borgerservice.",
      "The administrative number follows with the residence permit. With it MitID can be issued in person at "
      "Borgerservice.",
      {"IMMIGRATION_SERVICE", "BORGERSERVICE"},
      2}},
    {AWAITING,
     ROUTE(EU_WITHOUT_CERTIFICATE),
     {"EU_CERTIFICATE_FIRST",
      "Personen skal søge om registreringsbevis, inden der er gået tre måneder. Med beviset giver Borgerservice et "
      "personnummer, og derefter kan MitID udstedes.",
      "The person must apply for a certificate of registration before three months have passed. With it Borgerservice "
      "assigns a number, and MitID can be issued after that.",
      {"BORGERSERVICE"},
      1}},
    {AWAITING,
     ROUTE(EU_WITH_CERTIFICATE),
     {"NUMBER_WITH_EU_CERTIFICATE",
      "Personen har registreringsbevis og kan henvende sig til Borgerservice i bopælskommunen for at få et "
      "personnummer "
      "og derefter MitID.",
      "The person has a certificate of registration and can go to Borgerservice in the municipality of residence for a "
      "number and then MitID.",
      {"BORGERSERVICE"},
      1}},
    {AWAITING,
     ROUTE(STUDENT_NOT_YET),
     {"STUDENT_NUMBER_LATER",
      "En studerende kan søge om personnummer hos Borgerservice efter tre måneders ophold. Indtil da må man vente.",
      "A student can apply to Borgerservice for a number after a stay of three months. Until then there is nothing but "
      "to wait.",
      {NULL},
      0}},
    {AWAITING,
     ROUTE(STUDENT_MAY),
     {"STUDENT_MAY_APPLY",
      "En studerende kan efter tre måneders ophold søge om personnummer hos Borgerservice, og efter seks måneder skal "
      "personen have et. Derefter kan MitID udstedes.",
      "After a stay of three months a student can apply to Borgerservice for a number, and after six must have one. "
      "MitID can be issued after that.",
      {"BORGERSERVICE"},
      1}},
    {AWAITING,
     ROUTE(STUDENT_MUST),
     {"STUDENT_MUST_APPLY",
      "En studerende, der har opholdt sig her i mere end seks måneder, skal have et personnummer fra Borgerservice. "
      "Derefter kan MitID udstedes.",
      "A student who has stayed for more than six months must have a number from Borgerservice. MitID can be issued "
      "after that.",
      {"BORGERSERVICE"},
      1}},
    {AWAITING,
     ROUTE(WORKER),
     {"ICS_PACKAGE",
      "Personen arbejder i Danmark og kan møde op i International Citizen Service med legitimation og få både "
      "personnummer og MitID.",
      "The person works in Denmark and can go to International Citizen Service with identification for both a number "
      "and MitID.",
      {"ICS"},
      1}},
    {KIND(CPR_3),
     ANY_ROUTE,
     {"WAIT_FOR_NUMBER",
      "Personen har ret til et personnummer og afventer det. Kontakten kan oprettes, og relationen følger, når CPR er "
      "opdateret.",
      "The person is entitled to a number and awaits it. The account can be made, and the relation follows, when CPR "
      "is "
      "updated.",
      {NULL},
      0}},
    {KIND(CPR_4),
     ROUTE(DIPLOMAT),
     {"PROTOCOL_IDENTITY_CARD",
      "Det administrative personnummer følger med Identity Card fra Udenrigsministeriets Protokol, når diplomaten er "
      "registreret i Danmark.",
      "The administrative number comes with the Identity Card from the Protocol Department of the Ministry of Foreign "
      "Affairs, when the diplomat is registered in Denmark.",
      {"PROTOCOL"},
      1}},
    {KIND(CPR_4),
     ANY_ROUTE,
     {"PROTOCOL_RESIDENCE_PERMIT_CARD",
      "Diplomaters ægtefæller og børn under 21 år får ved ankomsten et Residence Permit Card fra Udenrigsministeriets "
      "Protokol, og det administrative personnummer følger med.",
      "Diplomats' spouses and children under 21 get a Residence Permit Card from the Protocol Department of the "
      "Ministry "
      "of Foreign Affairs on arrival, and the administrative number comes with it.",
      {"PROTOCOL"},
      1}},
    {KIND(CPR_5),
     ROUTE(ASYLUM_SCHOOLING),
     {"REREGISTER_FROM_BORGERSERVICE",
      "Det fiktive nummer skal omregistreres. Barnet kan få et administrativt personnummer hos Borgerservice, som "
      "skolen "
      "derefter retter til.",
      "The fictitious number must be re-registered. The child can get an administrative number from Borgerservice, to "
      "which the school then changes it.",
      {"BORGERSERVICE", "SCHOOL"},
      2}},
    {KIND(CPR_5),
     ROUTE(JOBCENTER),
     {"REREGISTER_FROM_JOBCENTER",
      "Det fiktive nummer skal omregistreres. Jobcentret kan tildele et administrativt personnummer, som skolen "
      "derefter "
      "retter til.",
      "The fictitious number must be re-registered. The jobcenter can assign an administrative number, to which the "
      "school then changes it.",
      {"JOBCENTER", "SCHOOL"},
      2}},
    {KIND(CPR_5),
     ROUTE(DIPLOMAT) | ROUTE(DIPLOMAT_FAMILY),
     {"REREGISTER_FROM_PROTOCOL",
      "Det fiktive nummer skal omregistreres til det administrative personnummer, der følger med kortet fra "
      "Udenrigsministeriets Protokol.",
      "The fictitious number must be re-registered to the administrative number that comes with the card from the "
      "Protocol Department of the Ministry of Foreign Affairs.",
      {"PROTOCOL", "SCHOOL"},
      2}},
    {KIND(CPR_5),
     ANY_ROUTE,
     {"REREGISTER",
      "Det fiktive nummer skal omregistreres til personens CPR-nummer i skolens administrative system. Har personen "
      "ikke ret til et, skal der søges om et administrativt personnummer.",
      "The fictitious number must be re-registered to the person's CPR number in the school's administrative system. A "
      "person who is entitled to none needs an administrative number.",
      {"SCHOOL"},
      1}},
    {KIND(NEMID_1) | CREDENTIAL,
     ROUTE(JOBCENTER),
     {"JOBCENTER_NUMBER_THEN_CREDENTIAL",
      "Jobcentret kan tildele et administrativt personnummer. Med det kan MitID udstedes ved personligt fremmøde i "
      "Borgerservice.",
      "The jobcenter can assign an administrative number. With it MitID can be issued in person at Borgerservice.",
      {"JOBCENTER", "BORGERSERVICE"},
      2}},
    {KIND(NEMID_1),
     ANY_ROUTE,
     {"NUMBER_THEN_CREDENTIAL",
      "Forælderen skal først have et administrativt personnummer og kan derefter få MitID. Når der er et nummer, kan "
      "STILs support give et login til ikke-følsomme oplysninger.",
      "The parent first needs an administrative number and can then get MitID. Once there is a number, STIL support "
      "can "
      "give a login to non-sensitive data.",
      {NULL},
      0}},
    {KIND(NEMID_2),
     ANY_ROUTE,
     {"NO_CREDENTIAL_ABROAD",
      "Uden personnummer kan der ikke udstedes MitID. Når der er et administrativt personnummer, kan personen logge "
      "ind "
      "på laveste niveau og få MitID; senere måske med udenlandsk legitimation.",
      "Without a number no MitID can be issued. Once there is an administrative number, the person can log in at the "
      "lowest level and get MitID; later perhaps with foreign identification.",
      {NULL},
      0}},
    {CREDENTIAL,
     ROUTE(DIPLOMAT) | ROUTE(DIPLOMAT_FAMILY),
     {"PROTOCOL_NUMBER_THEN_CREDENTIAL",
      "Det administrative personnummer følger med kortet fra Udenrigsministeriets Protokol. Med det kan MitID udstedes "
      "ved personligt fremmøde i Borgerservice.",
      "The administrative number comes with the card from the Protocol Department of the Ministry of Foreign Affairs. "
      "With it MitID can be issued in person at Borgerservice.",
      {"PROTOCOL", "BORGERSERVICE"},
      2}},
    {KIND(NEMID_3),
     ANY_ROUTE,
     {"WAIT_THEN_APPLY",
      "Personen afventer et personnummer. Når det er der, kan MitID bestilles på nettet eller fås i Borgerservice.",
      "The person awaits a number. When it is there, MitID can be ordered online or got at Borgerservice.",
      {"ONLINE", "BORGERSERVICE"},
      2}},
    {KIND(NEMID_4),
     ANY_ROUTE,
     {"CANNOT_ACTIVATE",
      "Personen har ikke ret til et personnummer og kan derfor ikke få MitID eller aktivere sin brugerkonto.",
      "The person is not entitled to a number and can therefore neither get MitID nor activate the account.",
      {NULL},
      0}},
    {KIND(NEMID_5),
     ANY_ROUTE,
     {"SUPPORT_LOGIN_OR_SCHOOL_ENROLS",
      "Skolen kan bede STILs support om et login til ikke-følsomme oplysninger, og skolen kan indrullere barnet.",
      "The school can ask STIL support for a login to non-sensitive data, and the school may enrol the child.",
      {"STIL_SUPPORT", "SCHOOL"},
      2}},
    {KIND(NEMID_6),
     ANY_ROUTE,
     {"AWAIT_CREDENTIAL_AFTER_RETURN",
      "MitID kan bestilles på nettet eller fås i Borgerservice. Indtil da kan STILs support give et login til "
      "ikke-følsomme oplysninger, og skolen kan indrullere barnet.",
      "MitID can be ordered online or got at Borgerservice. Until then STIL support can give a login to non-sensitive "
      "data, and the school may enrol the child.",
      {"ONLINE", "BORGERSERVICE", "STIL_SUPPORT", "SCHOOL"},
      4}},
    {KIND(NEMID_7),
     ANY_ROUTE,
     {"SCHOOL_ENROLS",
      "Forælderen ønsker ikke MitID. Skolen kan indrullere barnet, når forælderen henvender sig.",
      "The parent does not want MitID. The school may enrol the child when the parent asks for it.",
      {"SCHOOL"},
      1}},
    {KIND(NEMID_8),
     ROUTE(EARLY_NUMBER),
     {"EARLY_NUMBER_GIVES_NO_CREDENTIAL",
      "Det tidligt tildelte administrative personnummer er udstedt uden tilstrækkelig identifikation og giver ikke "
      "adgang "
      "til MitID, før identiteten er fastslået. Skolen kan indrullere barnet.",
      "The administrative number was issued early without sufficient identification and gives no MitID until the "
      "identity is established. The school may enrol the child.",
      {"SCHOOL"},
      1}},
    {KIND(NEMID_8),
     ROUTE(ADMINISTRATIVE_WORKER),
     {"ICS_CREDENTIAL",
      "Personen kan få MitID ved personligt fremmøde med legitimation i International Citizen Service eller "
      "Borgerservice. Skolen kan indrullere barnet imens.",
      "The person can get MitID in person with identification at International Citizen Service or Borgerservice. The "
      "school may enrol the child meanwhile.",
      {"ICS", "BORGERSERVICE", "SCHOOL"},
      3}},
    {KIND(NEMID_8),
     ROUTE(ADMINISTRATIVE),
     {"ADMINISTRATIVE_IN_PERSON",
      "Med et administrativt personnummer kan MitID udstedes ved personligt fremmøde i Borgerservice. Skolen kan "
      "indrullere barnet imens.",
      "With an administrative number MitID can be issued in person at Borgerservice. The school may enrol the child "
      "meanwhile.",
      {"BORGERSERVICE", "SCHOOL"},
      2}},
    {KIND(NEMID_8),
     ROUTE(ABROAD_WITH_PASSPORT),
     {"ABROAD_WITH_DANISH_PASSPORT",
      "Personen kan få MitID med sit danske pas på en dansk repræsentation, gennem sin danske bank eller i ethvert "
      "Borgerservice. Skolen kan indrullere barnet imens.",
      "With a Danish passport the person can get MitID at a Danish mission, through a Danish bank or at any "
      "Borgerservice. The school may enrol the child meanwhile.",
      {"DANISH_MISSION", "BANK", "BORGERSERVICE", "SCHOOL"},
      4}},
    {KIND(NEMID_8),
     ROUTE(ABROAD),
     {"ABROAD_IN_PERSON",
      "Uden dansk pas kan personen kun få MitID ved personligt fremmøde i et Borgerservice i Danmark. Skolen kan "
      "indrullere barnet imens.",
      "Without a Danish passport the person can get MitID only in person at a Borgerservice in Denmark. The school may "
      "enrol the child meanwhile.",
      {"BORGERSERVICE", "SCHOOL"},
      2}},
    {KIND(NEMID_8),
     ROUTE(RESIDENT),
     {"ORDER_CREDENTIAL",
      "MitID kan bestilles på nettet eller udstedes straks i Borgerservice mod legitimation. Skolen kan indrullere "
      "barnet "
      "imens.",
      "MitID can be ordered online or issued at once at Borgerservice against identification. The school may enrol the "
      "child meanwhile.",
      {"ONLINE", "BORGERSERVICE", "SCHOOL"},
      3}},
    {KIND(NEMID_8),
     ANY_ROUTE,
     {"BORGERSERVICE_IN_PERSON",
      "MitID kan udstedes ved personligt fremmøde i Borgerservice. Skolen kan indrullere barnet imens.",
      "MitID can be issued in person at Borgerservice. The school may enrol the child meanwhile.",
      {"BORGERSERVICE", "SCHOOL"},
      2}},
    /* None of the documents names a way out for the rest; S0 (CPR case 5) has the institution re-register, and it is
     * the institution that can look at the papers. */
    {KIND(CUSTODY_UNREGISTERED),
     ANY_ROUTE,
     {"CHECK_CUSTODY",
      "CPR har ikke registreret, hvem der har forældremyndigheden. Få den registreret; indtil da kan institutionen "
      "angive den ud fra dokumentation.",
      "CPR has no custody registered for the child. Have it registered; until then the institution can state it from "
      "papers that it has seen.",
      {"SCHOOL"},
      1}},
    {KIND(CUSTODY_DISCREPANCY),
     ANY_ROUTE,
     {"CORRECT_CUSTODY",
      "Institutionen angiver forældremyndighed, som CPR siger, kontakten ikke har, og CPR gælder. Ret angivelsen, "
      "eller "
      "få CPR rettet.",
      "The institution states custody that the contact does not have by CPR, and CPR holds. Correct the statement, or "
      "have CPR corrected.",
      {"SCHOOL"},
      1}},
    {KIND(REPLACEMENT_DISPUTED),
     ANY_ROUTE,
     {"NAME_ANOTHER_NUMBER",
      "To institutioner bruger det samme fiktive nummer om forskellige personer. Den, der tog det i brug sidst, skal "
      "angive "
      "et andet nummer, helst personens CPR-nummer.",
      "Two institutions use the same fictitious number for different persons. The one that took it into use last must "
      "give "
      "another number, best the person's CPR number.",
      {"SCHOOL"},
      1}},
    {KIND(REREGISTRATION_CONFLICT),
     ANY_ROUTE,
     {"CONFIRM_OR_REJECT",
      "Omregistreringen kan ikke gennemføres af sig selv, for begge numre ser ud til at være i brug. Undersøg, om det "
      "er "
      "samme person, og bekræft eller afvis den.",
      "The re-registration cannot complete by itself, for both numbers look to be in use. Find out whether it is one "
      "person, and confirm or reject it.",
      {"SCHOOL", "STIL_SUPPORT"},
      2}},
    {KIND(REREGISTRATION_REJECTED),
     ANY_ROUTE,
     {"CHECK_BIRTH_DATES",
      "Omregistreringen er afvist, fordi fødselsdatoerne ikke stemmer. Ret nummeret, eller bekræft, at det er samme "
      "person.",
      "The re-registration is rejected because the birth dates disagree. Correct the number, or confirm that it is one "
      "person.",
      {"SCHOOL"},
      1}},
    {KIND(REREGISTRATION_OVERDUE),
     ANY_ROUTE,
     {"COMPLETE_REREGISTRATION",
      "Omregistreringen skulle have været vist i Optagelse.dk inden fem døgn. Kontrollér nummeret i det administrative "
      "system, eller skriv til Unilogin-supporten.",
      "Optagelse.dk should have shown the re-registration within five days. Check the number in the administrative "
      "system, or write to Unilogin support.",
      {"SCHOOL", "STIL_SUPPORT"},
      2}},
    {KIND(LEAVERS_HELD),
     ANY_ROUTE,
     {"APPROVE_OR_REJECT_LEAVERS",
      "Usædvanligt mange elever er meldt ud på én gang og holdes tilbage. Godkend udmeldingerne, eller afvis dem.",
      "Unusually many pupils have left at once and are held. Approve their leaving, or reject it.",
      {"SCHOOL"},
      1}},
};

/* The same day of the month that many months on, or the month's last day. */
static int32_t add_months(int32_t date, int months) {
    int year, month, day;

    ule_date_to_ymd(date, &year, &month, &day);
    month += months;
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    for (int32_t result;; day--)
        if ((result = ule_date_from_ymd(year, month, day)) != ULE_DATE_NONE || day <= 28)
            return result;
}

static bool has_passport(const struct ule_remedy_facts *facts) {
    return facts->danish_passport == ULE_MAYBE_TRUE ||
           (facts->danish_passport == ULE_MAYBE_NULL && facts->citizenship == DENMARK);
}

static enum route student_route(int32_t today, int32_t from) {
    if (from == ULE_DATE_NONE)
        return STUDENT_MAY;
    if (today < add_months(from, 3))
        return STUDENT_NOT_YET;
    return today <= add_months(from, 6) ? STUDENT_MAY : STUDENT_MUST;
}

static enum route number_route(const struct ule_remedy_facts *facts) {
    const struct ule_residence_permit_changed *permit = facts->permit;

    if (permit == NULL)
        return NONE;
    switch (permit->ground) {
    case ULE_PERMIT_GROUND_DIPLOMAT: return DIPLOMAT;
    case ULE_PERMIT_GROUND_DIPLOMAT_FAMILY: return DIPLOMAT_FAMILY;
    case ULE_PERMIT_GROUND_FAMILY_REUNIFICATION:
        if (permit->status != ULE_PERMIT_STATUS_PENDING)
            return NONE;
        /* fall through */
    case ULE_PERMIT_GROUND_ASYLUM_APPLICANT:
    case ULE_PERMIT_GROUND_FAMILY_REUNIFICATION_APPLICANT:
        return !facts->pupil ? NONE : facts->schooling ? ASYLUM_SCHOOLING : ASYLUM_DAY_CARE;
    case ULE_PERMIT_GROUND_ASYLUM_PERSONAL_ASSISTANCE: return facts->schooling ? ASYLUM_SCHOOLING : JOBCENTER;
    case ULE_PERMIT_GROUND_EU_JOBSEEKER:
    case ULE_PERMIT_GROUND_EU_EMPLOYMENT_OFFER: return JOBCENTER;
    case ULE_PERMIT_GROUND_REFUGEE:
    case ULE_PERMIT_GROUND_ALIENS_ACT_9_1_2:
    case ULE_PERMIT_GROUND_ALIENS_ACT_9_1_3:
    case ULE_PERMIT_GROUND_ALIENS_ACT_9C: return permit->address_registered ? PERMIT : PERMIT_WITHOUT_ADDRESS;
    case ULE_PERMIT_GROUND_EU_REGISTRATION:
        return permit->status == ULE_PERMIT_STATUS_GRANTED ? EU_WITH_CERTIFICATE : EU_WITHOUT_CERTIFICATE;
    case ULE_PERMIT_GROUND_STUDY: return student_route(facts->today, permit->valid_from);
    case ULE_PERMIT_GROUND_WORK:
    case ULE_PERMIT_GROUND_PAY_LIMIT:
    case ULE_PERMIT_GROUND_POSITIVE_LIST: return has_passport(facts) ? NONE : WORKER;
    default: return NONE;
    }
}

static enum route credential_route(const struct ule_remedy_facts *facts) {
    const struct ule_residence_permit_changed *permit = facts->permit;

    if (facts->administrative) {
        bool early = permit != NULL && (permit->ground == ULE_PERMIT_GROUND_PAY_LIMIT ||
                                        permit->ground == ULE_PERMIT_GROUND_POSITIVE_LIST);

        if (early && !permit->identity_verified)
            return EARLY_NUMBER;
        if ((early || (permit != NULL && permit->ground == ULE_PERMIT_GROUND_WORK)) && !has_passport(facts))
            return ADMINISTRATIVE_WORKER;
        return ADMINISTRATIVE;
    }
    if (facts->abroad)
        return has_passport(facts) ? ABROAD_WITH_PASSPORT : ABROAD;
    return facts->resident ? RESIDENT : NONE;
}

void ule_remedy_find(const struct ule_remedy_facts *facts, struct ule_remedy *remedy) {
    enum route route = facts->kind == ULE_CASE_KIND_NEMID_8 ? credential_route(facts) : number_route(facts);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((rows[i].kinds & 1u << facts->kind) != 0 && (rows[i].routes & ROUTE(route)) != 0) {
            *remedy = rows[i].remedy;
            return;
        }
    abort(); /* every kind of case has a row for any route */
}

int32_t ule_remedy_due(const struct ule_remedy_facts *facts) {
    const struct ule_residence_permit_changed *permit = facts->permit;
    enum route now = number_route(facts);

    if (((unsigned)AWAITING & 1u << facts->kind) == 0 || (now != STUDENT_NOT_YET && now != STUDENT_MAY) ||
        permit->valid_from == ULE_DATE_NONE)
        return ULE_DATE_NONE;
    return now == STUDENT_NOT_YET ? add_months(permit->valid_from, 3) : add_months(permit->valid_from, 6) + 1;
}
