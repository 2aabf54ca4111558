/* Many connections on one epoll: connecting, reading into one big buffer, writing, counting. */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state { UNUSED, CONNECTING, UPGRADING, OPEN, LIVE, LOST };

struct bytes {
	uint8_t *data;
	uint32_t length, capacity;
};

struct conn {
	int fd;
	uint8_t state;
	bool wants_write;
	bool seq_known;
	uint32_t number;     /* index into conns */
	uint32_t chat;       /* index into chats */
	uint32_t in_flight;  /* sends without an ack yet */
	uint32_t retry_ms;   /* what the server asked to wait for before coming back */
	const char *token;
	uint64_t seq;         /* of the last event received */
	uint64_t receipt_seq; /* of the last receipt sent */
	uint64_t began_ns;    /* when this connect, or this request, began */
	uint64_t retry_ns;    /* storm: not before then */
	struct bytes rest;    /* the start of a frame whose end has not come yet */
	struct bytes out;     /* not yet written */
};

/* What a protocol does with a connection. `consume` returns how many of the bytes it has used up. */
struct protocol {
	void (*connected)(struct conn *conn);
	size_t (*consume)(struct conn *conn, uint8_t *data, size_t length);
};

/* What a mode wants to hear of. */
struct hooks {
	void (*live)(struct conn *conn);
	void (*acked)(struct conn *conn);
	void (*lost)(struct conn *conn, const char *why);
};

/* Counted since the start. */
struct totals {
	uint64_t bytes_in, reads, frames, deliveries, acks, pings, app_pings, other_frames, waited_ns, receipts;
};

extern struct conn *conns;
extern uint32_t conn_count;
extern struct protocol protocol;
extern struct hooks hooks;
extern struct totals totals;
extern uint64_t now_ns; /* read after every wait and every read */

uint64_t read_clock(void);
void engine_init(uint32_t connections);

/* Waits for events, at most until the time given, and carries them out. */
void engine_step(uint64_t until_ns);

void conn_begin(struct conn *conn);
void conn_queue(struct conn *conn, const void *data, size_t length);
void conn_flush(struct conn *conn);
void conn_live(struct conn *conn);
/* Closes and tells the mode. */
void conn_lose(struct conn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Cuts without a word, as a broken line does. */
void conn_cut(struct conn *conn);

/* Begins the connections [first, last) that wait for it, at the rate and under the cap of the options;
   call it at every turn of the loop. Returns how many are live. */
uint32_t conns_begin_waiting(uint64_t start_ns);
extern uint32_t conns_live, conns_on_the_way;

#endif
