/* fanout and durable: connections talk for a time, in a closed loop (a window of sends in flight each) or an
   open one (a fixed total rate, latency counted from the moment a message should have been sent). */
#include "talk.h"

#include <stdio.h>

#include "engine.h"
#include "flights.h"
#include "meter.h"
#include "modes.h"
#include "options.h"
#include "report.h"
#include "websocket.h"

#define S 1000000000ull
enum { LANDING_S = 20, TURN_NS = 20000000 };

static bool talking;
static struct samples lateness;

static void nothing(struct conn *conn)
{
	(void)conn;
}

static bool may_send(void)
{
	return talking && !run_is_void() && (!opt.messages || messages_sent < opt.messages);
}

static void send_next(struct conn *conn)
{
	if (opt.rate == 0 && may_send())
		flight_send(conn, now_ns); /* flushed when its read has been worked off */
}

static void lost(struct conn *conn, const char *why)
{
	void_run("connection %u was lost: %s", conn->number, why);
}

void connect_all(void)
{
	uint64_t start = read_clock(), until = start + (uint64_t)(opt.connect_timeout * 1e9);
	while (conns_begin_waiting(start) < conn_count && !run_is_void()) {
		if (now_ns > until)
			void_run("only %u of %u connections were live after %.0f s", conns_live, conn_count, opt.connect_timeout);
		engine_step(now_ns + S / 1000);
	}
}

void send_due_receipts(void)
{
	static uint64_t start_ns, visited;
	if (!opt.receipts || !dialect->receipt)
		return;
	if (!start_ns)
		start_ns = now_ns;
	uint64_t due = (uint64_t)((double)(now_ns - start_ns) / 1e9 * conn_count);
	if (due > visited + conn_count)
		visited = due - conn_count; /* nobody sends two for one second */
	for (; visited < due; visited++) {
		struct conn *conn = &conns[visited % conn_count];
		if (conn->state != LIVE || conn->seq == conn->receipt_seq)
			continue;
		dialect->receipt(conn);
		totals.receipts++;
		conn_flush(conn);
	}
}

/* The senders stand evenly among all connections. */
static struct conn *sender(uint64_t number)
{
	uint32_t senders = opt.senders ? opt.senders : conn_count;
	return &conns[(number % senders) * conn_count / senders];
}

static void fill_windows(void)
{
	uint32_t senders = opt.senders ? opt.senders : conn_count;
	for (uint32_t turn = 0; turn < opt.window; turn++)
		for (uint32_t i = 0; i < senders; i++) {
			send_next(sender(i));
			conn_flush(sender(i));
		}
}

/* Sends what is due; returns when the next one is. */
static uint64_t send_due(uint64_t start_ns)
{
	static uint64_t number;
	uint64_t due_ns = start_ns + (uint64_t)((double)number / opt.rate * 1e9);
	while (due_ns <= now_ns && may_send()) {
		/* A prime stride: one message after the other goes to another chat. */
		struct conn *conn = sender(number * 7919);
		if (due_ns >= sample_from_ns)
			samples_add(&lateness, now_ns - due_ns);
		flight_send(conn, due_ns);
		conn_flush(conn);
		read_clock();
		due_ns = start_ns + (uint64_t)((double)++number / opt.rate * 1e9);
	}
	return due_ns;
}

static void talk_until(uint64_t start_ns, uint64_t until_ns)
{
	while (now_ns < until_ns && !run_is_void() && (may_send() || !talking || !flights_landed())) {
		uint64_t wake_ns = now_ns + TURN_NS < until_ns ? now_ns + TURN_NS : until_ns;
		if (opt.rate > 0 && talking) {
			uint64_t due_ns = send_due(start_ns);
			wake_ns = due_ns < wake_ns ? due_ns : wake_ns;
		}
		send_due_receipts();
		engine_step(wake_ns);
	}
}

static void land(void)
{
	uint64_t until = read_clock() + LANDING_S * S;
	talking = false;
	while (!flights_landed() && now_ns < until && !run_is_void()) {
		send_due_receipts();
		engine_step(now_ns + TURN_NS);
	}
	if (!flights_landed())
		void_run("of %u messages sent %u were acked and %u reached every member within %d s", messages_sent, messages_acked, messages_delivered, LANDING_S);
}

static void report(const char *mode, const struct meter *from, const struct meter *until)
{
	double wall = (double)(until->at_ns - from->at_ns) / 1e9;
	report_begin(mode);
	report_text("dialect", dialect->name);
	report_count("connections", conn_count);
	report_count("chats", chat_count);
	report_count("senders", opt.senders ? opt.senders : conn_count);
	report_count("window", opt.rate > 0 ? 0 : opt.window);
	report_number("rate", opt.rate);
	report_number("seconds", wall);
	report_count("text_chars", opt.size);
	report_count("messages", messages_sent);
	report_number("deliveries_per_s", (double)(until->totals.deliveries - from->totals.deliveries) / wall);
	report_number("acked_per_s", (double)(until->totals.acks - from->totals.acks) / wall);
	report_number("frames_per_s", (double)(until->totals.frames - from->totals.frames) / wall);
	report_number("frames_per_read", (double)(until->totals.frames - from->totals.frames) / (double)(until->totals.reads - from->totals.reads + 1));
	report_number("bytes_per_s", (double)(until->totals.bytes_in - from->totals.bytes_in) / wall);
	report_count("receipts", until->totals.receipts - from->totals.receipts);
	report_number("ack_p50_ms", samples_ms(&acks_taken, 50));
	report_number("ack_p99_ms", samples_ms(&acks_taken, 99));
	report_number("last_p50_ms", samples_ms(&last_receiver, 50));
	report_number("last_p99_ms", samples_ms(&last_receiver, 99));
	report_number("last_p999_ms", samples_ms(&last_receiver, 99.9));
	if (opt.rate > 0)
		report_number("late_send_p99_ms", samples_ms(&lateness, 99));
	meter_report(from, until);
}

int run_talk(const char *mode)
{
	hooks.live = nothing;
	hooks.acked = send_next;
	hooks.lost = lost;
	flights_load(opt.tokens);
	if (opt.senders > conn_count)
		die("load: more senders than connections");
	connect_all();
	uint64_t start_ns = read_clock();
	sample_from_ns = start_ns + (uint64_t)(opt.warmup * 1e9);
	sample_until_ns = sample_from_ns + (uint64_t)(opt.seconds * 1e9);
	talking = true;
	if (!run_is_void() && opt.rate == 0)
		fill_windows();
	talk_until(start_ns, sample_from_ns);
	struct meter from = meter_read();
	talk_until(start_ns, sample_until_ns);
	struct meter until = meter_read();
	land();
	report(mode, &from, &until);
	return report_end();
}
