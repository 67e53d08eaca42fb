/* SPDX-License-Identifier: BSD-2-Clause */
/* ngctl.h - what the files of ngctl(8) share: the state of a run, commands, and how they ask, print and complain. */
#ifndef NGCTL_H
#define NGCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <netgraph.h>

#define UNNAMED "<unnamed>"
#define MAX_WORDS 511 /* of a line */

enum result { CMD_OK, CMD_USAGE, CMD_ERROR, CMD_QUIT };

struct ngctl {
	int cs, ds;	/* our node's sockets */
	bool json;	/* --json before the command: for all of them */
	bool as_json;	/* the command that runs now prints JSON */
	bool at_prompt; /* interactive: there is somebody to tell */
};
extern struct ngctl ctl;

struct command {
	const char *name;
	enum result (*run)(int ac, char **av); /* av[0] is the name as typed; --json has been taken out */
	const char *synopsis;		       /* begins with the name */
	const char *summary;
	const char *help; /* NULL: the summary says it all */
	/*
	 * What is completed, a letter an argument, the last one for all that follow: p path, h hook of the path before it (of our own node if there
	 * is none), t node type, m message of the path before it, c command, f file, . nothing. Letters in parentheses: the first
	 * argument may be any of them, and if it is no path the rest moves one to the left.
	 */
	const char *args;
	bool words; /* its last arguments are anybody's text, in which --json means nothing */
	bool ours;  /* libng's, not FreeBSD's: found by a prefix only if none of FreeBSD's is */
	const char *alias[4];
};

/* ---- commands.c */
extern const struct command *const commands[]; /* as help lists them, NULL at the end */
const struct command *command_find(const char *word);	   /* says so if there is none or more than one */
const struct command *command_match(const char *word, bool *ambiguous); /* silent */
enum result command_run(int ac, char **av);
enum result command_line(char *line); /* split, and run; `line` is cut up */
enum result command_file(FILE *f);    /* read.c: all lines of it, up to the first that fails */

/* ---- ask.c */
enum asked { ASK_OK, ASK_SEND, ASK_RECV }; /* what failed; errno says why */
/* Send a message and wait for its answer, which comes past our node's buffer; *rep is for free(), all of its arglen bytes are there. */
enum asked ask(const char *path, int cookie, int cmd, const void *arg, size_t len, struct ng_mesg **rep);
/* ask(), and complain as most commands do. */
enum result ask_or_say(const char *command, const char *path, int cmd, struct ng_mesg **rep);
struct about;
enum result ask_for_text(const struct about *a, int cmd, const char *args, const char *title); /* of config and status */
bool heard(void); /* Is there a message in our node's buffer? */
/* Print the next message (it is there), or the next packet, for people or as JSON. */
enum result incoming_message(void);
enum result incoming_data(void);
void dump(const unsigned char *data, size_t len);

/* ---- errors.c */
/* What a command was about; members may be NULL. */
struct about {
	const char *command, *path, *hook, *peerpath, *peerhook, *type, *name;
	bool question; /* it was asked for by ngu_client_ask() */
};
/* warn(what) as FreeBSD's ngctl prints it, then a second line that says what that means here. Keeps errno. CMD_ERROR. */
enum result failed(const char *what, const struct about *a);
/* A message's arguments could not be read: show them with a caret. */
void show_place(FILE *f, const char *text, size_t off);
const char *errno_name(int error);

/* ---- json.c: one document, to standard output. */
void json_begin(void);
void json_end(void); /* ends the line, too */
/* `key` is NULL in arrays. */
void json_object(const char *key);
void json_array(const char *key);
void json_close(void);
void json_str(const char *key, const char *value); /* NULL: null */
void json_num(const char *key, long long value);
void json_bool(const char *key, bool value);
void json_hex(const char *key, const unsigned char *data, size_t len);
void json_node(const char *key, const struct nodeinfo *n); /* an object, left open */

/* ---- util.c */
/* The next option letter of av[1...] (one of `letters`), 0 at the end, -1 unknown. *ac, *av move on: av[0] becomes the last word read. */
int option(int *ac, char ***av, const char *letters);
void *need(void *p); /* p, or end the program: no memory */
char *joined(int ac, char **av); /* with single blanks; for free() */

/* ---- change.c: lists of changes as text, in the form of <ng/apply.h> */
void change_words(FILE *f, const char *const *words); /* each with a blank before it, quoted where need be */
char *change_line(const char *verb, char *const *words); /* for free() */

/* ---- prompt.c */
enum result prompt_loop(void);

/* ---- complete.c */
struct words {
	char **word;
	size_t n, room;
};
/* What the last word of `line` may become; each whole, sorted. Errors of the graph leave things out. */
void complete(const char *line, struct words *out);
void words_add(struct words *w, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
void words_free(struct words *w);

/* Shared by list and show. */
void node_line(const struct nodeinfo *n);
enum result show_node(const char *command, const char *path, bool hooks);

#endif /* NGCTL_H */
