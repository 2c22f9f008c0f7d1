#include "../../pgload/fence.h"
#include "log.h"
#include "unit.h"

static struct fence fence;
static struct intake in;
static struct line_reader *reader;
static struct partition *partition;
static struct batch batch;

/* Hand the next line to the fence: `constant` is what a run's lines begin with, `rest` the remaining members of the
 * envelope. */
static enum fence_answer note(const char *run, const char *origin, int begin, const char *rest)
{
	static struct buf line;
	const char *why = NULL;
	size_t at;

	buf_clear(&line);
	buf_addf(&line,
	         "{\"_kafka\":{\"stream\":\"s\",\"topic\":\"t\",\"partition\":0,\"of\":4,"
	         "\"run\":\"%s\",\"origin\":\"%s\",\"begin\":%d,%s}}",
	         run, origin, begin, rest);
	in.line = buf_span(&line);
	assert_int_equal(json_scan(&in.object, in.line, &at), JSON_OK);
	assert_int_equal(envelope_read(&in.envelope, &in.object, &why), 0);
	partition = fence_find(&fence, &in, reader);
	assert_non_null(partition);
	return fence_note(&fence, &batch, partition, &in, reader);
}

/* What the writer does with the batch, without a server; it finds `position` stored. */
static void commit(int64_t position)
{
	fence_seal(&batch);
	fence_take_claims(&batch);
	for (size_t i = 0; i < batch.claims; i++)
		batch.claim[i].position = position;
	fence_count(&batch);
	fence_committed(&batch);
	batch_clear(&batch);
}

static int setup(void **state)
{
	(void)state;
	memset(&in, 0, sizeof(in));
	fence_init(&fence, "target", NULL);
	reader = line_reader_new(STDIN_FILENO, "-", LINE_MAX_DEFAULT, -1, (struct line_hooks){0});
	log_set(false, LEVEL_ERROR);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fence_free(&fence);
	batch_free(&batch);
	intake_free(&in);
	line_reader_free(reader);
	return 0;
}

static void segments(void **state)
{
	struct partition *p;

	(void)state;
	assert_int_equal(note("a", "beginning", 0, "\"event\":\"assigned\",\"from\":0,\"low\":0,\"cluster\":\"c\""),
	                 FENCE_SKIP);
	assert_int_equal(batch.claims, 1);
	assert_int_equal(batch.claim[0].end, -1);
	assert_string_equal(batch.claim[0].cluster, "c");
	assert_int_equal(note("a", "beginning", 0, "\"offset\":0,\"ts\":1"), FENCE_TAKE);
	assert_int_equal(note("a", "beginning", 0, "\"offset\":2,\"ts\":1"), FENCE_TAKE);
	p = partition;
	assert_int_equal(batch.claims, 1);
	assert_int_equal(batch.claim[0].end, 3);
	/* another run of the same partition: what there is must be stored first */
	assert_int_equal(note("b", "resume", 3, "\"offset\":3,\"ts\":1"), FENCE_CUT);
	commit(0);
	assert_int_equal(p->have, 3);
	assert_false(p->first);
	assert_true(p->satisfied);
	/* the writer learns of the next segment from the batch */
	assert_int_equal(note("b", "resume", 3, "\"offset\":3,\"ts\":1"), FENCE_TAKE);
	assert_int_equal(batch.claim[0].begin, 3);
	assert_true(batch.claim[0].resume);
	fence_take_claims(&batch);
	assert_int_equal(p->have, 3);
	assert_true(p->first);
	assert_false(p->satisfied);
	assert_true(p->seen);
	/* and takes it for the same one when the transaction is run again */
	fence_committed(&batch);
	fence_take_claims(&batch);
	assert_false(p->first);
	assert_int_equal(p->have, 4);
}

