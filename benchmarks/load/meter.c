#include "meter.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "options.h"
#include "report.h"

static double own_cpu_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static size_t read_proc(const char *name, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", opt.server_pid, name);
	FILE *file = fopen(path, "r");
	if (!file)
		die("load: no process %d to measure", opt.server_pid);
	size_t length = fread(text, 1, size - 1, file);
	text[length] = 0;
	fclose(file);
	return length;
}

static double server_cpu_s(void)
{
	char text[1024];
	unsigned long user = 0, kernel = 0;
	if (!opt.server_pid)
		return 0;
	read_proc("stat", text, sizeof text);
	const char *after_name = strrchr(text, ')');
	if (!after_name || sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		die("load: cannot read the CPU time of process %d", opt.server_pid);
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

uint64_t server_rss_kib(void)
{
	char text[256];
	unsigned long pages = 0;
	if (!opt.server_pid)
		return 0;
	read_proc("statm", text, sizeof text);
	sscanf(text, "%*u %lu", &pages);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

struct meter meter_read(void)
{
	return (struct meter){read_clock(), totals, own_cpu_s(), server_cpu_s()};
}

void meter_report(const struct meter *from, const struct meter *until)
{
	double wall = (double)(until->at_ns - from->at_ns) / 1e9;
	report_number("generator_cpu_s", until->own_cpu_s - from->own_cpu_s);
	/* The share of a core it did not use, and the share of the time in which nothing was there to be read. */
	report_number("generator_idle_share", 1 - (until->own_cpu_s - from->own_cpu_s) / wall);
	report_number("generator_waiting_share", (double)(until->totals.waited_ns - from->totals.waited_ns) / 1e9 / wall);
	if (!opt.server_pid)
		return;
	double cpu = until->server_cpu_s - from->server_cpu_s;
	report_number("server_cpu_s", cpu);
	report_number("server_cpu_share", cpu / wall);
	uint64_t deliveries = until->totals.deliveries - from->totals.deliveries;
	if (deliveries)
		report_number("server_us_per_delivery", cpu * 1e6 / (double)deliveries);
	report_count("server_rss_kib", server_rss_kib());
}
