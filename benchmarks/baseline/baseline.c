/* The yardstick: a bare send() loop. Accepts WebSocket connections at any path; a `send` frame from one goes
   to all, each message by itself with one send() a member. Stores nothing, checks nothing, one thread.

   It speaks as much of Tenfour's protocol as the load generator needs (welcome, synced, ack, message_sent), and
   its frames are as long as Tenfour's. `--join` joins what came in one turn of the loop into one send() a
   member: not the yardstick, but a server cheap enough to show how fast the generator is. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, EVENTS = 256, INPUT_BYTES = 1 << 18, FRAME_MAX = 65536 };

#define ID "0198c0de-0000-7000-8000-000000000000"
#define AT "2026-01-01T00:00:00.000Z"

struct member {
	int fd;
	uint32_t place; /* in `members`, once open */
	bool open;
	char chat[64];
	uint8_t *rest; /* the start of a frame */
	size_t rest_length;
};

static struct member **members;
static uint32_t member_count, member_capacity;
static uint64_t seq;
static bool join;
static char *joined;
static size_t joined_length, joined_capacity;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* SHA-1 (FIPS 180-4), for the handshake only. */
static uint32_t rotate(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

static void sha1_block(uint32_t h[5], const uint8_t *block)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (int t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (int t = 16; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		uint32_t f = t < 20 ? (b & c) | (~b & d) : t < 40 || t >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
		uint32_t k = t < 20 ? 0x5a827999 : t < 40 ? 0x6ed9eba1 : t < 60 ? 0x8f1bbcdc : 0xca62c1d6;
		uint32_t next = rotate(a, 5) + f + e + k + w[t];
		e = d, d = c, c = rotate(b, 30), b = a, a = next;
	}
	h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

static void sha1(const char *text, size_t length, uint8_t digest[20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t padded[128] = {0}; /* a key and the GUID are 60 bytes: two blocks */
	memcpy(padded, text, length);
	padded[length] = 0x80;
	size_t size = length < 56 ? 64 : 128;
	padded[size - 2] = (uint8_t)(length * 8 >> 8);
	padded[size - 1] = (uint8_t)(length * 8);
	for (size_t at = 0; at < size; at += 64)
		sha1_block(h, padded + at);
	for (int i = 0; i < 20; i++)
		digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const uint8_t *data, size_t length, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < length; i += 3) {
		uint32_t three = (uint32_t)data[i] << 16 | (i + 1 < length ? (uint32_t)data[i + 1] << 8 : 0) | (i + 2 < length ? data[i + 2] : 0);
		*text++ = digits[three >> 18];
		*text++ = digits[three >> 12 & 63];
		*text++ = i + 1 < length ? digits[three >> 6 & 63] : '=';
		*text++ = i + 2 < length ? digits[three & 63] : '=';
	}
	*text = 0;
}

/* Blocks when a reader's buffer is full, as a bare loop does; a dead reader is noticed by its own event. */
static void send_all(int fd, const char *data, size_t length)
{
	while (length) {
		ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
		if (sent < 0)
			return;
		data += sent;
		length -= (size_t)sent;
	}
}

/* Puts the head before `text`, which has 4 bytes of room before it; returns where the frame begins. */
static char *framed(char *text, size_t length)
{
	size_t head = length < 126 ? 2 : 4;
	uint8_t *frame = (uint8_t *)text - head;
	frame[0] = 0x81;
	frame[1] = length < 126 ? (uint8_t)length : 126;
	if (head == 4) {
		frame[2] = (uint8_t)(length >> 8);
		frame[3] = (uint8_t)length;
	}
	return (char *)frame;
}

static void send_text(int fd, char *text, int length)
{
	char *frame = framed(text, (size_t)length);
	send_all(fd, frame, (size_t)(text + length - frame));
}

static void to_all(const char *data, size_t length)
{
	for (uint32_t i = 0; i < member_count; i++)
		send_all(members[i]->fd, data, length);
}

static void to_all_later(const char *data, size_t length)
{
	if (joined_length + length > joined_capacity) {
		joined_capacity = (joined_length + length) * 2;
		joined = realloc(joined, joined_capacity);
		if (!joined)
			die("realloc");
	}
	memcpy(joined + joined_length, data, length);
	joined_length += length;
}

/* The value of a string field that is written as Tenfour's clients write it; `length` says how long it is. */
static const char *field(const char *text, const char *end, const char *name, int *length)
{
	const char *at = memmem(text, (size_t)(end - text), name, strlen(name));
	*length = 0;
	if (!at)
		return "";
	at += strlen(name);
	const char *quote = at;
	while (quote < end && *quote != '"')
		quote += *quote == '\\' ? 2 : 1;
	*length = (int)(quote - at);
	return at;
}

static void on_text(struct member *from, const char *text, size_t length)
{
	static char room[FRAME_MAX + 1024];
	char *frame = room + 4;
	int key_length, text_length;
	if (length < 14 || memcmp(text, "{\"type\":\"send\"", 14) != 0)
		return; /* a receipt: a bare loop has no use for it */
	const char *key = field(text, text + length, "\"key\":\"", &key_length);
	const char *said = field(text, text + length, "\"text\":\"", &text_length);
	seq++;
	int size = sprintf(frame, "{\"type\":\"ack\",\"chat\":\"%s\",\"key\":\"%.*s\",\"seq\":%llu,\"id\":\"" ID "\",\"at\":\"" AT "\",\"duplicate\":false}",
		from->chat, key_length, key, (unsigned long long)seq);
	send_text(from->fd, frame, size);
	size = sprintf(frame, "{\"type\":\"message_sent\",\"chat\":\"%s\",\"seq\":%llu,\"at\":\"" AT "\",\"by\":\"" ID "\",\"id\":\"" ID "\",\"key\":\"%.*s\",\"text\":\"%.*s\"}",
		from->chat, (unsigned long long)seq, key_length, key, text_length, said);
	char *start = framed(frame, (size_t)size);
	(join ? to_all_later : to_all)(start, (size_t)(frame + size - start));
}

static void leave(struct member *member)
{
	if (member->open) {
		members[member->place] = members[--member_count];
		members[member->place]->place = member->place;
	}
	close(member->fd);
	free(member->rest);
	free(member);
}

static void enter(struct member *member)
{
	if (member_count == member_capacity) {
		member_capacity = member_capacity ? member_capacity * 2 : 1024;
		members = realloc(members, member_capacity * sizeof *members);
		if (!members)
			die("realloc");
	}
	member->open = true;
	member->place = member_count;
	members[member_count++] = member;
}

static void welcome(struct member *member)
{
	char room[1024], *text = room + 4;
	int size = sprintf(text, "{\"type\":\"welcome\",\"connection\":\"" ID "\",\"user\":{\"id\":\"" ID "\",\"name\":\"bare\"},\"protocol\":\"tenfour.v1\",\"epoch\":\"bare\","
		"\"heartbeat_s\":25,\"chats\":[{\"chat\":\"%s\",\"head\":%llu,\"read\":0}],\"chats_more\":false}", member->chat, (unsigned long long)seq);
	send_text(member->fd, text, size);
	size = sprintf(text, "{\"type\":\"synced\",\"id\":null,\"chat\":\"%s\",\"seq\":%llu,\"epoch\":\"bare\"}", member->chat, (unsigned long long)seq);
	send_text(member->fd, text, size);
}

/* Answers the upgrade; returns the bytes used, 0 if there are not enough yet, -1 if it is none. */
static ssize_t shake_hands(struct member *member, char *data, size_t length)
{
	char *end = memmem(data, length, "\r\n\r\n", 4);
	if (!end)
		return 0;
	*end = 0;
	char *key = strcasestr(data, "\r\nSec-WebSocket-Key: "), joined_key[128], accept[32], reply[512];
	if (!key)
		return -1;
	key += 21;
	snprintf(joined_key, sizeof joined_key, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	uint8_t digest[20];
	sha1(joined_key, strlen(joined_key), digest);
	base64(digest, sizeof digest, accept);
	strcpy(member->chat, ID);
	sscanf(data, "GET /api/v1/chats/%63[^/ ]", member->chat);
	int size = sprintf(reply, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n", accept,
		strcasestr(data, "\r\nSec-WebSocket-Protocol: tenfour.v1") ? "Sec-WebSocket-Protocol: tenfour.v1\r\n" : "");
	send_all(member->fd, reply, (size_t)size);
	welcome(member);
	enter(member);
	return end + 4 - data;
}

/* Works off one frame; returns its bytes, 0 if it is not whole, -1 if the client says good-bye or nonsense. */
static ssize_t read_frame(struct member *member, uint8_t *data, size_t length)
{
	if (length < 2)
		return 0;
	size_t size = data[1] & 127, head = 6;
	if (size == 126) {
		head = 8;
		if (length < head)
			return 0;
		size = (size_t)data[2] << 8 | data[3];
	}
	if (size == 127 || !(data[1] & 128) || (data[0] & 15) == 8)
		return -1;
	if (length < head + size)
		return 0;
	const uint8_t *mask = data + head - 4;
	for (size_t i = 0; i < size; i++)
		data[head + i] ^= mask[i & 3];
	if (data[0] == 0x81)
		on_text(member, (char *)data + head, size);
	return (ssize_t)(head + size);
}

static void on_readable(struct member *member)
{
	static uint8_t input[INPUT_BYTES];
	size_t length = member->rest_length, at = 0;
	memcpy(input, member->rest ? member->rest : input, length);
	ssize_t got = recv(member->fd, input + length, INPUT_BYTES - length, MSG_DONTWAIT);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		leave(member);
		return;
	}
	length += (size_t)got;
	for (ssize_t used = 1; used > 0; at += (size_t)(used > 0 ? used : 0)) {
		used = member->open ? read_frame(member, input + at, length - at) : shake_hands(member, (char *)input + at, length - at);
		if (used < 0) {
			leave(member);
			return;
		}
	}
	member->rest_length = length - at;
	free(member->rest);
	member->rest = NULL;
	if (member->rest_length) {
		member->rest = malloc(member->rest_length);
		if (!member->rest)
			die("malloc");
		memcpy(member->rest, input + at, member->rest_length);
	}
}

static void accept_all(int listener, int poller)
{
	for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		struct member *member = calloc(1, sizeof *member);
		if (!member)
			die("calloc");
		member->fd = fd;
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
		if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0)
			die("epoll_ctl");
	}
}

static int listen_on(uint16_t port)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof at;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, BACKLOG) != 0)
		die("listen");
	getsockname(listener, (struct sockaddr *)&at, &length);
	printf("listening on %u\n", ntohs(at.sin_port));
	fflush(stdout);
	return listener;
}

int main(int argc, char **argv)
{
	uint16_t port = 0;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--join") == 0)
			join = true;
		else if (sscanf(argv[i], "%hu", &port) != 1)
			return fprintf(stderr, "baseline [PORT] [--join]\n"), 2;
	}
	signal(SIGPIPE, SIG_IGN);
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	int poller = epoll_create1(EPOLL_CLOEXEC), listener = listen_on(port);
	struct epoll_event events[EVENTS] = {{.events = EPOLLIN}};
	if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &events[0]) != 0)
		die("epoll_ctl");
	for (;;) {
		int count = epoll_wait(poller, events, EVENTS, -1);
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr)
				on_readable(events[i].data.ptr);
			else
				accept_all(listener, poller);
		}
		if (joined_length)
			to_all(joined, joined_length);
		joined_length = 0;
	}
}
