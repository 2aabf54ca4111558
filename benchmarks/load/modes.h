/* The modes; each runs to its end and returns the exit code. */
#ifndef MODES_H
#define MODES_H

int run_talk(const char *mode);
int run_idle(void);
int run_storm(void);
int run_http(void);

#endif
