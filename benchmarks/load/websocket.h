/* RFC 6455 as a client speaks it: upgrade, masked text frames, pongs, closing. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

/* What is spoken inside the text frames. */
struct dialect {
	const char *name;
	/* Writes the path and query to connect to. */
	void (*path)(struct conn *conn, char *path, size_t size);
	const char *subprotocol;
	void (*opened)(struct conn *conn);
	void (*text)(struct conn *conn, const char *text, size_t length);
	/* Queues one message; `text` is a JSON string's inside. */
	void (*send)(struct conn *conn, uint32_t message, const char *text, size_t length);
	/* Queues a receipt for the last event; NULL where the dialect has none. */
	void (*receipt)(struct conn *conn);
};

extern const struct dialect tenfour, socketio;
extern const struct dialect *dialect;

/* Makes the engine speak WebSocket in this dialect. */
void websocket_use(const char *dialect_name);

void websocket_queue_text(struct conn *conn, const char *text, size_t length);

#endif
