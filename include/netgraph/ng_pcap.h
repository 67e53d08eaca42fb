/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_pcap.h - node type "pcap": capture files as the ends of a graph. Packets of the file opened for reading leave by "out";
 * what arrives by "in" is written to the file opened for writing. Not in FreeBSD; needs libpcap.
 *
 * A replayed packet carries its recorded time (M_TSTMP, m_pkthdr.rcv_tstmp in nanoseconds), and a packet that carries one is
 * written with it, others with the wall clock: a file that is replayed into another one is the same file.
 */
#ifndef _NETGRAPH_NG_PCAP_H_
#define _NETGRAPH_NG_PCAP_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_PCAP_NODE_TYPE "pcap"
#define NGM_PCAP_COOKIE 1795312877

#define NG_PCAP_HOOK_OUT "out"
#define NG_PCAP_HOOK_IN "in"

#define NG_PCAP_PATHSIZ 1024 /* of a file name, the NUL included */

/*
 * NGM_PCAP_OPENREAD: open a file for replay, instead of the one that is open. EBUSY while a replay runs; the error of opening;
 * EINVAL not a capture file; ENODATA one without packets; EPROTONOSUPPORT an unknown link type; EIO cut off within its first
 * packet (with NG_PCAP_PRELOAD: anywhere); EFBIG (preload) over 4 GB; ENOMEM. After an error things are as before.
 */
struct ng_pcap_openread {
	uint32_t flags; /* NG_PCAP_PRELOAD */
	char path[NG_PCAP_PATHSIZ];
};
#define NG_PCAP_PRELOAD 0x1 /* read it all now; replay from memory */
#define NG_PCAP_OPENREAD_INFO \
	{ \
		{ "flags", &ng_parse_hint32_type, 0 }, { "path", &ng_pcap_path_type, 0 }, { NULL, NULL, 0 } \
	}

/*
 * NGM_PCAP_OPENWRITE: create (or empty) a file for writing, instead of the one that is open, which is completed first. The
 * error of opening; ENOSPC; EPROTONOSUPPORT an unknown link type; EINVAL. After an error the old file goes on.
 */
struct ng_pcap_openwrite {
	uint32_t snaplen;  /* bytes kept of a packet; 0: 262144, the most there is */
	uint32_t linktype; /* as libpcap's DLT_: 1 Ethernet, 12 or 14 raw IP (DLT_RAW of the system), 0 BSD loopback */
	uint32_t flags;	   /* NG_PCAP_NANO */
	char path[NG_PCAP_PATHSIZ];
};
#define NG_PCAP_NANO 0x1 /* times in nanoseconds instead of microseconds */
#define NG_PCAP_OPENWRITE_INFO \
	{ \
		{ "snaplen", &ng_parse_uint32_type, 0 }, { "linktype", &ng_parse_uint32_type, 0 }, \
		    { "flags", &ng_parse_hint32_type, 0 }, { "path", &ng_pcap_path_type, 0 }, { NULL, NULL, 0 } \
	}

/*
 * NGM_PCAP_START: replay from the beginning of the file. EBADF nothing is open; ENOTCONN "out" is not connected; EBUSY.
 *
 * Speed 0 is as fast as the graph takes them: in batches, between which others get their turn. Else packets leave by the
 * graph's clock, to the millisecond, at thousandths of the recorded speed. A new pass follows the last packet at once.
 */
struct ng_pcap_start {
	uint64_t count; /* stop after so many packets; 0: no limit */
	uint32_t loops; /* passes over the file; 0: for ever */
	uint32_t speed; /* NG_PCAP_SPEED_FULL, NG_PCAP_SPEED_RECORDED, or another number of thousandths */
	uint32_t batch; /* most packets in one go; 0: 64 */
};
#define NG_PCAP_SPEED_FULL 0
#define NG_PCAP_SPEED_RECORDED 1000
#define NG_PCAP_START_INFO \
	{ \
		{ "count", &ng_parse_uint64_type, 0 }, { "loops", &ng_parse_uint32_type, 0 }, \
		    { "speed", &ng_parse_uint32_type, 0 }, { "batch", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_PCAP_CLOSE: which file, or both. A replay that reads it stops; what waits is written. The error of completing the file. */
#define NG_PCAP_CLOSE_READ 0x1
#define NG_PCAP_CLOSE_WRITE 0x2
struct ng_pcap_close {
	uint32_t which;
};
#define NG_PCAP_CLOSE_INFO \
	{ \
		{ "which", &ng_parse_hint32_type, 0 }, { NULL, NULL, 0 } \
	}

/*
 * NGM_PCAP_GETSTATS. Written packets are complete in the file when the reply is made; whatever arrived by "in" is either written
 * or unwritten. Counts are of the node's life.
 */
struct ng_pcap_stats {
	uint64_t sent;	       /* packets replayed */
	uint64_t sentOctets;
	uint64_t refused;      /* ... of which the receiver returned an error */
	uint64_t loops;	       /* passes completed */
	uint64_t readErrors;   /* replays that ended at a damaged place of the file */
	uint64_t written;
	uint64_t writtenOctets;
	uint64_t unwritten;    /* arrived with no file open, or after writing had failed */
	uint32_t running;      /* a replay is on */
	uint32_t readError;    /* errno of the last of readErrors */
	uint32_t writeError;   /* errno that ended writing; 0 again with the next file */
	uint32_t linktype;     /* of the file open for reading */
};
#define NG_PCAP_STATS_INFO \
	{ \
		{ "sent", &ng_parse_uint64_type, 0 }, { "sentOctets", &ng_parse_uint64_type, 0 }, \
		    { "refused", &ng_parse_uint64_type, 0 }, { "loops", &ng_parse_uint64_type, 0 }, \
		    { "readErrors", &ng_parse_uint64_type, 0 }, { "written", &ng_parse_uint64_type, 0 }, \
		    { "writtenOctets", &ng_parse_uint64_type, 0 }, { "unwritten", &ng_parse_uint64_type, 0 }, \
		    { "running", &ng_parse_uint32_type, 0 }, { "readError", &ng_parse_uint32_type, 0 }, \
		    { "writeError", &ng_parse_uint32_type, 0 }, { "linktype", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_PCAP_OPENREAD = 1,	/* struct ng_pcap_openread */
	NGM_PCAP_OPENWRITE = 2, /* struct ng_pcap_openwrite */
	NGM_PCAP_START = 3,	/* struct ng_pcap_start */
	NGM_PCAP_STOP = 4,	/* also when nothing runs */
	NGM_PCAP_GETSTATS = 5 | NGM_READONLY | NGM_HASREPLY, /* reply: struct ng_pcap_stats */
	NGM_PCAP_CLOSE = 6	/* struct ng_pcap_close */
};

#endif /* _NETGRAPH_NG_PCAP_H_ */
