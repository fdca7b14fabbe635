// One page of memory for secrets that live long: never swapped out where the system allows that, never dumped, not
// there in a child process, wiped before it is given back.
#pragma once

#include <cstdint>
#include <span>

namespace symbolon::crypto {

class LockedPage {
 public:
  static constexpr std::size_t kSize = 4096;  // octets

  LockedPage();  // all zeros; throws std::bad_alloc
  LockedPage(const LockedPage&) = delete;
  LockedPage& operator=(const LockedPage&) = delete;
  ~LockedPage();

  std::span<std::uint8_t, kSize> octets() const { return std::span<std::uint8_t, kSize>(octets_, kSize); }
  bool locked() const { return locked_; }  // false: the system did not lock it

 private:
  std::uint8_t* octets_;
  bool locked_;
};

}  // namespace symbolon::crypto
