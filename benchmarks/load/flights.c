#define _GNU_SOURCE
#include "flights.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"
#include "websocket.h"

enum { NO_MESSAGE = UINT32_MAX, NUMBER_DIGITS = 10, NONCE_DIGITS = 8 };

struct flight {
	uint64_t intended_ns;
	uint32_t chat, sender, remaining, seq;
	bool acked;
};

struct chat *chats;
uint32_t chat_count, messages_sent, messages_delivered, messages_acked, run_nonce;
uint64_t sample_from_ns, sample_until_ns;
struct samples last_receiver, acks_taken;

static struct flight *flights;
static uint32_t flight_capacity;

static uint32_t find_or_add_chat(const char *id)
{
	static struct hsearch_data table;
	static bool made;
	if (!made)
		made = hcreate_r(200000, &table);
	ENTRY *entry;
	if (hsearch_r((ENTRY){.key = (char *)id}, FIND, &entry, &table))
		return (uint32_t)(uintptr_t)entry->data;
	chats = must(realloc(chats, (chat_count + 1) * sizeof *chats));
	chats[chat_count] = (struct chat){.first = UINT32_MAX};
	if (snprintf(chats[chat_count].id, sizeof chats->id, "%s", id) >= (int)sizeof chats->id)
		die("load: chat id too long: %s", id);
	hsearch_r((ENTRY){.key = must(strdup(id)), .data = (void *)(uintptr_t)chat_count}, ENTER, &entry, &table);
	return chat_count++;
}

static uint32_t count_lines(FILE *file)
{
	uint32_t lines = 0;
	for (int c; (c = getc(file)) != EOF;)
		lines += c == '\n';
	rewind(file);
	return lines;
}

void flights_load(const char *path)
{
	if (!path)
		die("load: --tokens is missing");
	FILE *file = fopen(path, "r");
	if (!file)
		die("load: cannot read %s", path);
	uint32_t lines = count_lines(file);
	if (opt.connections > lines)
		die("load: %s has %u lines only", path, lines);
	engine_init(opt.connections ? opt.connections : lines);
	for (uint32_t i = 0; i < conn_count; i++) {
		char token[3072], chat[128];
		if (fscanf(file, "%3071s %127s", token, chat) != 2)
			die("load: %s:%u: not `token chat_id`", path, i + 1);
		conns[i].token = strcmp(token, "-") == 0 ? NULL : must(strdup(token));
		conns[i].chat = find_or_add_chat(chat);
		struct chat *in = &chats[conns[i].chat];
		in->members++;
		if (in->first == UINT32_MAX)
			in->first = i;
	}
	fclose(file);
}

static const char *padding(void)
{
	static char text[TEXT_MAX + 1];
	static const char sample[] = "a \\\"quoted\\\" \\\\ {\\\"seq\\\":7,\\\"text\\\":\\\"x\\\"} \\u00e9\\n";
	if (!text[0]) {
		memset(text, 'x', TEXT_MAX);
		if (opt.escapes)
			for (size_t at = 0; at + sizeof sample < TEXT_MAX; at += sizeof sample - 1)
				memcpy(text + at, sample, sizeof sample - 1);
	}
	return text;
}

static size_t write_text(char *to, uint32_t message, uint64_t intended_ns)
{
	int length = sprintf(to, "%08x%010u %019llu ", run_nonce, message, (unsigned long long)intended_ns);
	uint32_t rest = opt.size - (uint32_t)length;
	const char *pad = padding();
	if (opt.escapes)
		while (rest && pad[rest] != 'a') /* cut between two samples, never inside an escape */
			rest--;
	memcpy(to + length, pad, rest);
	return (size_t)length + rest;
}

static uint32_t read_text(const char *text, size_t length)
{
	char nonce[NONCE_DIGITS + 1];
	snprintf(nonce, sizeof nonce, "%08x", run_nonce);
	if (length < TEXT_MIN - 1 || memcmp(text, nonce, NONCE_DIGITS) != 0)
		return NO_MESSAGE;
	uint32_t message = 0;
	for (int i = 0; i < NUMBER_DIGITS; i++)
		message = message * 10 + (uint32_t)(text[NONCE_DIGITS + i] - '0');
	return message;
}

