/* The scanner once more, as a processor without our vector instructions gets it. */
#define JSON_PORTABLE
#define json_scan portable_scan
#define json_scan_begun portable_scan_begun
#define json_object_free portable_object_free
#define json_fault_name portable_fault_name
#define json_next_element portable_next_element
#define json_next_member portable_next_member
#include "../../lib/json_scan.c"
