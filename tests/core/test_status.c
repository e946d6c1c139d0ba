#include "check.h"
#include "../../src/core/status.h"

#include <string.h>

static void test_fail_fills_the_record(void)
{
    oss_error err = OSS_ERROR_INIT;
    CHECK(oss_fail(&err, OSS_EINVAL, 6, "`right` must be %s", "positive") == OSS_EINVAL);
    CHECK(err.code == OSS_EINVAL && err.index == 6);
    CHECK(strcmp(err.text, "`right` must be positive") == 0);
    CHECK(oss_fail(NULL, OSS_ECANCEL, 0, "unread") == OSS_ECANCEL);
}

static void test_long_text_is_cut(void)
{
    oss_error err = OSS_ERROR_INIT;
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    oss_fail(&err, OSS_EINVAL, OSS_NO_INDEX, "%s", text);
    CHECK(strlen(err.text) == sizeof err.text - 1);
}

static void test_allocation_fails_on_request(void)
{
    (void) oss_fail_allocation(2);
    void *first = oss_calloc(3, 8), *second = oss_calloc(3, 8), *third = oss_calloc(0, 8);
    CHECK(first && !second && third);
    CHECK(oss_fail_allocation(0) == 3);
    oss_free(first);
    oss_free(second);
    oss_free(third);
    void *huge = oss_calloc(SIZE_MAX / 2, 16);
    CHECK(huge == NULL);
    oss_free(huge);
}

static int stop_after_half(void *context, double fraction)
{
    (void) context;
    return fraction > 0.5;
}

static void test_hook(void)
{
    const oss_hook hook = { stop_after_half, NULL };
    CHECK(!oss_stopped(NULL, 1));
    CHECK(!oss_stopped(&hook, 0.5));
    CHECK(oss_stopped(&hook, 0.6));
}

int main(void)
{
    test_fail_fills_the_record();
    test_long_text_is_cut();
    test_allocation_fails_on_request();
    test_hook();
    return check_report();
}