static bool sampled(const struct flight *flight)
{
	return flight->intended_ns >= sample_from_ns && flight->intended_ns < sample_until_ns;
}

void flight_send(struct conn *conn, uint64_t intended_ns)
{
	char text[TEXT_MAX + 1];
	if (messages_sent == flight_capacity) {
		flight_capacity = flight_capacity ? flight_capacity * 2 : 65536;
		flights = must(realloc(flights, flight_capacity * sizeof *flights));
	}
	uint32_t message = messages_sent++;
	flights[message] = (struct flight){intended_ns, conn->chat, conn->number, chats[conn->chat].members, 0, false};
	conn->in_flight++;
	dialect->send(conn, message, text, write_text(text, message, intended_ns));
}

static bool same_seq(struct flight *flight, uint32_t message, uint64_t seq)
{
	if (flight->seq && seq && flight->seq != (uint32_t)seq) {
		void_run("message %u has seq %u and seq %llu", message, flight->seq, (unsigned long long)seq);
		return false;
	}
	if (seq)
		flight->seq = (uint32_t)seq;
	return true;
}

void flight_acked(struct conn *conn, uint32_t message, uint64_t seq)
{
	if (message >= messages_sent || flights[message].sender != conn->number) {
		void_run("connection %u got an ack for message %u, which it did not send", conn->number, message);
		return;
	}
	struct flight *flight = &flights[message];
	if (flight->acked) {
		void_run("message %u was acked twice", message);
		return;
	}
	if (!same_seq(flight, message, seq))
		return;
	flight->acked = true;
	messages_acked++;
	totals.acks++;
	conn->in_flight--;
	if (sampled(flight))
		samples_add(&acks_taken, now_ns - flight->intended_ns);
	hooks.acked(conn);
}

/* Takes the next place of the connection for this message; false voids the run. */
static bool take_place(struct conn *conn, uint64_t seq, uint32_t message)
{
	struct chat *chat = &chats[conn->chat];
	if (!chat->based || seq != conn->seq + 1 || seq <= chat->base) {
		void_run("connection %u got seq %llu after seq %llu: %s", conn->number, (unsigned long long)seq, (unsigned long long)conn->seq,
			 seq <= conn->seq ? "a double" : "a gap");
		return false;
	}
	conn->seq = seq;
	uint64_t place = seq - chat->base - 1;
	if (place < chat->log_length) {
		if (chat->log[place] != message)
			void_run("connection %u got message %u in place %llu, another got message %u there", conn->number, message,
				 (unsigned long long)seq, chat->log[place]);
		return chat->log[place] == message;
	}
	if (chat->log_length == chat->log_capacity) {
		chat->log_capacity = chat->log_capacity ? chat->log_capacity * 2 : 256;
		chat->log = must(realloc(chat->log, chat->log_capacity * sizeof *chat->log));
	}
	chat->log[chat->log_length++] = message;
	chat->head = seq;
	return true;
}

void flight_other_event(struct conn *conn, uint64_t seq)
{
	totals.other_frames++;
	take_place(conn, seq, NO_MESSAGE);
}

void flight_delivered(struct conn *conn, uint64_t seq, const char *text, size_t length)
{
	uint32_t message = read_text(text, length);
	if (message >= messages_sent || flights[message].chat != conn->chat) {
		void_run("connection %u got a message that nobody sent here: %.*s", conn->number, (int)(length < 80 ? length : 80), text);
		return;
	}
	struct flight *flight = &flights[message];
	if (!take_place(conn, seq, message) || !same_seq(flight, message, dialect == &tenfour ? seq : 0))
		return;
	totals.deliveries++;
	if (flight->remaining == 0) {
		void_run("message %u reached more connections than are in its chat", message);
		return;
	}
	if (--flight->remaining > 0)
		return;
	messages_delivered++;
	if (sampled(flight))
		samples_add(&last_receiver, now_ns - flight->intended_ns);
}

bool flights_landed(void)
{
	return messages_acked == messages_sent && messages_delivered == messages_sent;
}
