/* Tenfour's own protocol v1 at the single-chat door; the bare loop in C speaks the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flights.h"
#include "json.h"
#include "report.h"
#include "websocket.h"

static char epoch[80];

static void path(struct conn *conn, char *path, size_t size)
{
	int length = snprintf(path, size, "/api/v1/chats/%s/ws", chats[conn->chat].id);
	if (conn->seq_known)
		snprintf(path + length, size - (size_t)length, "?after=%llu&epoch=%s", (unsigned long long)conn->seq, epoch);
}

static void opened(struct conn *conn)
{
	(void)conn; /* the server speaks first: welcome */
}

static void start_at(struct conn *conn, uint64_t seq)
{
	struct chat *chat = &chats[conn->chat];
	conn->seq = conn->receipt_seq = seq;
	conn->seq_known = true;
	if (!chat->based)
		chat->base = chat->head = seq;
	chat->based = true;
}

static void on_welcome(struct conn *conn, const char *text, size_t length)
{
	struct field fields[] = {FIELD("epoch"), FIELD("chats")};
	json_find(text, length, fields, 2);
	if (!epoch[0])
		snprintf(epoch, sizeof epoch, "%.*s", (int)fields[0].length, fields[0].value ? fields[0].value : "");
	if (!json_is(&fields[0], epoch))
		void_run("the store's epoch changed");
	struct field head[] = {FIELD("head")};
	if (!conn->seq_known && fields[1].length > 2 && json_find(fields[1].value + 1, fields[1].length - 2, head, 1))
		start_at(conn, json_number(&head[0]));
}

static void on_synced(struct conn *conn, const char *text, size_t length)
{
	struct field fields[] = {FIELD("seq")};
	json_find(text, length, fields, 1);
	uint64_t seq = json_number(&fields[0]);
	if (!conn->seq_known)
		start_at(conn, seq);
	if (seq != conn->seq)
		void_run("connection %u was told synced at seq %llu, but got events up to %llu", conn->number, (unsigned long long)seq, (unsigned long long)conn->seq);
	if (conn->state == OPEN)
		conn_live(conn);
}

static void on_message(struct conn *conn, const char *text, size_t length)
{
	struct field fields[] = {FIELD("seq"), FIELD("text")};
	if (json_find(text, length, fields, 2) != 2)
		void_run("a message_sent without seq or text: %.*s", (int)length, text);
	else
		flight_delivered(conn, json_number(&fields[0]), fields[1].value, fields[1].length);
}

static void on_ack(struct conn *conn, const char *text, size_t length)
{
	struct field fields[] = {FIELD("key"), FIELD("seq"), FIELD("duplicate")};
	json_find(text, length, fields, 3);
	if (fields[0].length < 10)
		void_run("an ack with a key that nobody sent: %.*s", (int)length, text);
	else if (json_is(&fields[2], "true"))
		void_run("an ack says duplicate for a message sent once: %.*s", (int)length, text);
	else
		flight_acked(conn, (uint32_t)strtoul(fields[0].value + 9, NULL, 10), json_number(&fields[1]));
}

static void on_goodbye(struct conn *conn, const char *text, size_t length)
{
	struct field fields[] = {FIELD("after_ms")};
	json_find(text, length, fields, 1);
	conn->retry_ms = (uint32_t)json_number(&fields[0]);
}

static void on_other(struct conn *conn, const char *text, size_t length)
{
	struct field fields[] = {FIELD("type"), FIELD("seq")};
	json_find(text, length, fields, 2);
	if (json_is(&fields[0], "ping")) {
		totals.app_pings++; /* for scripts in a page, which cannot see control frames; needs no answer */
	} else if (json_is(&fields[0], "error") || json_is(&fields[0], "reset")) {
		void_run("connection %u got %.*s", conn->number, (int)(length < 300 ? length : 300), text);
	} else if (fields[1].value) {
		flight_other_event(conn, json_number(&fields[1]));
	} else {
		totals.other_frames++;
	}
}

#define IS(name) (length > sizeof name && memcmp(text + 9, name "\"", sizeof name) == 0)

static void text(struct conn *conn, const char *text, size_t length)
{
	if (length < 16 || memcmp(text, "{\"type\":\"", 9) != 0)
		void_run("a frame that is not tagged by type first: %.*s", (int)(length < 80 ? length : 80), text);
	else if (IS("message_sent"))
		on_message(conn, text, length);
	else if (IS("ack"))
		on_ack(conn, text, length);
	else if (IS("welcome"))
		on_welcome(conn, text, length);
	else if (IS("synced"))
		on_synced(conn, text, length);
	else if (IS("goodbye"))
		on_goodbye(conn, text, length);
	else
		on_other(conn, text, length);
}

static void send_message(struct conn *conn, uint32_t message, const char *text, size_t length)
{
	char frame[TEXT_MAX + 256];
	int size = snprintf(frame, sizeof frame, "{\"type\":\"send\",\"chat\":\"%s\",\"key\":\"%08x-%010u\",\"text\":\"%.*s\"}",
		chats[conn->chat].id, run_nonce, message, (int)length, text);
	websocket_queue_text(conn, frame, (size_t)size);
}

static void send_receipt(struct conn *conn)
{
	char frame[160];
	int size = snprintf(frame, sizeof frame, "{\"type\":\"receipt\",\"chat\":\"%s\",\"read\":%llu}", chats[conn->chat].id, (unsigned long long)conn->seq);
	conn->receipt_seq = conn->seq;
	websocket_queue_text(conn, frame, (size_t)size);
}

const struct dialect tenfour = {"tenfour", path, "tenfour.v1", opened, text, send_message, send_receipt};
