/* Every message sent, from its send to its last receiver; checks count and order on the way.

   The order check needs no numbers from the server: what the first receiver of a chat got in place k, every
   other receiver of that chat must get in its place k. Where the server gives seqs, they must step by 1 too. */
#ifndef FLIGHTS_H
#define FLIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "samples.h"

enum { TEXT_MIN = 40, TEXT_MAX = 16000 };

struct chat {
	char id[64];
	uint32_t members; /* connections in it */
	uint32_t first;   /* the number of its first connection */
	bool based;
	uint64_t base;    /* the seq before the first place of the log */
	uint64_t head;    /* the highest seq seen */
	uint32_t *log;    /* place → message */
	uint32_t log_length, log_capacity;
};

extern struct chat *chats;
extern uint32_t chat_count;

/* Messages intended in [from, until) are sampled; both 0 before the measured time is known. */
extern uint64_t sample_from_ns, sample_until_ns;
extern struct samples last_receiver, acks_taken;
extern uint32_t messages_sent, messages_delivered, messages_acked;
extern uint32_t run_nonce;

/* Reads the token file into conns and chats, and makes the engine ready for them. */
void flights_load(const char *path);

/* Sends one message by this connection; `intended_ns` is when it should have been sent. */
void flight_send(struct conn *conn, uint64_t intended_ns);

void flight_acked(struct conn *conn, uint32_t message, uint64_t seq);
/* `text` is the delivered text. */
void flight_delivered(struct conn *conn, uint64_t seq, const char *text, size_t length);
/* A durable event that is no message: it takes a place too. */
void flight_other_event(struct conn *conn, uint64_t seq);

/* Every message is acked and has reached every member. */
bool flights_landed(void);

#endif
