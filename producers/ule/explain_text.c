/* SPDX-License-Identifier: MIT */
/* The document of `ule explain` for a terminal of 80 columns. Texts come from municipal systems: nothing in them may
 * steer the terminal. */
#include "ule/explain.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 80 };

static const struct {
    const char *name, *title, *nothing; /* nothing NULL: without items the section is left out */
} sections[] = {
    {"facts", "WHAT IS KNOWN, AND WHERE IT CAME FROM", "Nothing."},
    {"account", "ACCOUNT", NULL},
    {"contacts", "WHO MAY SEE WHAT OF THIS CHILD", NULL},
    {"children", "WHOSE CONTACT THIS PERSON IS", NULL},
    {"swaps", "RE-REGISTRATIONS", NULL},
    {"verdicts", "OPTAGELSE.DK", NULL},
    {"cases", "OPEN CASES", "None."},
    {"changes", "WHAT WOULD CHANGE IT", "Nothing that the system knows of."},
};

/* The bytes of the character at `text`; *control where it would do something to a terminal: C0, DEL, C1, and the
 * marks that turn the direction of writing. */
static size_t character(const char *text, bool *control) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t size = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    size_t there = 1;
    while (there < size && (bytes[there] & 0xc0U) == 0x80U)
        there++;
    *control = bytes[0] < 0x20 || bytes[0] == 0x7f || (bytes[0] == 0xc2 && there == 2 && bytes[1] < 0xa0) ||
               (bytes[0] == 0xe2 && there == 3 && bytes[1] == 0x80 &&
                ((bytes[2] >= 0x8e && bytes[2] <= 0x8f) || (bytes[2] >= 0xa8 && bytes[2] <= 0xae))) ||
               (bytes[0] == 0xe2 && there == 3 && bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9);
    return there;
}

struct column {
    FILE *file;
    int indent, at; /* at: characters that stand in the line, 0 at its begin */
};

static void blanks(struct column *column, int count) {
    (void)fprintf(column->file, "%*s", count, "");
    column->at = count;
}

/* One word, on the next line where this one has no room; one that no line holds is cut. */
static void word(struct column *column, const char *text, size_t size) {
    int width = 0;
    bool control;
    for (size_t i = 0; i < size; width++)
        i += character(text + i, &control);
    if (column->at > column->indent && column->at + 1 + width > WIDTH) {
        (void)fputc('\n', column->file);
        blanks(column, column->indent);
    } else if (column->at > column->indent) {
        (void)fputc(' ', column->file);
        column->at++;
    }
    for (size_t i = 0; i < size;) {
        size_t one = character(text + i, &control);
        if (column->at == WIDTH) {
            (void)fputc('\n', column->file);
            blanks(column, column->indent);
        }
        if (control)
            (void)fputc('?', column->file);
        else
            (void)fwrite(text + i, 1, one, column->file);
        column->at++;
        i += one;
    }
}

/* `mark` stands before the first line, `indent` blanks before the others; the mark is as wide. */
static void paragraph(FILE *file, const char *mark, int indent, const char *text) {
    struct column column = {.file = file, .indent = indent, .at = indent};
    (void)fputs(mark, file);
    for (size_t i = 0; text[i];) {
        size_t size = strcspn(text + i, " ");
        if (size > 0)
            word(&column, text + i, size);
        i += size + (text[i + size] == ' ');
    }
    (void)fputc('\n', file);
}

static void print_source(FILE *file, const json_t *source) {
    if (!source)
        return;
    char *text;
    if (asprintf(&text, "[%s, partition %lld, offset %lld, %.16sZ]",
                 json_string_value(json_object_get(source, "topic")),
                 (long long)json_integer_value(json_object_get(source, "partition")),
                 (long long)json_integer_value(json_object_get(source, "offset")),
                 json_string_value(json_object_get(source, "at"))) < 0)
        abort();
    paragraph(file, "    ", 4, text);
    free(text);
}

/* What a rule says is told once; `told` remembers which were. */
static void print_rules(FILE *file, const json_t *rules, json_t *told) {
    char *again = NULL;
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *entry = json_array_get(rules, i);
        const char *rule = json_string_value(json_object_get(entry, "rule"));
        char *text = NULL;
        if (json_object_get(told, rule)) {
            if (asprintf(&text, "%s%s%s", again ? again : "", again ? ", " : "", rule) < 0)
                abort();
            free(again);
            again = text;
            continue;
        }
        json_object_set_new(told, rule, json_true());
        if (asprintf(&text, "%s: %s", rule, json_string_value(json_object_get(entry, "meaning"))) < 0)
            abort();
        paragraph(file, "    > ", 6, text);
        free(text);
    }
    if (again) {
        char *text;
        if (asprintf(&text, "%s, as above", again) < 0)
            abort();
        paragraph(file, "    > ", 6, text);
        free(text);
    }
    free(again);
}

static void print_item(FILE *file, const json_t *item, json_t *told) {
    const json_t *details = json_object_get(item, "details");
    paragraph(file, "  * ", 4, json_string_value(json_object_get(item, "text")));
    for (size_t i = 0; i < json_array_size(details); i++)
        paragraph(file, "    ", 6, json_string_value(json_array_get(details, i)));
    print_rules(file, json_object_get(item, "rules"), told);
    print_source(file, json_object_get(item, "source"));
}

static void print_head(FILE *file, const json_t *document) {
    const json_t *person = json_array_get(json_object_get(document, "person"), 0);
    const json_t *details = json_object_get(person, "details");
    paragraph(file, "", 0, json_string_value(json_object_get(person, "text")));
    (void)fprintf(file, "as the system saw it at the end of %s\n",
                  json_string_value(json_object_get(document, "as_of")));
    for (size_t i = 0; i < json_array_size(details); i++)
        paragraph(file, "  ", 4, json_string_value(json_array_get(details, i)));
}

void ule_explain_print(const json_t *document, FILE *file) {
    json_t *told = json_object();
    print_head(file, document);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const json_t *items = json_object_get(document, sections[i].name);
        if (json_array_size(items) == 0 && !sections[i].nothing)
            continue;
        (void)fprintf(file, "\n%s\n", sections[i].title);
        if (json_array_size(items) == 0)
            (void)fprintf(file, "  %s\n", sections[i].nothing);
        for (size_t k = 0; k < json_array_size(items); k++)
            print_item(file, json_array_get(items, k), told);
    }
    json_decref(told);
}