static void order(void **state)
{
	(void)state;
	assert_int_equal(note("a", "beginning", 0, "\"offset\":5,\"ts\":1"), FENCE_TAKE);
	commit(0);
	/* also behind a commit */
	assert_int_equal(note("a", "beginning", 0, "\"offset\":5,\"ts\":1"), FENCE_BREAK);
	assert_int_equal(note("a", "beginning", 0, "\"offset\":4,\"ts\":1"), FENCE_BREAK);
	assert_int_equal(note("a", "beginning", 0, "\"offset\":6,\"ts\":1"), FENCE_TAKE);
	assert_int_equal(note("a", "beginning", 0, "\"event\":\"end\",\"next\":20"), FENCE_SKIP);
	assert_int_equal(note("a", "beginning", 0, "\"offset\":19,\"ts\":1"), FENCE_BREAK);
	assert_int_equal(note("a", "beginning", 0, "\"offset\":20,\"ts\":1"), FENCE_TAKE);
	/* a changed envelope is refused, but does not break the stream */
	assert_int_equal(note("a", "beginning", 1, "\"offset\":21,\"ts\":1"), FENCE_STOP);
}

static void warm(void **state)
{
	(void)state;
	assert_int_equal(note("a", "resume", 10, "\"offset\":8,\"ts\":1,\"warm\":true"), FENCE_SKIP);
	assert_int_equal(batch.claims, 0);
	assert_int_equal(note("a", "resume", 10, "\"offset\":9,\"ts\":1"), FENCE_STOP);
	assert_int_equal(note("a", "resume", 10, "\"offset\":10,\"ts\":1,\"warm\":true"), FENCE_STOP);
	assert_int_equal(note("a", "resume", 10, "\"offset\":10,\"ts\":1"), FENCE_TAKE);
}

static void counting(void **state)
{
	struct claim *c;
	static const uint8_t verdicts[] = {VERDICT_SKIPPED, VERDICT_ROW, VERDICT_DUPLICATE, VERDICT_DEAD, VERDICT_LABEL,
	                                   VERDICT_ROW};

	(void)state;
	for (int64_t i = 0; i < 6; i++) {
		char rest[64];
		struct record *r;

		snprintf(rest, sizeof(rest), "\"offset\":%d,\"ts\":%d", (int)i * 2, 100 + (int)i);
		assert_int_equal(note("a", "beginning", 0, rest), FENCE_TAKE);
		r = batch_add(&batch, SINK_TABLE);
		r->partition = partition;
		r->offset = i * 2;
		r->ts = 100 + i;
		r->verdict = verdicts[i];
	}
	fence_take_claims(&batch);
	c = partition->claim;
	c->position = 1;
	fence_count(&batch);
	assert_int_equal(c->next, 11);
	assert_int_equal(c->rows, 2);
	assert_int_equal(c->duplicates, 1);
	assert_int_equal(c->dead_letters, 1);
	assert_int_equal(c->labels, 1);
	assert_int_equal(c->skipped, 1);
	assert_int_equal(c->last_offset, 10);
	assert_int_equal(c->last_ts, 105);
	/* another writer was faster: the position stays where it is */
	c->position = 50;
	fence_count(&batch);
	assert_int_equal(c->next, 50);
}

static void gaps(void **state)
{
	static const char *const bad[] = {"", "t", "t/0", "t/0:1", "t/0:5-5", "t/0:6-5", "t/x:1-2", "/0:1-2", "t/-1:1-2",
	                                  "t/0:-1-2", "t/0:1-2x"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(fence_accept_gap(&fence, bad[i]), -1);
	assert_int_equal(fence_accept_gap(&fence, "a-topic.x/3:200-500"), 0);
	assert_string_equal(fence.gap[0].topic, "a-topic.x");
	assert_int_equal(fence.gap[0].partition, 3);
	assert_int_equal(fence.gap[0].from, 200);
	assert_int_equal(fence.gap[0].to, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(segments, setup, teardown),
	    cmocka_unit_test_setup_teardown(order, setup, teardown),
	    cmocka_unit_test_setup_teardown(warm, setup, teardown),
	    cmocka_unit_test_setup_teardown(counting, setup, teardown),
	    cmocka_unit_test_setup_teardown(gaps, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
