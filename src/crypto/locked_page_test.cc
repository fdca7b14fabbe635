#include "crypto/locked_page.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

namespace symbolon::crypto {
namespace {

// What the kernel says about the mapping.
std::string flags_of(const void* page) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(page);
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) here = begin <= wanted && wanted < end;
    if (here && line.starts_with("VmFlags:")) return line;
  }
  return {};
}

TEST(LockedPage, IsEmptyLockedAndNotDumped) {
  const LockedPage page;
  EXPECT_TRUE(std::ranges::all_of(page.octets(), [](std::uint8_t octet) { return octet == 0; }));
  const std::string flags = flags_of(page.octets().data());
  EXPECT_NE(flags.find(" dd"), std::string::npos) << flags;
#ifndef SYMBOLON_SANITIZED  // whose runtimes leave mlock undone
  EXPECT_EQ(flags.find(" lo") != std::string::npos, page.locked()) << flags;
#endif
}

TEST(LockedPage, IsNotThereInAChild) {
  const LockedPage page;
  std::ranges::fill(page.octets(), std::uint8_t{0x5a});
  const pid_t child = fork();
  if (child == 0) _exit(std::ranges::find(page.octets(), 0x5a) == page.octets().end() ? 0 : 1);
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(page.octets()[0], 0x5a);
}

}  // namespace
}  // namespace symbolon::crypto
