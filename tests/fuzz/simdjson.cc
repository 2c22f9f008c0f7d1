// The second oracle: does simdjson take this text? Built only where the library is installed, and without sanitizers: it is not what is tested.
#include <simdjson.h>

extern "C" int simdjson_takes(const char *text, size_t size);

int simdjson_takes(const char *text, size_t size)
{
	static simdjson::dom::parser parser;
	simdjson::padded_string padded(text, size);
	simdjson::error_code error = parser.parse(padded).error();

	switch (error) {
	case simdjson::SUCCESS:
		return 1;
	// ambiguous: a number that is malformed or too large, a string that is malformed or half a pair
	case simdjson::NUMBER_ERROR:
	case simdjson::STRING_ERROR:
	case simdjson::DEPTH_ERROR:
		return -1;
	default:
		return 0;
	}
}
