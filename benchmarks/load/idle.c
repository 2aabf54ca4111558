/* idle: many connections that do nothing but stay. Prints `ready` on stderr when all are live. */
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "flights.h"
#include "meter.h"
#include "modes.h"
#include "options.h"
#include "report.h"
#include "talk.h"
#include "websocket.h"

static struct samples until_live;

static void live(struct conn *conn)
{
	samples_add(&until_live, now_ns - conn->began_ns);
}

static void acked(struct conn *conn)
{
	(void)conn;
}

static void lost(struct conn *conn, const char *why)
{
	void_run("connection %u was lost: %s", conn->number, why);
}

int run_idle(void)
{
	hooks.live = live;
	hooks.acked = acked;
	hooks.lost = lost;
	flights_load(opt.tokens);
	uint64_t rss_before = server_rss_kib(), start = read_clock();
	connect_all();
	double connect_s = (double)(read_clock() - start) / 1e9;
	fprintf(stderr, "ready\n");
	struct meter from = meter_read();
	uint64_t until_ns = from.at_ns + (uint64_t)(opt.hold * 1e9);
	while (now_ns < until_ns && !run_is_void())
		engine_step(until_ns);
	struct meter until = meter_read();

	report_begin("idle");
	report_text("dialect", dialect->name);
	report_count("connections", conns_live);
	report_number("connect_s", connect_s);
	report_number("connects_per_s", conns_live / connect_s);
	report_number("connect_p50_ms", samples_ms(&until_live, 50));
	report_number("connect_p99_ms", samples_ms(&until_live, 99));
	report_number("held_s", (double)(until.at_ns - from.at_ns) / 1e9);
	report_count("pings_answered", totals.pings);
	report_count("ping_frames", totals.app_pings);
	if (opt.server_pid && conns_live)
		report_number("server_kib_per_connection", ((double)server_rss_kib() - (double)rss_before) / conns_live);
	meter_report(&from, &until);
	return report_end();
}
