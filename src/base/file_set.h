// Files that belong together: a certificate, its key, its PKCS#12.
#pragma once

#include <span>
#include <string_view>

#include "base/file.h"

namespace symbolon {

struct NewFile {
  Path path;
  std::string_view content;  // borrowed
  unsigned mode = 0644;      // exact, whatever the umask
};

// All of them, or everything stays as it was: all are written beside their places first, then put there one by one;
// when one cannot be, those before it are taken back, and what they replaced returns. (Who ends the process between two
// renames can still leave some new and some old; none is ever half.) Fails as write_file.
Status write_files(std::span<const NewFile> files, Existing existing);

}  // namespace symbolon
