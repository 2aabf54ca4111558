#include "samples.h"

#include <stdlib.h>

#include "report.h"

void samples_add(struct samples *samples, uint64_t ns)
{
	if (samples->count == samples->capacity) {
		samples->capacity = samples->capacity ? samples->capacity * 2 : 4096;
		samples->us = must(realloc(samples->us, samples->capacity * sizeof *samples->us));
	}
	uint64_t us = ns / 1000;
	samples->us[samples->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int ascending(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	return (a > b) - (a < b);
}

double samples_ms(struct samples *samples, double percentile)
{
	if (samples->count == 0)
		return 0;
	qsort(samples->us, samples->count, sizeof *samples->us, ascending);
	size_t rank = (size_t)(percentile / 100.0 * (double)(samples->count - 1) + 0.5);
	return samples->us[rank] / 1000.0;
}
