// For tests: foreign programs (openssl, certtool, keytool, ...) and a folder of one's own.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace symbolon::x509::testing {

struct Outcome {
  int status = -1;     // exit status
  std::string output;  // standard output and error
  bool holds(std::string_view text) const { return output.find(text) != std::string::npos; }
};

inline Outcome run(const std::string& command) {
  Outcome out;
  std::FILE* const pipe = popen(("(" + command + ") 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> buffer;
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    out.output.append(buffer.data(), n);
  }
  const int status = pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

// For openssl: names as "O=Example, CN=web", which only newer versions write by themselves.
inline constexpr std::string_view kNameStyle = "-nameopt oneline,-space_eq";

// The command must succeed; its output.
inline std::string must(const std::string& command) {
  Outcome outcome = run(command);
  EXPECT_EQ(outcome.status, 0) << command << "\n" << outcome.output;
  return std::move(outcome.output);
}

// A new folder, removed at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "symbolon.XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  // Writes a file and gives its path.
  std::string put(std::string_view name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this / name;
  }
  std::string put(std::string_view name, ByteView content) const { return put(name, as_text(content)); }
  std::string get(std::string_view name) const {
    std::ostringstream out;
    out << std::ifstream(path_ / name, std::ios::binary).rdbuf();
    return out.str();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace symbolon::x509::testing
