// The report as a page: one file that holds all that it needs, runs nothing and fetches nothing, and says so to the
// browser (Content-Security-Policy).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "check/report.h"

namespace symbolon::check {

// HTML 5, UTF-8. All that came from the network or a certificate stands in it as text. Bounded by what is shown.
std::string to_html(const Observation& observation, const Report& report);

// Is this a place for the page: nothing, an empty file, or a page (most likely the last report)? Fails with usage, so
// that a mistyped name costs no key.
Status may_write_page(const Path& path);

// Readable by all, whole or not at all. Fails with file_unwritable.
Status write_page(const Path& path, std::string_view page);

}  // namespace symbolon::check
