/* SPDX-License-Identifier: MIT */
#include "ule/generate_family.h"

/* All of them in ISO-8859-1, the character set of the extracts. */
static const char *const women[] = {
    "Anna",   "Ida",      "Freja",   "Clara",   "Alma",    "Ella",  "Karla",  "Emma",    "Sofia",
    "Agnes",  "Mathilde", "Laura",   "Signe",   "Maja",    "Liv",   "Asta",   "Nora",    "Lærke",
    "Astrid", "Ellen",    "Merle",   "Filippa", "Johanne", "Marie", "Sofie",  "Kirsten", "Mette",
    "Hanne",  "Helle",    "Susanne", "Lene",    "Gitte",   "Åse",   "Rigmor", "Fatima",  "Olena",
};
static const char *const men[] = {
    "William", "Oscar",  "Carl",   "Malthe",  "Emil",   "Valdemar", "Noah",  "Aksel", "August",
    "Oliver",  "Lucas",  "Søren",  "Alfred",  "Arthur", "Viggo",    "Storm", "Elias", "Magnus",
    "Victor",  "Anton",  "Felix",  "Villads", "Otto",   "Theo",     "Peter", "Jens",  "Lars",
    "Michael", "Henrik", "Thomas", "Jørgen",  "Kaj",    "Åge",      "Bjørn", "Ahmad", "Andrij",
};
static const char *const families[] = {
    "Nielsen",   "Jensen",    "Hansen",   "Andersen",  "Pedersen",   "Christensen", "Larsen",  "Sørensen",
    "Rasmussen", "Jørgensen", "Petersen", "Madsen",    "Kristensen", "Olsen",       "Thomsen", "Christiansen",
    "Poulsen",   "Johansen",  "Møller",   "Mortensen", "Knudsen",    "Østergård",   "Ågård",   "Skovgård",
    "Bach",      "Friis",     "Lund",     "Holm",      "Kjær",       "Dam",         "Krogh",   "Bæk",
    "Ravn",      "Winther",   "Toft",     "Brandt",    "Vestergård", "Nørgård",     "Ali",     "Kovalenko",
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

const char *ule_generate_given_name(bool female, unsigned index) {
    return female ? women[index % COUNT(women)] : men[index % COUNT(men)];
}

const char *ule_generate_family_name(unsigned index) {
    return families[index % COUNT(families)];
}
