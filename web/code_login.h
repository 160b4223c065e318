/* web/code_login.h: the login of `sluice dashboard`: a code that only the user of the command sees (access/code.h). */
#pragma once
#include "io/loop.h"
#include "web/access/code.h"
#include "web/login.h"

#define CODE_COOKIE_SIZE 32

struct code_login_server {
	struct login login; /* for the dashboard's settings */
	struct loop *loop;
	struct identity identity; /* of all sessions */
	struct code_login codes;
	char cookie[CODE_COOKIE_SIZE]; /* its name */
};

/* Initializes the login without a valid code. `user` is the name of the user who started the program, borrowed. The
 * login must not move while a dashboard uses it. */
void code_login_init(struct code_login_server *, struct loop *, const char *user);

/* Sets the port of the dashboard. Cookies of one host are shared by all its ports, so that the name of ours has it. */
void code_login_set_port(struct code_login_server *, int port);

/* Replaces the code by a new one, and returns it; borrowed until the next. It expires after CODE_LIFE_MS. Returns NULL
 * with errno if the system has no random numbers. */
const char *code_login_renew(struct code_login_server *);
