/* http: keep-alive GETs in a closed loop, one request in flight a connection. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "meter.h"
#include "modes.h"
#include "options.h"
#include "report.h"
#include "samples.h"

#define S 1000000000ull

static char **paths;
static uint32_t path_count, next_path;
static uint64_t pages, not_200, sample_from;
static struct samples latencies;
static char first_failure[160];

static void load_paths(void)
{
	if (!opt.paths)
		die("load: --paths is missing");
	FILE *file = fopen(opt.paths, "r");
	if (!file)
		die("load: cannot read %s", opt.paths);
	char path[2048];
	while (fscanf(file, "%2047s", path) == 1) {
		paths = must(realloc(paths, (path_count + 1) * sizeof *paths));
		paths[path_count++] = must(strdup(path));
	}
	fclose(file);
	if (!path_count)
		die("load: %s is empty", opt.paths);
}

static void ask(struct conn *conn)
{
	char request[6144];
	int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%u\r\nAccept: application/json\r\n%s%s%s\r\n",
		paths[next_path++ % path_count], opt.host, opt.port,
		opt.token ? "Authorization: Bearer " : "", opt.token ? opt.token : "", opt.token ? "\r\n" : "");
	if (length >= (int)sizeof request)
		die("load: the token is too long");
	conn->began_ns = read_clock();
	conn_queue(conn, request, (size_t)length);
}

static void connected(struct conn *conn)
{
	conn_live(conn);
}

static void count_page(struct conn *conn, const char *head)
{
	if (now_ns >= sample_from) {
		pages++;
		samples_add(&latencies, now_ns - conn->began_ns);
	}
	if (memcmp(head, "HTTP/1.1 200", 12) == 0)
		return;
	if (!not_200++)
		snprintf(first_failure, sizeof first_failure, "%.*s", (int)strcspn(head, "\r"), head);
}

static size_t consume(struct conn *conn, uint8_t *data, size_t length)
{
	char *end = memmem(data, length, "\r\n\r\n", 4);
	if (!end)
		return 0;
	*end = 0; /* the header lines are a string now */
	const char *header = strcasestr((char *)data, "\r\ncontent-length:");
	if (!header)
		die("load: an answer without Content-Length:\n%s", (char *)data);
	size_t total = (size_t)(end - (char *)data) + 4 + strtoul(header + 17, NULL, 10);
	if (length < total) {
		*end = '\r';
		return 0;
	}
	count_page(conn, (char *)data);
	if (strcasestr((char *)data, "\r\nconnection: close")) {
		conn_lose(conn, "the server ended keep-alive");
		return total;
	}
	ask(conn);
	return total;
}

static void lost(struct conn *conn, const char *why)
{
	void_run("connection %u was lost: %s", conn->number, why);
}

int run_http(void)
{
	load_paths();
	protocol = (struct protocol){connected, consume};
	hooks.live = ask;
	hooks.lost = lost;
	engine_init(opt.connections ? opt.connections : 16);
	uint64_t start = read_clock();
	while (conns_begin_waiting(start) < conn_count && !run_is_void())
		engine_step(now_ns + S / 1000);
	sample_from = read_clock() + (uint64_t)(opt.warmup * 1e9);
	while (now_ns < sample_from && !run_is_void())
		engine_step(sample_from);
	struct meter from = meter_read();
	uint64_t until_ns = sample_from + (uint64_t)(opt.seconds * 1e9);
	while (now_ns < until_ns && !run_is_void())
		engine_step(until_ns);
	struct meter until = meter_read();
	if (not_200)
		void_run("%llu answers were not 200, the first: %s", (unsigned long long)not_200, first_failure);

	double wall = (double)(until.at_ns - from.at_ns) / 1e9;
	report_begin("http");
	report_count("connections", conn_count);
	report_number("pages_per_s", (double)pages / wall);
	report_number("p50_ms", samples_ms(&latencies, 50));
	report_number("p99_ms", samples_ms(&latencies, 99));
	report_count("not_200", not_200);
	report_number("bytes_per_s", (double)(until.totals.bytes_in - from.totals.bytes_in) / wall);
	meter_report(&from, &until);
	return report_end();
}
