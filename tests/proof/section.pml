/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * section.pml - the membarrier path of lib/reclaim/section.h, for Spin: a reader shows nodes in its slots and loads their gates
 * without a fence; a closer has that fence executed for it.
 *
 * A reader's stores go into its store buffer, a channel, and reach memory one by one whenever its flusher likes: total store order.
 * Loads come from memory (a reader loads no word that could be in its buffer). An exchange empties the buffer. The membarrier
 * empties one reader's buffer after the other's, with anything in between.
 *
 * Each of READERS readers opens a section ROUNDS times and passes node A on its way to node N, in slots 0 and 1, then goes to N
 * directly, in slot 0. The closer wants N TURNS times: it sets W, waits as gate_wait() in lib/core/turn.c does, its patience ending
 * whenever it likes, is alone, clears W. Nobody may be in N beside it, and everybody must come to an end.
 *
 * Seeded twins; each must give an error:
 *   -DNOMB  no membarrier                  -DEARLY  slots are looked at before the membarrier, not after it
 *   -DSWAP  the gate is loaded before the slot is shown (as if there were no compiler fence)
 *   -DFLAT  the closer looks at slot 0 only
 */
#ifndef READERS
#define READERS 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef TURNS
#define TURNS 2
#endif
#define A 1
#define N 2
#define SEC 0
#define DEPTH 1
#define SLOT 2 /* and 3 */

typedef thread { byte word[4] } /* sec, depth, two slots, as memory has them */
thread t[READERS];
chan buf[READERS] = [5] of { byte, byte }; /* which word, its value */
bool w;		/* bit W of N's gate; A's is never closed */
byte inside;	/* readers in N: as it is, not as anybody sees it */
bool alone;	/* the closer is in N */

inline drain(i)
{
	do
	:: len(buf[i]) != 0 -> buf[i] ? at, val; t[i].word[at] = val
	:: else -> break
	od;
	at = 0;
	val = 0
}

proctype flusher(byte i)
{
	byte at, val;

end:	do
	:: atomic { len(buf[i]) != 0 -> buf[i] ? at, val; t[i].word[at] = val; at = 0; val = 0 }
	od
}

inline show_slot(i, d, node)
{
	buf[i] ! SLOT + d, node;
	buf[i] ! DEPTH, d + 1
}

inline visit(i, d)
{
#ifdef SWAP
	busy = w;
	show_slot(i, d, N);
#else
	show_slot(i, d, N);
	busy = w;
#endif
	if
	:: !busy ->
		d_step { inside++; assert(!alone) };
		d_step { inside--; assert(!alone) }
	:: else
	fi;
	busy = false;
	buf[i] ! DEPTH, d
}

proctype reader(byte i)
{
	byte round, sec, at, val;
	bool busy;

	do
	:: round < ROUNDS ->
		sec++;
		atomic { drain(i); t[i].word[SEC] = sec }; /* exchange */
		show_slot(i, 0, A);
		visit(i, 1);
		buf[i] ! DEPTH, 0;
		visit(i, 0);
		sec++;
		buf[i] ! SEC, sec;
		round++
	:: else -> break
	od
}

inline look(i)
{
	d = t[i].word[DEPTH];
	named = (d > 0 && t[i].word[SLOT] == N);
#ifndef FLAT
	if
	:: d > 1 && !named -> named = (t[i].word[SLOT + 1] == N)
	:: else
	fi;
#endif
	d = 0
}

proctype closer()
{
	byte turn, i, j, mark, at, val, d;
	bool fenced, named;

	do
	:: turn < TURNS ->
		w = true; /* compare and swap: no store of this thread is on its way */
		fenced = false;
		i = 0;
		do
		:: i < READERS ->
			mark = t[i].word[SEC];
			do
			:: mark % 2 == 0 || t[i].word[SEC] != mark -> break
			:: mark % 2 == 1 && !fenced -> /* out of patience */
#ifdef EARLY
				look(i);
#endif
#ifndef NOMB
				j = 0;
				do
				:: j < READERS -> atomic { drain(j); j++ }
				:: else -> break
				od;
#endif
				fenced = true
			:: mark % 2 == 1 && fenced ->
#ifndef EARLY
				look(i);
#endif
				if
				:: !named -> break
				:: named && t[i].word[SEC] != mark -> break
				:: else
				fi
			od;
			named = false;
			mark = 0;
			i++
		:: else -> break
		od;
		turn++;
		d_step { assert(inside == 0); alone = true };
		d_step { assert(inside == 0); alone = false };
		w = false
	:: else -> break
	od
}

init {
	byte i;

	atomic {
		do
		:: i < READERS -> run flusher(i); run reader(i); i++
		:: else -> break
		od;
		run closer()
	}
}
