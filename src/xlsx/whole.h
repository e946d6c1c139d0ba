#ifndef OSS_WHOLE_H
#define OSS_WHOLE_H

#include "../core/status.h"

/* Is the workbook at `path` whole? The library collects each part in a temporary file and does not
 * notice when the disk there is full: the archive is then in order, but a part of it ends early.
 * Unpacks every part and looks whether it ends with its root element. OSS_EIO if not. Takes about a
 * twentieth of the time that writing took. */
oss_status oss_workbook_is_whole(const char *path, oss_error *err) OSS_CHECKED;

#endif
