/* How a run ends: one line of JSON on stdout, and whether it counts. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Stops the program: a mistake in the command line or no memory, not a result. Exit code 2. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The pointer, or the end of the program if there is no memory. */
void *must(void *pointer);

/* Marks the run as void; the first reason is the one told. */
void void_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool run_is_void(void);

void report_begin(const char *mode);
void report_number(const char *name, double value);
void report_count(const char *name, unsigned long long value);
void report_text(const char *name, const char *value);

/* Prints the line; returns the exit code: 0, or 1 for a void run. */
int report_end(void);

#endif
