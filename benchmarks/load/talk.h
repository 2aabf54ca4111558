/* What every mode with talking clients shares. */
#ifndef TALK_H
#define TALK_H

#include <stdint.h>

/* Connects everybody; returns when all are live or the run is void. */
void connect_all(void);

/* Every connection that has read on sends its receipt once in a second, spread over it. */
void send_due_receipts(void);

#endif
