/* Keeps every sample, so that percentiles are exact. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
	uint32_t *us;
	size_t count, capacity;
};

void samples_add(struct samples *samples, uint64_t ns);

/* The percentile in milliseconds; sorts the samples; 0 if there are none. */
double samples_ms(struct samples *samples, double percentile);

#endif
