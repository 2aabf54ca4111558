/* What was done and what it cost between two moments. */
#ifndef METER_H
#define METER_H

#include <stdint.h>

#include "engine.h"

struct meter {
	uint64_t at_ns;
	struct totals totals;
	double own_cpu_s, server_cpu_s;
};

struct meter meter_read(void);

/* Resident memory of the server (--server-pid) in KiB; 0 without one. */
uint64_t server_rss_kib(void);

/* Reports the generator's own cost, and the server's, between two moments. */
void meter_report(const struct meter *from, const struct meter *until);

#endif
