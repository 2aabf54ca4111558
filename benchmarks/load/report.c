#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char why_void[512];

void die(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(2);
}

void *must(void *pointer)
{
	if (!pointer)
		die("load: out of memory");
	return pointer;
}

void void_run(const char *format, ...)
{
	if (why_void[0])
		return;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why_void, sizeof why_void, format, arguments);
	va_end(arguments);
}

bool run_is_void(void)
{
	return why_void[0] != 0;
}

void report_begin(const char *mode)
{
	printf("{\"mode\":\"%s\"", mode);
}

void report_number(const char *name, double value)
{
	printf(",\"%s\":%.3f", name, value);
}

void report_count(const char *name, unsigned long long value)
{
	printf(",\"%s\":%llu", name, value);
}

void report_text(const char *name, const char *value)
{
	printf(",\"%s\":\"", name);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

int report_end(void)
{
	printf(",\"valid\":%s", run_is_void() ? "false" : "true");
	if (run_is_void())
		report_text("why", why_void);
	puts("}");
	return run_is_void() ? 1 : 0;
}
