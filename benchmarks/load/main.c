/* The load generator of Tenfour's benchmarks. See ../README.md. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "flights.h"
#include "modes.h"
#include "options.h"
#include "report.h"
#include "websocket.h"

struct options opt = {
	.host = "127.0.0.1", .port = 8410, .dialect = "tenfour", .window = 8, .seconds = 10, .warmup = 2, .hold = 30,
	.connect_cap = 100, .connect_timeout = 60, .sources = 64, .size = 100, .between = 1000, .during = 20, .receipts = true,
};

static const char usage[] =
	"load MODE [options]   prints one line of JSON; exit code 0, 1 if the run is void (the line says why), 2 for misuse\n"
	"modes: fanout durable idle storm http\n"
	"  --host A --port N          where the server listens (127.0.0.1, 8410)\n"
	"  --tokens FILE              one line `token chat_id` a connection; `-` for no token\n"
	"  --connections N            use the first N lines only; http: connections (16)\n"
	"  --dialect D                tenfour | socketio\n"
	"  --senders S                fanout, durable: S of the connections send (all)\n"
	"  --window W                 fanout, durable: sends in flight a sender (8)\n"
	"  --rate R                   fanout, durable: open loop, R messages a second in all\n"
	"  --messages M               fanout, durable: stop after M messages\n"
	"  --seconds T --warmup T     measured time (10) and the time before it (2)\n"
	"  --size N                   characters of a text (100; 40 to 16000)\n"
	"  --escapes                  texts with quotes, backslashes and what looks like fields\n"
	"  --no-receipts              send no receipts (else one a second and connection)\n"
	"  --sources N                source addresses 127.x.y.z to come from; 0: the system's choice (64)\n"
	"  --connect-rate R           connections begun a second (0: no limit)\n"
	"  --connect-cap N            connections begun and not yet live (100; 0: no cap)\n"
	"  --connect-timeout T        seconds until all must be live (60)\n"
	"  --hold T                   idle: seconds (30)\n"
	"  --between M --during R     storm: messages while all are away (1000); a second while they come back (20)\n"
	"  --paths FILE --token T     http: paths to get in turn, one a line; the token\n"
	"  --spin                     never sleep while waiting, so that no server pays for waking the generator\n"
	"  --server-pid P             reports that process's CPU time and memory too\n";

enum option_id { HOST = 1, PORT, TOKENS, CONNECTIONS, DIALECT, SENDERS, WINDOW, RATE, MESSAGES, SECONDS, WARMUP, SIZE, ESCAPES, NO_RECEIPTS,
	SOURCES, CONNECT_RATE, CONNECT_CAP, CONNECT_TIMEOUT, HOLD, BETWEEN, DURING, PATHS, TOKEN, SERVER_PID, SPIN, HELP };

static const struct option names[] = {
	{"host", 1, 0, HOST}, {"port", 1, 0, PORT}, {"tokens", 1, 0, TOKENS}, {"connections", 1, 0, CONNECTIONS}, {"dialect", 1, 0, DIALECT},
	{"senders", 1, 0, SENDERS}, {"window", 1, 0, WINDOW}, {"rate", 1, 0, RATE}, {"messages", 1, 0, MESSAGES}, {"seconds", 1, 0, SECONDS},
	{"warmup", 1, 0, WARMUP}, {"size", 1, 0, SIZE}, {"escapes", 0, 0, ESCAPES}, {"no-receipts", 0, 0, NO_RECEIPTS}, {"sources", 1, 0, SOURCES},
	{"connect-rate", 1, 0, CONNECT_RATE}, {"connect-cap", 1, 0, CONNECT_CAP}, {"connect-timeout", 1, 0, CONNECT_TIMEOUT}, {"hold", 1, 0, HOLD},
	{"between", 1, 0, BETWEEN}, {"during", 1, 0, DURING}, {"paths", 1, 0, PATHS}, {"token", 1, 0, TOKEN}, {"server-pid", 1, 0, SERVER_PID},
	{"spin", 0, 0, SPIN}, {"help", 0, 0, HELP}, {0},
};

static double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || value < 0)
		die("load: not a number: %s", text);
	return value;
}

static void take_option(enum option_id id)
{
	switch (id) {
	case HOST: opt.host = optarg; break;
	case PORT: opt.port = (uint16_t)number(optarg); break;
	case TOKENS: opt.tokens = optarg; break;
	case CONNECTIONS: opt.connections = (uint32_t)number(optarg); break;
	case DIALECT: opt.dialect = optarg; break;
	case SENDERS: opt.senders = (uint32_t)number(optarg); break;
	case WINDOW: opt.window = (uint32_t)number(optarg); break;
	case RATE: opt.rate = number(optarg); break;
	case MESSAGES: opt.messages = (uint64_t)number(optarg); break;
	case SECONDS: opt.seconds = number(optarg); break;
	case WARMUP: opt.warmup = number(optarg); break;
	case SIZE: opt.size = (uint32_t)number(optarg); break;
	case ESCAPES: opt.escapes = true; break;
	case NO_RECEIPTS: opt.receipts = false; break;
	case SOURCES: opt.sources = (uint32_t)number(optarg); break;
	case CONNECT_RATE: opt.connect_rate = number(optarg); break;
	case CONNECT_CAP: opt.connect_cap = (uint32_t)number(optarg); break;
	case CONNECT_TIMEOUT: opt.connect_timeout = number(optarg); break;
	case HOLD: opt.hold = number(optarg); break;
	case BETWEEN: opt.between = (uint32_t)number(optarg); break;
	case DURING: opt.during = number(optarg); break;
	case PATHS: opt.paths = optarg; break;
	case TOKEN: opt.token = optarg; break;
	case SPIN: opt.spin = true; break;
	case SERVER_PID: opt.server_pid = (int)number(optarg); break;
	case HELP: fputs(usage, stdout); exit(0);
	default: die("%s", usage);
	}
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	for (int id; (id = getopt_long(argc, argv, "", names, NULL)) != -1;)
		take_option(id == '?' ? 0 : (enum option_id)id);
	if (optind + 1 != argc)
		die("%s", usage);
	if (opt.size < TEXT_MIN || opt.size > TEXT_MAX)
		die("load: --size is %d to %d", TEXT_MIN, TEXT_MAX);
	const char *mode = argv[optind];
	run_nonce = (uint32_t)time(NULL) ^ (uint32_t)getpid() << 16;
	websocket_use(opt.dialect);
	if (strcmp(mode, "fanout") == 0 || strcmp(mode, "durable") == 0)
		return run_talk(mode);
	if (strcmp(mode, "idle") == 0)
		return run_idle();
	if (strcmp(mode, "storm") == 0)
		return run_storm();
	if (strcmp(mode, "http") == 0)
		return run_http();
	die("%s", usage);
}
