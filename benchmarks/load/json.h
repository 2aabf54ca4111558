/* Finds fields of a compact JSON object without building anything. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field {
	const char *name;
	size_t name_length;
	const char *value; /* the raw value: of a string what stands between the quotes, escapes untouched */
	size_t length;
};

#define FIELD(text) {(text), sizeof(text) - 1, NULL, 0}

/* Fills the values of the named top-level fields; returns how many of them were found. A name that
   occurs inside a string or a nested object is not taken for a field. */
size_t json_find(const char *text, size_t length, struct field *fields, size_t count);

/* The field as a number; 0 if it is missing or no number. */
uint64_t json_number(const struct field *field);

bool json_is(const struct field *field, const char *expected);

#endif
