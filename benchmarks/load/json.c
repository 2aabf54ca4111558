#include "json.h"

#include <string.h>

/* `at` stands behind the opening quote; the answer stands behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
	const char *start = at;
	for (;;) {
		const char *quote = memchr(at, '"', (size_t)(end - at));
		if (!quote)
			return NULL;
		size_t backslashes = 0;
		for (const char *back = quote; back > start && back[-1] == '\\'; back--)
			backslashes++;
		if (backslashes % 2 == 0)
			return quote + 1;
		at = quote + 1;
	}
}

static const char *skip_nested(const char *at, const char *end)
{
	int depth = 0;
	while (at < end) {
		char c = *at++;
		if (c == '"') {
			at = skip_string(at, end);
			if (!at)
				return NULL;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			return at;
		}
	}
	return NULL;
}

static const char *skip_value(const char *at, const char *end)
{
	if (at >= end)
		return NULL;
	if (*at == '"')
		return skip_string(at + 1, end);
	if (*at == '{' || *at == '[')
		return skip_nested(at, end);
	while (at < end && *at != ',' && *at != '}')
		at++;
	return at;
}

static bool take(struct field *fields, size_t count, const char *name, size_t name_length, const char *value, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].name_length != name_length || memcmp(fields[i].name, name, name_length) != 0)
			continue;
		bool quoted = *value == '"';
		fields[i].value = value + quoted;
		fields[i].length = length - 2 * quoted;
		return true;
	}
	return false;
}

size_t json_find(const char *text, size_t length, struct field *fields, size_t count)
{
	const char *at = text, *end = text + length;
	size_t found = 0;
	for (size_t i = 0; i < count; i++)
		fields[i].value = NULL, fields[i].length = 0;
	if (at == end || *at++ != '{')
		return 0;
	while (found < count && at < end && *at == '"') {
		const char *name = at + 1;
		const char *after_name = skip_string(name, end);
		if (!after_name || after_name == end || *after_name != ':')
			return found;
		const char *value = after_name + 1;
		const char *after_value = skip_value(value, end);
		if (!after_value || after_value == end)
			return found;
		found += take(fields, count, name, (size_t)(after_name - 1 - name), value, (size_t)(after_value - value));
		at = after_value + 1;
	}
	return found;
}

uint64_t json_number(const struct field *field)
{
	uint64_t number = 0;
	for (size_t i = 0; i < field->length && field->value[i] >= '0' && field->value[i] <= '9'; i++)
		number = number * 10 + (uint64_t)(field->value[i] - '0');
	return number;
}

bool json_is(const struct field *field, const char *expected)
{
	return field->value && field->length == strlen(expected) && memcmp(field->value, expected, field->length) == 0;
}
