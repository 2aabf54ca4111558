/* Socket.IO 4 (Engine.IO 4 over WebSocket) with the events of peers/socketio: join, send, message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flights.h"
#include "report.h"
#include "websocket.h"

/* Acknowledgement 0 is the answer to join; message m is acknowledged as m + 1. */
#define MESSAGE "42[\"message\",\""

static void path(struct conn *conn, char *path, size_t size)
{
	(void)conn;
	snprintf(path, size, "/socket.io/?EIO=4&transport=websocket");
}

static void opened(struct conn *conn)
{
	(void)conn; /* the server speaks first: 0{…} */
}

static void join(struct conn *conn)
{
	char frame[160];
	int size = snprintf(frame, sizeof frame, "420[\"join\",\"%s\"]", chats[conn->chat].id);
	websocket_queue_text(conn, frame, (size_t)size);
}

static void on_ack(struct conn *conn, const char *text)
{
	uint32_t acknowledgement = (uint32_t)strtoul(text + 2, NULL, 10);
	if (acknowledgement > 0)
		flight_acked(conn, acknowledgement - 1, 0);
	else if (conn->state == OPEN) {
		chats[conn->chat].based = true;
		conn_live(conn);
	}
}

static bool starts(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static void text(struct conn *conn, const char *text, size_t length)
{
	if (starts(text, length, MESSAGE))
		flight_delivered(conn, conn->seq + 1, text + sizeof MESSAGE - 1, length - (sizeof MESSAGE - 1) - 2);
	else if (starts(text, length, "43") && length > 4)
		on_ack(conn, text);
	else if (length == 1 && *text == '2')
		totals.app_pings++, websocket_queue_text(conn, "3", 1);
	else if (starts(text, length, "0{"))
		websocket_queue_text(conn, "40", 2);
	else if (starts(text, length, "40"))
		join(conn);
	else
		void_run("a packet that the room does not send: %.*s", (int)(length < 80 ? length : 80), text);
}

static void send_message(struct conn *conn, uint32_t message, const char *text, size_t length)
{
	char frame[TEXT_MAX + 64];
	int size = snprintf(frame, sizeof frame, "42%u[\"send\",\"%.*s\"]", message + 1, (int)length, text);
	websocket_queue_text(conn, frame, (size_t)size);
}

const struct dialect socketio = {"socketio", path, NULL, opened, text, send_message, NULL};
