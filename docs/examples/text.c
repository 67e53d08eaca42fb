/* docs/examples/text.c */
#include <netgraph/ng_parse.h>
#include <stdio.h>

/* The arguments of a message: how many rates there are, and the rates. */
struct rates {
	uint32_t n;
	uint32_t rate[8];
};

static int
rates_length(const struct ng_parse_type *type, const unsigned char *start, const unsigned char *buf)
{
	(void)type, (void)buf;
	return ((int)((const struct rates *)(const void *)start)->n); /* what precedes the array is there already */
}

static const struct ng_parse_array_info array_info = { &ng_parse_uint32_type, rates_length, NULL };
static const struct ng_parse_type array_type = { .supertype = &ng_parse_array_type, .info = &array_info };
static const struct ng_parse_struct_field rates_fields[] = {
	{ "n", &ng_parse_uint32_type, 0 },
	{ "rate", &array_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type rates_type = { .supertype = &ng_parse_struct_type, .info = &rates_fields };

int
main(void)
{
	struct {
		struct ng_msghdr header; /* precedes the arguments; says how long they are */
		struct rates args;
	} m = { .header = { .version = NG_VERSION } };
	int off = 0, len = sizeof(m.args), error;
	char text[100] = "";

	error = ng_parse(&rates_type, "{ rate=[ 64000 3=0x100 ] n=4 }", &off, (unsigned char *)&m.args, &len);
	m.header.arglen = (uint32_t)len;
	if (error == 0)
		error = ng_unparse(&rates_type, (unsigned char *)&m.args, text, sizeof(text));
	printf("error %d, %d bytes: %s\n", error, len, text); /* error 0, 20 bytes: { n=4 rate=[ 64000 3=256 ] } */
	return (error != 0);
}
