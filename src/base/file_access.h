// How files are opened in a process that may not open them itself, and what the service manager hands over as files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/file.h"

namespace symbolon {

// A credential of this name that systemd gave (systemd.exec(5): a file in $CREDENTIALS_DIRECTORY). None: it did not.
std::optional<Path> credential_file(std::string_view name);

enum class OpenFor : std::uint8_t { reading, appending };

// `opener` is asked whenever the system refuses to open a file (EACCES): it gives a descriptor, or -errno. Once, before
// there are threads.
using FileOpener = std::function<int(const Path&, OpenFor)>;
void open_files_through(FileOpener opener);

// A descriptor to read from, or to append to (made with mode 0600 if it is not there); -1: errno says why.
int open_file(const Path& path, OpenFor purpose);

}  // namespace symbolon
