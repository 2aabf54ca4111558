/* What the command line asked for. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	const char *host;       /* 127.0.0.1 */
	uint16_t port;
	const char *tokens;     /* file: one line `token chat_id` a connection */
	const char *paths;      /* http: file of request paths, one a line */
	const char *token;      /* http: the token sent with every request */
	const char *dialect;    /* tenfour | socketio */
	uint32_t connections;   /* how many lines of the file to use; 0: all */
	uint32_t senders;       /* fanout, durable: how many connections send; 0: all */
	uint32_t window;        /* sends (or requests) in flight a connection */
	double rate;            /* durable: open loop at this total rate; 0: closed loop */
	double seconds;         /* measured time */
	double warmup;          /* time before it that counts for nothing but order */
	double hold;            /* idle: how long the connections are held */
	double connect_rate;    /* connections begun a second; 0: as fast as the cap lets */
	uint32_t connect_cap;   /* connections begun and not yet live; 0: no cap */
	double connect_timeout; /* until all are live */
	uint32_t sources;       /* how many source addresses 127.x.y.z the connections are spread over */
	uint32_t size;          /* characters of a message's text */
	uint32_t between;       /* storm: messages sent while all are away */
	double during;          /* storm: messages a second while they come back */
	uint64_t messages;      /* fanout, durable: stop after so many; 0: by time only */
	bool receipts;
	bool spin;              /* never sleeps: no server pays for waking the generator */
	bool escapes;           /* texts hold quotes, backslashes and text that looks like a frame's fields */
	int server_pid;         /* whose CPU time and memory are reported too; 0: nobody's */
};

extern struct options opt;

#endif
