/* storm: everybody is cut at once, misses messages, and comes back at once with the last seq it has seen.
   The first connection of each chat stays: it sends what the others miss. */
#include <stdio.h>

#include "engine.h"
#include "flights.h"
#include "meter.h"
#include "modes.h"
#include "options.h"
#include "report.h"
#include "talk.h"
#include "websocket.h"

#define S 1000000000ull
enum { TURN_NS = 1000000, LANDING_S = 20, RETRY_MS = 500, MESSAGES_IN_FLIGHT = 200 };

static uint64_t storm_ns; /* when they began to come back; 0 before */
static struct samples until_live;
static uint32_t retries;
static char first_refusal[256];

static void live(struct conn *conn)
{
	(void)conn;
	if (storm_ns)
		samples_add(&until_live, now_ns - storm_ns);
}

static void acked(struct conn *conn)
{
	(void)conn;
}

/* Refused while all come back: the client waits as long as it was told, or up to RETRY_MS, and tries again. */
static void lost(struct conn *conn, const char *why)
{
	if (!storm_ns || chats[conn->chat].first == conn->number) {
		void_run("connection %u was lost: %s", conn->number, why);
		return;
	}
	if (!retries++)
		snprintf(first_refusal, sizeof first_refusal, "%s", why);
	uint64_t wait_ms = conn->retry_ms ? conn->retry_ms : (conn->number * 7919u) % RETRY_MS;
	conn->retry_ns = now_ns + wait_ms * 1000000;
	conn->retry_ms = 0;
	conn->state = UNUSED;
}

static void cut_everybody(void)
{
	for (uint32_t i = 0; i < conn_count; i++)
		if (chats[conns[i].chat].first != i)
			conn_cut(&conns[i]);
}

static void send_one(uint64_t number)
{
	struct conn *conn = &conns[chats[number % chat_count].first];
	flight_send(conn, now_ns);
	conn_flush(conn);
}

static void send_what_they_miss(void)
{
	uint64_t until = now_ns + LANDING_S * S;
	while (messages_acked < opt.between && now_ns < until && !run_is_void()) {
		while (messages_sent < opt.between && messages_sent - messages_acked < MESSAGES_IN_FLIGHT)
			send_one(messages_sent);
		engine_step(now_ns + TURN_NS);
	}
	if (messages_acked < opt.between)
		void_run("%u of %u messages were acked while the others were away", messages_acked, opt.between);
}

static void come_back(void)
{
	storm_ns = read_clock();
	uint64_t until = storm_ns + (uint64_t)(opt.connect_timeout * 1e9);
	while (conns_begin_waiting(storm_ns) < conn_count && now_ns < until && !run_is_void()) {
		while ((double)(messages_sent - opt.between) < (double)(now_ns - storm_ns) / 1e9 * opt.during)
			send_one(messages_sent);
		engine_step(now_ns + TURN_NS);
	}
	if (conns_live < conn_count)
		void_run("only %u of %u connections were live again after %.0f s", conns_live, conn_count, opt.connect_timeout);
}

static void land(void)
{
	uint64_t until = read_clock() + LANDING_S * S;
	while (!flights_landed() && now_ns < until && !run_is_void())
		engine_step(now_ns + TURN_NS);
	if (!flights_landed())
		void_run("lost: of %u messages %u were acked and %u reached every member", messages_sent, messages_acked, messages_delivered);
}

int run_storm(void)
{
	if (dialect != &tenfour)
		die("load: storm needs a server that resumes: --dialect tenfour");
	hooks.live = live;
	hooks.acked = acked;
	hooks.lost = lost;
	flights_load(opt.tokens);
	connect_all();
	fprintf(stderr, "ready\n");
	if (!run_is_void())
		cut_everybody();
	send_what_they_miss();
	/* All at once: what limits them from here on is the server. */
	opt.connect_cap = 0;
	opt.connect_rate = 0;
	struct meter from = meter_read();
	come_back();
	double back_s = (double)(read_clock() - storm_ns) / 1e9;
	struct meter until = meter_read();
	land();

	report_begin("storm");
	report_count("connections", conn_count);
	report_count("came_back", conn_count - chat_count);
	report_count("chats", chat_count);
	report_count("missed_messages", opt.between);
	report_count("messages_meanwhile", messages_sent - opt.between);
	report_number("all_back_s", back_s);
	report_number("back_p50_ms", samples_ms(&until_live, 50));
	report_number("back_p99_ms", samples_ms(&until_live, 99));
	report_count("retries", retries);
	if (retries)
		report_text("first_refusal", first_refusal);
	report_count("deliveries", totals.deliveries);
	meter_report(&from, &until);
	return report_end();
}
