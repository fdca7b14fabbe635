// The way between memory of the TLS library and a socket: bounded in time and octets, and what came before a reset is
// read all the same.
#pragma once

#include <openssl/bio.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace symbolon::tls {

class MisuseSocket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Input : std::uint8_t { octets, end, reset, late, flood };

  MisuseSocket(int descriptor, std::size_t most) : descriptor_(descriptor), left_(most) {}

  bool prepare() const;  // nonblocking
  // Waits for octets and hands them to `into`.
  Input receive(BIO* into, Time deadline);
  // Everything that waits in `from`. A failed write is no end: what the peer said before may still wait to be read.
  void flush(BIO* from, Time deadline);
  const std::string& words() const { return words_; }

 private:
  bool wait(short events, Time deadline) const;

  int descriptor_;
  std::size_t left_;
  bool write_broken_ = false;
  std::string words_;
};

}  // namespace symbolon::tls
