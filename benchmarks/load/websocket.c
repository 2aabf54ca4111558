#define _GNU_SOURCE
#include "websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"

/* The key and answer of RFC 6455 section 1.3: one key for all, so the answer is known without SHA-1. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10, FIN = 0x80 };

const struct dialect *dialect;

static uint32_t next_mask(void)
{
	static uint32_t state = 2463534242u;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void queue_frame(struct conn *conn, uint8_t opcode, const void *payload, size_t length)
{
	uint8_t head[8] = {FIN | opcode};
	size_t head_length = 2;
	if (length < 126) {
		head[1] = 0x80 | (uint8_t)length;
	} else if (length < 65536) {
		head[1] = 0x80 | 126;
		head[2] = (uint8_t)(length >> 8);
		head[3] = (uint8_t)length;
		head_length = 4;
	} else {
		die("load: a frame of %zu bytes is more than it sends", length);
	}
	uint32_t mask_word = next_mask();
	uint8_t mask[4];
	memcpy(mask, &mask_word, 4);
	memcpy(head + head_length, mask, 4);
	conn_queue(conn, head, head_length + 4);
	conn_queue(conn, payload, length);
	uint8_t *masked = conn->out.data + conn->out.length - length;
	for (size_t i = 0; i < length; i++)
		masked[i] ^= mask[i & 3];
}

void websocket_queue_text(struct conn *conn, const char *text, size_t length)
{
	queue_frame(conn, TEXT, text, length);
}

static void ask_upgrade(struct conn *conn)
{
	char path[512], request[4096];
	dialect->path(conn, path, sizeof path);
	int length = snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: %s:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n%s%s%s%s%s%s\r\n",
		path, opt.host, opt.port,
		dialect->subprotocol ? "Sec-WebSocket-Protocol: " : "", dialect->subprotocol ? dialect->subprotocol : "", dialect->subprotocol ? "\r\n" : "",
		conn->token ? "Authorization: Bearer " : "", conn->token ? conn->token : "", conn->token ? "\r\n" : "");
	if (length >= (int)sizeof request)
		die("load: a token is too long");
	conn_queue(conn, request, (size_t)length);
}

static uint32_t retry_after_ms(const char *head, size_t length)
{
	char copy[2048];
	length = length < sizeof copy - 1 ? length : sizeof copy - 1;
	memcpy(copy, head, length);
	copy[length] = 0;
	const char *header = strcasestr(copy, "\r\nretry-after:");
	return header ? (uint32_t)atoi(header + 14) * 1000 : 0;
}

static size_t read_upgrade(struct conn *conn, uint8_t *data, size_t length)
{
	uint8_t *end = memmem(data, length, "\r\n\r\n", 4);
	if (!end)
		return 0;
	size_t used = (size_t)(end - data) + 4;
	if (used < 12 || memcmp(data, "HTTP/1.1 101", 12) != 0 || !memmem(data, used, ACCEPT, sizeof ACCEPT - 1)) {
		conn->retry_ms = retry_after_ms((char *)data, used);
		conn_lose(conn, "upgrade refused: %.*s", (int)strcspn((char *)data, "\r"), data);
		return used;
	}
	conn->state = OPEN;
	dialect->opened(conn);
	return used;
}

static void read_close(struct conn *conn, const uint8_t *payload, size_t length)
{
	if (length < 2)
		conn_lose(conn, "closed without a code");
	else
		conn_lose(conn, "closed with %u: %.*s", payload[0] << 8 | payload[1], (int)length - 2, payload + 2);
}

static void read_frame(struct conn *conn, uint8_t opcode, const uint8_t *payload, size_t length)
{
	switch (opcode) {
	case FIN | TEXT:
		totals.frames++;
		dialect->text(conn, (const char *)payload, length);
		break;
	case FIN | PING:
		totals.pings++;
		queue_frame(conn, PONG, payload, length);
		break;
	case FIN | PONG:
		break;
	case FIN | CLOSE:
		read_close(conn, payload, length);
		break;
	default:
		void_run("a frame with first byte 0x%02x, which this client did not agree to", opcode);
	}
}

static size_t read_frames(struct conn *conn, uint8_t *data, size_t length)
{
	size_t at = 0;
	while (conn->fd >= 0 && length - at >= 2) {
		size_t head = 2, size = data[at + 1];
		if (size == 126) {
			head = 4;
			if (length - at < head)
				break;
			size = (size_t)data[at + 2] << 8 | data[at + 3];
		} else if (size == 127) {
			head = 10;
			if (length - at < head)
				break;
			size = 0;
			for (int i = 2; i < 10; i++)
				size = size << 8 | data[at + i];
		} else if (size > 127) {
			void_run("the server masked a frame");
			return length;
		}
		if (length - at < head + size)
			break;
		read_frame(conn, data[at], data + at + head, size);
		at += head + size;
	}
	return at;
}

static size_t consume(struct conn *conn, uint8_t *data, size_t length)
{
	size_t used = conn->state == UPGRADING ? read_upgrade(conn, data, length) : 0;
	if (conn->state == UPGRADING || conn->fd < 0)
		return used;
	return used + read_frames(conn, data + used, length - used);
}

void websocket_use(const char *name)
{
	if (strcmp(name, tenfour.name) == 0)
		dialect = &tenfour;
	else if (strcmp(name, socketio.name) == 0)
		dialect = &socketio;
	else
		die("load: --dialect is %s or %s", tenfour.name, socketio.name);
	protocol = (struct protocol){ask_upgrade, consume};
}
