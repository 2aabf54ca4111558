#define _GNU_SOURCE
#include "engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "report.h"

enum { EVENTS = 512, READ_BYTES = 1 << 20, SPARE_DESCRIPTORS = 32 };

struct conn *conns;
uint32_t conn_count, conns_live, conns_on_the_way;
struct protocol protocol;
struct hooks hooks;
struct totals totals;
uint64_t now_ns;

static int poller;
static uint8_t buffer[READ_BYTES];

uint64_t read_clock(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return now_ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void engine_init(uint32_t connections)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < connections + SPARE_DESCRIPTORS)
		die("load: %u connections need more open files than the limit of %lu (ulimit -Hn)", connections, (unsigned long)limit.rlim_max);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	poller = epoll_create1(EPOLL_CLOEXEC);
	conn_count = connections;
	conns = must(calloc(connections, sizeof *conns));
	for (uint32_t i = 0; i < connections; i++) {
		conns[i].fd = -1;
		conns[i].number = i;
	}
	read_clock();
}

static void poll_for(struct conn *conn, int operation, bool write)
{
	struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = conn};
	conn->wants_write = write;
	if (epoll_ctl(poller, operation, conn->fd, &event) != 0)
		die("load: epoll: %s", strerror(errno));
}

/* One address can have some 28,000 connections to one port, and a server may limit connections by address. */
static void bind_source(int fd, uint32_t number)
{
	uint32_t source = number % opt.sources;
	int on = 1;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010001u + (source / 250 << 8) + source % 250)};
	if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
		die("load: bind: %s", strerror(errno));
}

void conn_begin(struct conn *conn)
{
	int on = 1;
	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		die("load: socket: %s", strerror(errno));
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (opt.sources)
		bind_source(conn->fd, conn->number);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(opt.port)};
	if (inet_pton(AF_INET, opt.host, &to.sin_addr) != 1)
		die("load: --host takes an IPv4 address");
	conn->state = CONNECTING;
	conn->began_ns = now_ns;
	conn->in_flight = 0;
	conns_on_the_way++;
	if (connect(conn->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
		conn_lose(conn, "connect: %s", strerror(errno));
		return;
	}
	poll_for(conn, EPOLL_CTL_ADD, true);
}

static void empty(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}

void conn_cut(struct conn *conn)
{
	if (conn->fd < 0)
		return;
	/* A reset instead of a farewell: also leaves no TIME_WAIT that would hold the port. */
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(conn->fd);
	conn->fd = -1;
	if (conn->state == LIVE)
		conns_live--;
	else if (conn->state != UNUSED && conn->state != LOST)
		conns_on_the_way--;
	conn->state = UNUSED;
	empty(&conn->rest);
	empty(&conn->out);
}

void conn_lose(struct conn *conn, const char *format, ...)
{
	char why[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	conn_cut(conn);
	conn->state = LOST;
	hooks.lost(conn, why);
}

void conn_live(struct conn *conn)
{
	conn->state = LIVE;
	conns_on_the_way--;
	conns_live++;
	hooks.live(conn);
}

static void append(struct bytes *bytes, const void *data, size_t length)
{
	if (bytes->length + length > bytes->capacity) {
		bytes->capacity = (uint32_t)(bytes->length + length) * 2;
		bytes->data = must(realloc(bytes->data, bytes->capacity));
	}
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += (uint32_t)length;
}

void conn_queue(struct conn *conn, const void *data, size_t length)
{
	append(&conn->out, data, length);
}

void conn_flush(struct conn *conn)
{
	if (conn->fd < 0 || conn->out.length == 0)
		return;
	ssize_t written = send(conn->fd, conn->out.data, conn->out.length, MSG_NOSIGNAL);
	if (written < 0 && errno != EAGAIN) {
		conn_lose(conn, "send: %s", strerror(errno));
		return;
	}
	if (written > 0) {
		conn->out.length -= (uint32_t)written;
		memmove(conn->out.data, conn->out.data + written, conn->out.length);
	}
	bool waits = conn->out.length > 0;
	if (waits != conn->wants_write)
		poll_for(conn, EPOLL_CTL_MOD, waits);
}

static void on_connected(struct conn *conn)
{
	int error = 0;
	socklen_t length = sizeof error;
	getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error) {
		conn_lose(conn, "connect: %s", strerror(error));
		return;
	}
	conn->state = UPGRADING;
	poll_for(conn, EPOLL_CTL_MOD, false);
	protocol.connected(conn);
	conn_flush(conn);
}

static void keep_rest(struct conn *conn, const uint8_t *data, size_t length)
{
	if (length == READ_BYTES)
		die("load: a frame of more than %d bytes", READ_BYTES);
	conn->rest.length = 0;
	if (length)
		append(&conn->rest, data, length);
	else if (conn->rest.capacity > 65536)
		empty(&conn->rest);
}

static void on_readable(struct conn *conn)
{
	size_t had = conn->rest.length;
	if (had)
		memcpy(buffer, conn->rest.data, had);
	ssize_t got = recv(conn->fd, buffer + had, READ_BYTES - had, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		conn_lose(conn, got ? "recv: %s" : "closed without a close frame", strerror(errno));
		return;
	}
	read_clock();
	totals.bytes_in += (uint64_t)got;
	totals.reads++;
	size_t length = had + (size_t)got;
	size_t used = protocol.consume(conn, buffer, length);
	if (conn->fd < 0)
		return;
	keep_rest(conn, buffer + used, length - used);
	conn_flush(conn);
}

static void on_event(struct conn *conn, uint32_t events)
{
	if (conn->fd < 0)
		return;
	if (conn->state == CONNECTING) {
		if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
			on_connected(conn);
		return;
	}
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		on_readable(conn);
	if (conn->fd >= 0 && (events & EPOLLOUT))
		conn_flush(conn);
}

void engine_step(uint64_t until_ns)
{
	struct epoll_event events[EVENTS];
	uint64_t before = read_clock();
	uint64_t span = until_ns > before && !opt.spin ? until_ns - before : 0;
	struct timespec timeout = {.tv_sec = (time_t)(span / 1000000000u), .tv_nsec = (long)(span % 1000000000u)};
	int count = epoll_pwait2(poller, events, EVENTS, &timeout, NULL);
	totals.waited_ns += read_clock() - before;
	if (count < 0 && errno != EINTR)
		die("load: epoll: %s", strerror(errno));
	for (int i = 0; i < count; i++)
		on_event(events[i].data.ptr, events[i].events);
}

uint32_t conns_begin_waiting(uint64_t start_ns)
{
	static uint32_t next;
	static uint64_t begun, of_start;
	if (of_start != start_ns)
		begun = 0, next = 0, of_start = start_ns;
	uint32_t waiting = conn_count - conns_live - conns_on_the_way;
	for (uint32_t seen = 0; waiting && seen < conn_count; seen++) {
		if (opt.connect_cap && conns_on_the_way >= opt.connect_cap)
			break;
		if (opt.connect_rate > 0 && (double)begun >= (double)(now_ns - start_ns) / 1e9 * opt.connect_rate)
			break;
		struct conn *conn = &conns[next];
		next = (next + 1) % conn_count;
		if (conn->state != UNUSED || conn->retry_ns > now_ns)
			continue;
		conn_begin(conn);
		begun++;
		waiting--;
	}
	return conns_live;
}
