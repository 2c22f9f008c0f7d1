/*
 * produce BROKERS TOPIC < FRAMES: messages of any bytes, as no line-oriented producer can send them. A frame is a line of fields with one
 * blank between: KIND EXPECT PARTITION[@MILLISECONDS] KEY PAYLOAD [NAME=VALUE]... (the first two are for input.pl; the message's own time is
 * now if none is given). Bytes are in hex; `-` is null, `.` is empty. Ends with 0 only if all arrived, in the order of the lines within a
 * partition.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long delivered;

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *format, ...)
{
	va_list args;

	fputs("produce: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	(void)opaque;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		die("not delivered: %s", rd_kafka_err2str(m->err));
	delivered++;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	die("'%c' is no hex digit", c);
}

/* In place. NULL for null. */
static void *bytes(char *hex, size_t *n)
{
	*n = 0;
	if (strcmp(hex, "-") == 0)
		return NULL;
	if (strcmp(hex, ".") == 0)
		return hex;
	for (; hex[2 * *n] != '\0'; ++*n)
		hex[*n] = (char)(digit(hex[2 * *n]) << 4 | digit(hex[2 * *n + 1]));
	return hex;
}

static rd_kafka_headers_t *read_headers(char **rest)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
	char *field;

	while ((field = strsep(rest, " ")) != NULL) {
		char *value = strchr(field, '=');
		size_t n, length;

		if (value == NULL)
			die("'%s' is not NAME=VALUE", field);
		*value++ = '\0';
		void *name = bytes(field, &n), *content = bytes(value, &length);
		rd_kafka_header_add(headers, name, (ssize_t)n, content, (ssize_t)length);
	}
	return headers;
}

static void send_frame(rd_kafka_t *rk, const char *topic, char *line)
{
	char *rest = line;
	rd_kafka_resp_err_t err;
	size_t key_length, length;

	(void)strsep(&rest, " ");
	(void)strsep(&rest, " ");
	char *partition = strsep(&rest, " "), *key_hex = strsep(&rest, " "), *payload_hex = strsep(&rest, " ");
	if (payload_hex == NULL)
		die("a frame has five fields or more");
	const char *at = partition != NULL ? strchr(partition, '@') : NULL;
	int64_t time = at != NULL ? atoll(at + 1) : 0;
	void *key = bytes(key_hex, &key_length), *payload = bytes(payload_hex, &length);
	rd_kafka_headers_t *headers = read_headers(&rest);
	while ((err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(atoi(partition)),
	                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(payload, length),
	                                RD_KAFKA_V_KEY(key, key_length), RD_KAFKA_V_HEADERS(headers),
	                                RD_KAFKA_V_TIMESTAMP(time), RD_KAFKA_V_END)) ==
	       RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(rk, 100);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		die("%s", rd_kafka_err2str(err));
	rd_kafka_poll(rk, 0);
}

int main(int argc, char **argv)
{
	const char *const settings[][2] = {{"enable.idempotence", "true"}, {"message.max.bytes", "5242880"}, {"linger.ms", "5"}};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512], *line = NULL;
	size_t room = 0;
	ssize_t n;
	long sent = 0;

	if (argc != 3)
		die("produce BROKERS TOPIC < FRAMES");
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why) != RD_KAFKA_CONF_OK)
			die("%s", why);
	if (rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof why) != RD_KAFKA_CONF_OK)
		die("%s", why);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (rk == NULL)
		die("%s", why);
	while (errno = 0, (n = getline(&line, &room, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		send_frame(rk, argv[2], line);
		sent++;
	}
	if (errno != 0)
		die("stdin: %s", strerror(errno));
	rd_kafka_flush(rk, 60000);
	if (delivered != sent)
		die("%ld of %ld messages were not confirmed", sent - delivered, sent);
	rd_kafka_destroy(rk);
	free(line);
	return 0;
}
